// Ctrl-C and SIGTERM end a run with its partial result; a second one ends it at once.
#pragma once

namespace plumbline::program {

/// From here on SIGINT and SIGTERM are noted instead of killing the program.
void note_interrupts();
/// The signal that asked the run to end, or 0.
int interrupted_by();

}  // namespace plumbline::program
