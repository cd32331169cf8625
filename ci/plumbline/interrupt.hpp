// Ctrl-C, SIGTERM and a terminal that goes away (SIGHUP) end a run with its partial result; a second one ends
// it at once.
#pragma once

namespace plumbline::program {

/// From here on these signals are noted instead of killing the program.
void note_interrupts();
/// The signal that asked the run to end, or 0.
int interrupted_by();

}  // namespace plumbline::program
