// One clear line for every bad argument: which one, what was expected, what was there.
#include <boost/test/unit_test.hpp>

#include "tests/program_process.hpp"

BOOST_AUTO_TEST_SUITE(program_arguments)

BOOST_AUTO_TEST_CASE(bad_arguments_are_named_in_one_line_with_what_was_expected) {
  const struct {
    std::vector<std::string> arguments;
    std::string names, expects;
  } cases[] = {
      {{}, "VERB", "verify"},
      {{"frobnicate"},
       "VERB",
       "list, verify, replay, explain, judge, fixtures, bisect, claims or probe, got 'frobnicate'"},
      {{"explain"}, "CASE", "expected at least one"},
      {{"replay", "fake.sum/good:n=3;seed=1", "--taps"}, "--taps", "expected with --outputs FILE"},
      {{"replay", "fake.sum/godo:n=3"}, "CASE", "got 'godo'; did you mean 'good'?"},
      {{"fixtures"}, "fixtures", "expected record, check, regenerate, bless, diff or dump"},
      {{"fixtures", "chek"}, "fixtures", "expected record, check"},
      {{"fixtures", "record"}, "CASE", "expected at least one"},
      {{"fixtures", "record", "fake.sum/good:n=3;seed=1"}, "--to", "expected the file to record into"},
      {{"fixtures", "record", "fake.sum/good:n=3;seed=1", "--on", "moon"}, "--on", "host, checked or gpu"},
      {{"fixtures", "record", "fake.sum/good:n=3;seed=1", "--truth", "maybe"},
       "--truth",
       "yes or no, got 'maybe'"},
      {{"fixtures", "record", "raw.npz", "--option", "causal"}, "--option", "KEY=VALUE, got 'causal'"},
      {{"fixtures", "record", "raw.npz", "--option", "a=1", "--option", "a=2"},
       "--option",
       "each once, got a again"},
      {{"fixtures", "record", "raw.npz", "--dtype", "bf16", "--dtype", "f16"}, "--dtype", "each array once"},
      {{"fixtures", "record", "raw.npz", "--option", "contract=x"}, "--option", "got contract"},
      {{"fixtures", "record", "raw.npz", "--option", "=1"}, "--option", "KEY=VALUE, got '=1'"},
      {{"fixtures", "record", "raw.npz", "--dtype", "q=f17"}, "--dtype", "a number format"},
      {{"claims", "--cases", "0"}, "--cases", "from 1"},
      {{"probe", "--on", "checked"}, "--on", "gpu or host, got 'checked'"},
      {{"fixtures", "check", "--jbos", "2"}, "--jbos", "did you mean '--jobs'?"},
      {{"fixtures", "bless", "one.h5"}, "--reason", "in words"},
      {{"fixtures", "diff", "one.h5"}, "FILE", "expected 2 files"},
      {{"fixtures", "dump", "one.h5", "two.h5"}, "FILE", "expected 1 file"},
      {{"fixtures", "dump"}, "FILE", "expected 1 file"},
      {{"fixtures", "dump", "one.h5", "--values", "few"}, "--values", "whole number"},
      {{"verify", "--frobnicate"}, "--frobnicate", "no such option"},
      {{"verfiy"}, "VERB", "got 'verfiy'; did you mean 'verify'?"},
      {{"verify", "--sed", "1"}, "--sed", "did you mean '--seed'?"},
      {{"verify", "nosuch"}, "OP[/VARIANT]", "fake, OP.FUNCTION, or either with a /VARIANT"},
      {{"verify", "fake/nosuch"}, "OP[/VARIANT]", "fake, OP.FUNCTION"},
      {{"verify", "fake.sum/godo"}, "OP[/VARIANT]", "got 'fake.sum/godo'; did you mean 'fake.sum/good'?"},
      {{"verify", "fake.smu"}, "OP[/VARIANT]", "did you mean 'fake.sum'?"},
      {{"verify", "--cases", "0"}, "--cases", "from 1"},
      {{"verify", "--cases", "many"}, "--cases", "whole number"},
      {{"verify", "--cases", "5x"}, "--cases", "whole number"},
      {{"verify", "--cases"}, "--cases", "--help"},
      {{"verify", "--cases", "5", "--minutes", "1"}, "--minutes", "one of --cases and --minutes"},
      {{"verify", "--minutes", "-1"}, "--minutes", "above 0"},
      {{"verify", "--minutes", "nan"}, "--minutes", "above 0"},
      {{"verify", "--seed", "-1"}, "--seed", "whole number"},
      {{"verify", "--dtype", "f17"}, "--dtype", "bf16"},
      {{"verify", "--dtype", "bf61"}, "--dtype", "got 'bf61'; did you mean 'bf16'?"},
      {{"verify", "--regime", "plian"}, "--regime", "got 'plian'; did you mean 'plain'?"},
      {{"bisect"}, "--good", "expected a revision, got none"},
      {{"bisect", "--good", "a"}, "--bad", "expected a revision, got none"},
      {{"bisect", "--good", "a", "--bad", "b"}, "--case", "expected a line of text or FILE#/group/case"},
      {{"bisect", "--good", "a", "--bad", "b", "--case", "c"},
       "plumbline: current folder",
       "expected one of a git repository, got '"},
      {{"bisect", "--clean"}, "plumbline: current folder", "expected one of a git repository"},
      {{"verify", "--dtype", "e5m2"}, "--dtype", "expected one of f32, bf16"},
      {{"verify", "--regime", "nosuch"}, "--regime", "plain, odd"},
      {{"verify", "--shard", "3/2"}, "--shard", "I/N"},
      {{"verify", "--shard", "0/2"}, "--shard", "I/N"},
      {{"verify", "--shard", "1/"}, "--shard", "I/N"},
      {{"verify", "--on", "moon"}, "--on", "host, checked or gpu"},
      {{"verify", "--recorded", "maybe"}, "--recorded", "yes, no or only"},
      {{"verify", "--jobs", "0"}, "--jobs", "from 1"},
      {{"verify", "--case-timeout", "0"}, "--case-timeout", "above 0"},
      {{"replay"}, "CASE", "--help"},
      {{"judge"}, "FILE", "--help"},
      {{"--json"}, "VERB", "--help"},
      {{"list", "more"}, "list", "no further argument, got 'more'"},
      {{"judge", "a", "b"}, "judge", "no further argument, got 'b'"},
      {{"verify", "--seed", "1", "--seed", "2"}, "--seed", "expected once"},
      {{"verify", "--json", "--recorded", "no"}, "--json", "got the option '--recorded'"},
      {{"verify", "--dtype", ""}, "--dtype", "got an empty one"},
      {{"verify", "--regime", ""}, "--regime", "got an empty one"},
      {{"verify", "--shard", ""}, "--shard", "got an empty one"},
      {{"verify", "--json", ""}, "--json", "got an empty one"},
      {{"verify", "--report="}, "--report", "expected a value"},
      {{"verify", "--cases", ""}, "--cases", "got an empty one"},
      {{"verify", "--seed", ""}, "--seed", "got an empty one"},
      {{"verify", "--minutes", ""}, "--minutes", "got an empty one"},
      {{"verify", "--jobs", ""}, "--jobs", "got an empty one"},
      {{"verify", "--out", ""}, "--out", "got an empty one"},
      {{"verify", ""}, "ROW", "got an empty one"},
      {{"replay", "fake.sum:n=3", "--outputs", ""}, "--outputs", "got an empty one"},
      {{"judge", "f.h5", "--contract", ""}, "--contract", "got an empty one"},
      {{"verify", "--minutes", "1e10"}, "--minutes", "at most 525600"},
      {{"verify", "--case-timeout", "1e12"}, "--case-timeout", "at most 31536000"},
      {{"verify", "--dtype", "BF16"}, "--dtype", "expected one of f32, bf16, got 'BF16'"},
      {{"verify", "fake/wrong", "fake/good", "--dtype", "bf16"},
       "--dtype",
       "expected one of f32 for fake/wrong"},
      {{"replay", "fake.sum/good:n=3;seed=1;executor=mars"}, "executor", "host, checked or gpu, got 'mars'"},
      {{"replay", "plumbline99:fake.sum:n=3"}, "version", "plumbline1"},
      {{"replay", "plumbline1:fake.sum/nosuch:n=3"}, "CASE", "good"},
      {{"replay", "plumbline1:fake.nosuch:n=3"}, "operator", "fake.sum"},
      {{"replay", "plumbline1:fake.smu:n=3"}, "operator", "got 'fake.smu'; did you mean 'fake.sum'?"},
      {{"replay", "fkae:n=3"}, "operator", "got 'fkae'; did you mean 'fake'?"},
      {{"replay", "plumbline1:fake.sum/good:m=3"}, "m", "CASE"},
      {{"judge", "nosuch.h5", "--contract", "nosuch"}, "--contract", "f32/fake"},
      {{"worker"}, "worker", "by hand"},
  };
  const scratch_folder folder;
  for (const auto& c : cases) {
    const process_end end = run_program(c.arguments, folder.path());

    BOOST_TEST_CONTEXT((c.arguments.empty() ? "" : c.arguments.front())
                       << " " << c.names << ": " << end.err) {
      BOOST_TEST(end.code == 2);
      BOOST_TEST(has(end.err, c.names));
      BOOST_TEST(has(end.err, c.expects));
      BOOST_TEST(lines(end.err) == 1u);
      BOOST_TEST(end.out.empty());
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
