// What the help says beside the options: examples, what happens to results, exit codes.
#pragma once

#include <string>

namespace plumbline::program {

inline constexpr const char* exit_codes =
    "Exit codes\n"
    "  0  all pass\n"
    "  1  something failed, or is mistrusted because its check could not have failed\n"
    "  2  bad usage: one line names the argument and what was expected\n"
    "  3  could not run: no such device, a file of cases that is absent, unreadable or\n"
    "     no HDF5, a result that could not be written, nothing judged\n"
    "  129, 130, 143  ended by SIGHUP, Ctrl-C or SIGTERM; the partial result was printed\n"
    "     (a second one ends at once)\n";

inline constexpr const char* results_text =
    "A result FILE is tried before anything runs; its folder must exist. `-` is\n"
    "standard output (the text then goes to standard error). A pipe or a device is\n"
    "written to, a file is replaced as a whole.\n\n";

inline constexpr const char* about_program =
    "Plumbline decides whether an optimized kernel computes what its mathematics\n"
    "says: generated and recorded cases are run, held against a double-precision\n"
    "reference and judged by error budgets that follow from what a kernel promises.\n\n"
    "  plumbline verify                         every operator, 100 cases a row\n"
    "  plumbline verify --help                  the options of a verb\n";

inline constexpr const char* case_texts =
    "A case is one line of text, which rebuilds its inputs bit for bit anywhere:\n"
    "  plumbline1:OP.FUNCTION[/VARIANT]:key=value,...;regime=NAME;seed=N\n"
    "or a file of cases: FILE, FILE#/group or FILE#/group/case. Behind the seed a line\n"
    "may have ;executor=host|checked|gpu, ;schedule=reverse|random:N|starve:N\n"
    "(how threads take turns on host and checked) and ;os_threads=N. OP:key=value is\n"
    "short for the operator's first function. `plumbline list -v` explains regimes;\n"
    "the keys of a problem are its options, left out where they have their default.\n";

inline const std::string list_help =
    "Example\n  plumbline list --budgets\n\n"
    "Where the rows of --on cannot run here, they are listed as built; one line on\n"
    "standard error says so.\n";

inline const std::string verify_help =
    std::string(
        "Examples\n"
        "  plumbline verify flash_decode --cases 2000 --seed 1\n"
        "  plumbline verify flash_decode/split --dtype bf16 --report build/report/index.html\n\n"
        "A failing case is printed in full and saved under DIR/failures, then shrunk; the\n"
        "smallest replaces it, is replayed first by the next run, and moves to DIR/fixed\n"
        "once it passes. DIR counts from the current folder.\n\n"
        "Recorded cases are read from fixtures/recorded of the clone that the program was\n"
        "built in, or from the folder that the environment variable PLUMBLINE_RECORDED\n"
        "names.\n\n"
        "--baseline compares two runs of any seeds, row by row, each case with those of its\n"
        "regime and classes: how much of its budget it uses, and its errors beside the\n"
        "declared noise (rms). A rise that seeds explain in fewer than one run of a hundred\n"
        "is printed as RISE, exit 1. Runs of one seed draw the same cases: then each is held\n"
        "to itself, and smaller rises are seen.\n\n") +
    results_text + exit_codes;

inline const std::string replay_help =
    std::string(case_texts) +
    "\nExamples\n"
    "  plumbline replay 'flash_decode:b=2,cache_seqlens=70/3,capacity=128;seed=7'\n"
    "  plumbline replay build/plumbline/failures/*.h5 --outputs outputs.h5\n\n" +
    results_text + exit_codes;

inline const std::string explain_help =
    std::string(
        "Examples\n"
        "  plumbline explain build/plumbline/failures/*.h5\n"
        "  plumbline explain 'flash_decode/split:b=2,cache_seqlens=70/3,num_splits=2;seed=7'\n\n"
        "Runs the case on the host with the taps of the kernel open: scores, row maximum,\n"
        "row sum, partial output, partial log-sum-exp, combined output. Each stage is judged\n"
        "against the truth of what the kernel itself had before it, by the budget of its\n"
        "contract, so the first that fails is where the error is made. replay and verify say\n"
        "so too of a case that fails. Exit 0 when every stage and the case pass, else 1.\n\n") +
    results_text + exit_codes;

inline const std::string judge_help =
    std::string(
        "Example\n  plumbline judge outputs.h5 --contract bf16/tc25 --report judged.html\n\n"
        "A case of a function that is known and that cannot be read (wrong shape, unknown\n"
        "option, no contract, ...) fails with the reason. A group that no operator knows\n"
        "is listed as unsupported and changes the exit code only when nothing else was\n"
        "judged (3). Where two operators know a group, the attribute op says whose it is.\n\n") +
    results_text + exit_codes;

inline const std::string claims_help =
    std::string(
        "Examples\n"
        "  plumbline claims\n"
        "  plumbline claims S1 S4 --cases 200 --json claims.json\n\n"
        "A subject is the code as its author proposed it, in our words, judged by the laws\n"
        "of the function it belongs to. Verdicts: accepted; rejected, with the smallest\n"
        "counterexample found; conditional, with the condition; not_executable. What\n"
        "raises upstream is a refusal here. An accepted subject is also run with a fault\n"
        "planted in it: when that passes too, the verdict is mistrusted.\n"
        "Exit 0 when every verdict is the one on record, 1 when one is another.\n\n") +
    results_text + exit_codes;

inline const std::string bisect_help =
    std::string(
        "Examples\n"
        "  plumbline bisect --good v1.0 --bad HEAD --metric rms \\\n"
        "      --case 'flash_decode.attend/split:cache_seqlens=600,capacity=600;seed=7'\n"
        "  plumbline bisect --good 3f1c2ab --bad main --case failures/split.h5#/attend/case\n"
        "  plumbline bisect --clean\n\n"
        "--good, --bad and --case are needed for all but --clean.\n\n"
        "Inputs are made once and handed to every build as bits. A build only writes outputs\n"
        "(its replay --outputs); this program judges them, so that every commit is measured\n"
        "with one ruler. Drives git bisect run in a worktree under DIR/bisect, in which one\n"
        "build folder is kept; the repository is that of the current folder, and neither its\n"
        "files nor a bisection of your own are touched. What is not committed is not\n"
        "measured. A commit that does not build or lacks the variant is skipped (125). A\n"
        "number that differs from run to run is flaky: seen at an end it ends the run,\n"
        "elsewhere its commit is skipped when runs lie on both sides. A change that the\n"
        "rounding of outputs hides may leave rms as it was: --metric bits sees any output\n"
        "that changed.\n"
        "About log2(commits) + 2 builds: the first one takes minutes, a later one what its\n"
        "commit changed. Ended early, the same command goes on where it stood. --clean\n"
        "removes the worktree, as git knows it too, and all else under DIR/bisect; it takes\n"
        "no more than --out, and exits 3 while a bisection works there.\n\n"
        "Exit 0 when the first bad commit was found; 1 when there is none: the end points do\n"
        "not reproduce (lost the bug), the number is flaky, compiler or flags differ and no\n"
        "source does (toolchain, not commits), or only commits without a number are left; 3\n"
        "when an end gives no number.\n\n") +
    results_text + exit_codes;

inline const std::string probe_help =
    std::string(
        "Example\n  plumbline probe --on gpu --out probes.h5\n\n"
        "Inputs are fixed. Exit 0 when every answer is the one that the host's model gives,\n"
        "1 when one is another; kernels/host/tensor_core.md says what each probe is for.\n\n") +
    results_text + exit_codes;

}  // namespace plumbline::program
