// PTX of wgmma for the GPU side, spelled by macros: the sizes, formats and register lists stand inside one
// string literal and one operand list.
//
// A list of 4 R registers is two lists of 2 R.  PLUMBLINE_WGMMA_N writes every pair of formats for one n.
#pragma once

// clang-format off
#define PLUMBLINE_NAMES_2 "%0,%1"
#define PLUMBLINE_NAMES_4 PLUMBLINE_NAMES_2 ",%2,%3"
#define PLUMBLINE_NAMES_8 PLUMBLINE_NAMES_4 \
    ",%4,%5,%6,%7"
#define PLUMBLINE_NAMES_16 PLUMBLINE_NAMES_8 \
    ",%8,%9,%10,%11,%12,%13,%14,%15"
#define PLUMBLINE_NAMES_32 PLUMBLINE_NAMES_16 \
    ",%16,%17,%18,%19,%20,%21,%22,%23,%24,%25,%26,%27,%28,%29,%30,%31"
#define PLUMBLINE_NAMES_64 PLUMBLINE_NAMES_32 \
    ",%32,%33,%34,%35,%36,%37,%38,%39,%40,%41,%42,%43,%44,%45,%46,%47" \
    ",%48,%49,%50,%51,%52,%53,%54,%55,%56,%57,%58,%59,%60,%61,%62,%63"
#define PLUMBLINE_NAMES_128 PLUMBLINE_NAMES_64 \
    ",%64,%65,%66,%67,%68,%69,%70,%71,%72,%73,%74,%75,%76,%77,%78,%79" \
    ",%80,%81,%82,%83,%84,%85,%86,%87,%88,%89,%90,%91,%92,%93,%94,%95" \
    ",%96,%97,%98,%99,%100,%101,%102,%103,%104,%105,%106,%107,%108,%109,%110,%111" \
    ",%112,%113,%114,%115,%116,%117,%118,%119,%120,%121,%122,%123,%124,%125,%126,%127"

#define PLUMBLINE_SUMS_2(C, I) C(d[I]), C(d[I + 1])
#define PLUMBLINE_SUMS_4(C, I) PLUMBLINE_SUMS_2(C, I), PLUMBLINE_SUMS_2(C, I + 2)
#define PLUMBLINE_SUMS_8(C, I) PLUMBLINE_SUMS_4(C, I), PLUMBLINE_SUMS_4(C, I + 4)
#define PLUMBLINE_SUMS_16(C, I) PLUMBLINE_SUMS_8(C, I), PLUMBLINE_SUMS_8(C, I + 8)
#define PLUMBLINE_SUMS_32(C, I) PLUMBLINE_SUMS_16(C, I), PLUMBLINE_SUMS_16(C, I + 16)
#define PLUMBLINE_SUMS_64(C, I) PLUMBLINE_SUMS_32(C, I), PLUMBLINE_SUMS_32(C, I + 32)
#define PLUMBLINE_SUMS_128(C, I) PLUMBLINE_SUMS_64(C, I), PLUMBLINE_SUMS_64(C, I + 64)

// Both operands in shared memory: inputs are numbered from the number of sums on.
#define PLUMBLINE_WGMMA_SHARED(R, C, P0, P1, P2, TEXT, TAIL, ...)                                  \
  asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, %" #P2 ", 0;\nwgmma.mma_async.sync.aligned." TEXT \
               " {" PLUMBLINE_NAMES_##R "}, %" #P0 ", %" #P1 ", p, 1, 1" TAIL ";\n}"               \
               : PLUMBLINE_SUMS_##R(C, 0)                                                          \
               : "l"(a), "l"(b), "r"(add ? 1 : 0) __VA_ARGS__)
// A in four registers.
#define PLUMBLINE_WGMMA_REGISTERS(R, C, P0, P1, P2, P3, P4, P5, TEXT, TAIL, ...)                   \
  asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, %" #P5 ", 0;\nwgmma.mma_async.sync.aligned." TEXT \
               " {" PLUMBLINE_NAMES_##R "}, {%" #P0 ",%" #P1 ",%" #P2 ",%" #P3 "}, %" #P4          \
               ", p, 1, 1" TAIL ";\n}"                                                             \
               : PLUMBLINE_SUMS_##R(C, 0)                                                          \
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(add ? 1 : 0) __VA_ARGS__)

// The numbers of the inputs behind R sums.
#define PLUMBLINE_WGMMA_S2(C, TEXT) PLUMBLINE_WGMMA_SHARED(2, C, 2, 3, 4, TEXT, "")
#define PLUMBLINE_WGMMA_ST2(C, TEXT) \
  PLUMBLINE_WGMMA_SHARED(2, C, 2, 3, 4, TEXT, ", %5, %6", , "n"(a_transposed), "n"(b_transposed))
#define PLUMBLINE_WGMMA_R2(C, TEXT) PLUMBLINE_WGMMA_REGISTERS(2, C, 2, 3, 4, 5, 6, 7, TEXT, "")
#define PLUMBLINE_WGMMA_RT2(C, TEXT) \
  PLUMBLINE_WGMMA_REGISTERS(2, C, 2, 3, 4, 5, 6, 7, TEXT, ", %8", , "n"(b_transposed))
#define PLUMBLINE_WGMMA_S4(C, TEXT) PLUMBLINE_WGMMA_SHARED(4, C, 4, 5, 6, TEXT, "")
#define PLUMBLINE_WGMMA_ST4(C, TEXT) \
  PLUMBLINE_WGMMA_SHARED(4, C, 4, 5, 6, TEXT, ", %7, %8", , "n"(a_transposed), "n"(b_transposed))
#define PLUMBLINE_WGMMA_R4(C, TEXT) PLUMBLINE_WGMMA_REGISTERS(4, C, 4, 5, 6, 7, 8, 9, TEXT, "")
#define PLUMBLINE_WGMMA_RT4(C, TEXT) \
  PLUMBLINE_WGMMA_REGISTERS(4, C, 4, 5, 6, 7, 8, 9, TEXT, ", %10", , "n"(b_transposed))
#define PLUMBLINE_WGMMA_S8(C, TEXT) PLUMBLINE_WGMMA_SHARED(8, C, 8, 9, 10, TEXT, "")
#define PLUMBLINE_WGMMA_ST8(C, TEXT) \
  PLUMBLINE_WGMMA_SHARED(8, C, 8, 9, 10, TEXT, ", %11, %12", , "n"(a_transposed), "n"(b_transposed))
#define PLUMBLINE_WGMMA_R8(C, TEXT) PLUMBLINE_WGMMA_REGISTERS(8, C, 8, 9, 10, 11, 12, 13, TEXT, "")
#define PLUMBLINE_WGMMA_RT8(C, TEXT) \
  PLUMBLINE_WGMMA_REGISTERS(8, C, 8, 9, 10, 11, 12, 13, TEXT, ", %14", , "n"(b_transposed))
#define PLUMBLINE_WGMMA_S16(C, TEXT) PLUMBLINE_WGMMA_SHARED(16, C, 16, 17, 18, TEXT, "")
#define PLUMBLINE_WGMMA_ST16(C, TEXT) \
  PLUMBLINE_WGMMA_SHARED(16, C, 16, 17, 18, TEXT, ", %19, %20", , "n"(a_transposed), "n"(b_transposed))
#define PLUMBLINE_WGMMA_R16(C, TEXT) PLUMBLINE_WGMMA_REGISTERS(16, C, 16, 17, 18, 19, 20, 21, TEXT, "")
#define PLUMBLINE_WGMMA_RT16(C, TEXT) \
  PLUMBLINE_WGMMA_REGISTERS(16, C, 16, 17, 18, 19, 20, 21, TEXT, ", %22", , "n"(b_transposed))
#define PLUMBLINE_WGMMA_S32(C, TEXT) PLUMBLINE_WGMMA_SHARED(32, C, 32, 33, 34, TEXT, "")
#define PLUMBLINE_WGMMA_ST32(C, TEXT) \
  PLUMBLINE_WGMMA_SHARED(32, C, 32, 33, 34, TEXT, ", %35, %36", , "n"(a_transposed), "n"(b_transposed))
#define PLUMBLINE_WGMMA_R32(C, TEXT) PLUMBLINE_WGMMA_REGISTERS(32, C, 32, 33, 34, 35, 36, 37, TEXT, "")
#define PLUMBLINE_WGMMA_RT32(C, TEXT) \
  PLUMBLINE_WGMMA_REGISTERS(32, C, 32, 33, 34, 35, 36, 37, TEXT, ", %38", , "n"(b_transposed))
#define PLUMBLINE_WGMMA_S64(C, TEXT) PLUMBLINE_WGMMA_SHARED(64, C, 64, 65, 66, TEXT, "")
#define PLUMBLINE_WGMMA_ST64(C, TEXT) \
  PLUMBLINE_WGMMA_SHARED(64, C, 64, 65, 66, TEXT, ", %67, %68", , "n"(a_transposed), "n"(b_transposed))
#define PLUMBLINE_WGMMA_R64(C, TEXT) PLUMBLINE_WGMMA_REGISTERS(64, C, 64, 65, 66, 67, 68, 69, TEXT, "")
#define PLUMBLINE_WGMMA_RT64(C, TEXT) \
  PLUMBLINE_WGMMA_REGISTERS(64, C, 64, 65, 66, 67, 68, 69, TEXT, ", %70", , "n"(b_transposed))
#define PLUMBLINE_WGMMA_S128(C, TEXT) PLUMBLINE_WGMMA_SHARED(128, C, 128, 129, 130, TEXT, "")
#define PLUMBLINE_WGMMA_ST128(C, TEXT) \
  PLUMBLINE_WGMMA_SHARED(128, C, 128, 129, 130, TEXT, ", %131, %132", , "n"(a_transposed), "n"(b_transposed))
#define PLUMBLINE_WGMMA_R128(C, TEXT) PLUMBLINE_WGMMA_REGISTERS(128, C, 128, 129, 130, 131, 132, 133, TEXT, "")
#define PLUMBLINE_WGMMA_RT128(C, TEXT) \
  PLUMBLINE_WGMMA_REGISTERS(128, C, 128, 129, 130, 131, 132, 133, TEXT, ", %134", , "n"(b_transposed))

// Every pair of formats for one n, with RF fp32 or RH packed f16 registers of sums; W is S or R.
#define PLUMBLINE_WGMMA_N(W, N, RF, RH)                                                            \
  if constexpr (Shape.n == N && Shape.sum == dtype::f32) {                                         \
    if constexpr (Shape.a == dtype::bf16)                                                          \
      PLUMBLINE_WGMMA_##W##T##RF("+f", "m64n" #N "k16.f32.bf16.bf16");                             \
    else if constexpr (Shape.a == dtype::f16)                                                      \
      PLUMBLINE_WGMMA_##W##T##RF("+f", "m64n" #N "k16.f32.f16.f16");                               \
    else if constexpr (Shape.a == dtype::tf32)                                                     \
      PLUMBLINE_WGMMA_##W##RF("+f", "m64n" #N "k8.f32.tf32.tf32");                                 \
    else if constexpr (Shape.a == dtype::e4m3 && Shape.b == dtype::e4m3)                           \
      PLUMBLINE_WGMMA_##W##RF("+f", "m64n" #N "k32.f32.e4m3.e4m3");                                \
    else if constexpr (Shape.a == dtype::e4m3)                                                     \
      PLUMBLINE_WGMMA_##W##RF("+f", "m64n" #N "k32.f32.e4m3.e5m2");                                \
    else if constexpr (Shape.b == dtype::e4m3)                                                     \
      PLUMBLINE_WGMMA_##W##RF("+f", "m64n" #N "k32.f32.e5m2.e4m3");                                \
    else                                                                                           \
      PLUMBLINE_WGMMA_##W##RF("+f", "m64n" #N "k32.f32.e5m2.e5m2");                                \
  } else if constexpr (Shape.n == N) {                                                             \
    if constexpr (Shape.a == dtype::f16)                                                           \
      PLUMBLINE_WGMMA_##W##T##RH("+r", "m64n" #N "k16.f16.f16.f16");                               \
    else if constexpr (Shape.a == dtype::e4m3 && Shape.b == dtype::e4m3)                           \
      PLUMBLINE_WGMMA_##W##RH("+r", "m64n" #N "k32.f16.e4m3.e4m3");                                \
    else if constexpr (Shape.a == dtype::e4m3)                                                     \
      PLUMBLINE_WGMMA_##W##RH("+r", "m64n" #N "k32.f16.e4m3.e5m2");                                \
    else if constexpr (Shape.b == dtype::e4m3)                                                     \
      PLUMBLINE_WGMMA_##W##RH("+r", "m64n" #N "k32.f16.e5m2.e4m3");                                \
    else                                                                                           \
      PLUMBLINE_WGMMA_##W##RH("+r", "m64n" #N "k32.f16.e5m2.e5m2");                                \
  }
#define PLUMBLINE_WGMMA_EVERY_N(W)    \
  PLUMBLINE_WGMMA_N(W, 8, 4, 2)       \
  PLUMBLINE_WGMMA_N(W, 16, 8, 4)      \
  PLUMBLINE_WGMMA_N(W, 32, 16, 8)     \
  PLUMBLINE_WGMMA_N(W, 64, 32, 16)    \
  PLUMBLINE_WGMMA_N(W, 128, 64, 32)   \
  PLUMBLINE_WGMMA_N(W, 256, 128, 64)
// clang-format on
