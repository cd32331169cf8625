#include "ci/plumbline/instrument.hpp"
#include "ci/plumbline/verbs.hpp"

int main(int argc, char** argv) {
  plumbline::program::instrument all;
  all.operations = plumbline::operations();
  all.make_executor = plumbline::make_executor;
  all.set_recorded_loader = plumbline::set_recorded_loader;
  all.probe = plumbline::program::run_probe;
  all.subjects = plumbline::program::upstream_subjects();
  all.proposals = plumbline::program::upstream_proposals();
  return plumbline::program::run_program(all, argc, argv);
}
