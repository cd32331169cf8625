// The verbs, each in a file of its name.  Each returns an exit code; bad_argument and cannot_run end a verb
// early.
#pragma once

#include "ci/plumbline/instrument.hpp"
#include "ci/plumbline/requests.hpp"

namespace plumbline::program {

int run_list(const instrument&, const list_request&);
int run_verify(const instrument&, const verify_request&);
int run_replay(const instrument&, const replay_request&);
int run_explain(const instrument&, const explain_request&);
int run_judge(const instrument&, const judge_request&);
int run_claims(const instrument&, const claims_request&);
int run_worker(const instrument&);
/// In the program alone, which knows the probes; reached through the instrument.
int run_probe(const instrument&, const probe_request&);

}  // namespace plumbline::program
