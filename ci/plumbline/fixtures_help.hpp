// What the help of `plumbline fixtures` and of each of its verbs says beside the options.
#pragma once

namespace plumbline::program {

inline constexpr const char* fixtures_help =
    "Example\n"
    "  plumbline fixtures record 'conv1d.update:batch=2;seed=3' --to mine.h5\n"
    "  plumbline fixtures check mine.h5\n\n"
    "Each verb has its own --help, with examples. fixtures/README.md is the schema.\n\n";

inline constexpr const char* record_help =
    "Examples\n"
    "  plumbline fixtures record 'flash_decode:b=2,cache_seqlens=9/3;seed=7' --to a.h5\n"
    "  plumbline fixtures record build/plumbline/failures/one.h5 --to bugs.h5\n"
    "  plumbline fixtures record inputs.h5 --to mine.h5          real Q, K, V of your own\n"
    "  plumbline fixtures record qkv.npz --dtype bf16 --option causal=1 --to mine.h5\n"
    "\n"
    "Adds to a file and never replaces a case. The verdict is printed and kept, and a\n"
    "failing case is recorded too (exit 0); exits 1 when a case could not be run. Ended\n"
    "early, it has recorded nothing. Inputs alone, and a line without a variant, are\n"
    "recorded with every variant that takes them; equal inputs are kept once.\n"
    "\n"
    "Arrays of numpy.savez are named as the tensors of the call (q, k_cache, v_cache,\n"
    "...; README lists them); --option gives what is no tensor, function=NAME the group\n"
    "(attend unless given). numpy has no bf16: 16-bit integers and opaque bytes hold\n"
    "what --dtype says. Floats of 32 or 64 bits that hold numbers of a narrower format\n"
    "say so by name (--dtype q=bf16); a number that is none of the format's is refused,\n"
    "not rounded.\n"
    "\n";

inline constexpr const char* check_help =
    "Examples\n"
    "  plumbline fixtures check                                  fixtures/recorded\n"
    "  plumbline fixtures check mine.h5 --json check.json\n"
    "\n"
    "Exits 1 when a file was changed or damaged, is not sealed, draws other inputs than\n"
    "it holds, or a variant fails on it. Outputs of kernels whose sources have changed\n"
    "since are compared too; where they differ that is said and fails nothing. Exits 3\n"
    "on what is no HDF5, and where there is no file.\n"
    "\n";

inline constexpr const char* regenerate_help =
    "Example\n"
    "  plumbline fixtures regenerate a.h5                        writes a.h5.new.h5\n"
    "\n"
    "Inputs are drawn anew from each case's line and must be the same bits; truth must be\n"
    "the same within its own error. Outputs are those of today's kernels: what differs is\n"
    "shown, and nothing is replaced (bless does that).\n"
    "\n";

inline constexpr const char* bless_help =
    "Examples\n"
    "  plumbline fixtures bless a.h5 --with a.h5.new.h5 --reason 'merge in fp32'\n"
    "  plumbline fixtures bless theirs.h5 --reason 'made by hand'   seals it where it is\n"
    "\n"
    "Shows what differs and puts the new file in the place of the old in one rename. The\n"
    "reason stays in the file. Exits 1 when a case does not pass; refuses a new file that\n"
    "lacks a case of the old one.\n"
    "\n";

inline constexpr const char* diff_help =
    "Example\n"
    "  plumbline fixtures diff a.h5 a.h5.new.h5\n"
    "\n"
    "Says which cases and tensors differ, where and by how many ulp. Exits 0 when the\n"
    "files hold the same, 1 when not.\n"
    "\n";

inline constexpr const char* dump_help =
    "Examples\n"
    "  plumbline fixtures dump a.h5\n"
    "  plumbline fixtures dump 'a.h5#/attend/case' --values all\n"
    "  git config diff.plumbline.textconv 'plumbline fixtures dump --values all'\n"
    "\n"
    "Floats are printed in hex, so that the text says every bit; exits 3 on what is\n"
    "damaged, after what could be read.\n"
    "\n";

}  // namespace plumbline::program
