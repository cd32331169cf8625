#include "tests/program_fake_operation.hpp"

int main(int argc, char** argv) {
  return plumbline::program::run_program(plumbline::fake::world(), argc, argv);
}
