#include "ci/plumbline/interrupt.hpp"

#include <signal.h>
#include <unistd.h>

namespace plumbline::program {

namespace {

volatile sig_atomic_t noted = 0;

void note(int number) {
  if (noted) _exit(128 + number);
  noted = number;
}

}  // namespace

void note_interrupts() {
  struct sigaction action = {};
  action.sa_handler = note;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
  struct sigaction hangup = {};
  sigaction(SIGHUP, nullptr, &hangup);
  if (hangup.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);  // nohup stays nohup
}

int interrupted_by() { return noted; }

}  // namespace plumbline::program
