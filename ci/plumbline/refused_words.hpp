// Words of a command line that nobody can mean, each refused in one line of the same form: the argument, what
// was expected, what was there.  CLI11 would list everything it knows in one breath.
#pragma once

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace plumbline::program {

/// A first word that is no verb of the app, hidden ones included.  All of these throw bad_argument.
void refuse_unknown_verb(const CLI::App&, int argc, const char* const* argv);
/// Whatever CLI11 found wrong, in our words.
[[noreturn]] void refuse(const CLI::App&, const CLI::ParseError&);
/// An empty value is a shell variable that was not set; an option as a value is one that was forgotten.
void refuse_odd_values(const CLI::App& verb);
/// Words behind a verb that it does not take.
void refuse_unknown_options(const CLI::App& verb);

}  // namespace plumbline::program
