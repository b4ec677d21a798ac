#pragma once

// The command kith-sim, for programs that add workload of their own:
//
//   int main(int argc, char** argv) {
//     kith::sim::Handlers handlers = kith::sim::built_in_handlers();
//     handlers.protocols = {{"example/echo/1"}};
//     handlers.steps["echo"] = read_echo_step;
//     return kith::sim::main(argc, argv, handlers);
//   }
//
//   run SCENARIO --seed N [--json] [--until S]   SCENARIO is a path, or the name of one that ships
//     [--record-device DEVICE FILE]              records one of its devices, for replay
//     [--report FILE]                            writes an HTML page about the run
//     [--capsule FILE]                           writes the run, if it fails
//   expand SCENARIO --seed N                     what the seed makes of it, as a scenario
//   expand CAPSULE                               the scenario that it holds
//   swarm [SCENARIO] --seeds A-B [--json]        a world of its own for each seed, or one scenario
//     [--devices N] [--jobs N] [--time S]
//     [--capsules DIR] [--must-hit]
//   list [--json]                                the scenarios that ship
//   replay FILE [--json]                         executes a recording of `kith --record` again
//     --redact                                   prints a timeline without its secrets instead
//   replay CAPSULE [--until S] [--dump DEVICE]   runs a capsule again
//   shrink CAPSULE [--out FILE] [--time S]       makes a smaller one of it
// Exit codes: 0 clean, 1 a violation, a missed expectation or a divergence, 2 usage or a file that
// is refused, or something written was lost, 130 a swarm was stopped by a signal.

#include "sim/scenario/workload.h"

namespace kith::sim {

int main(int argc, char** argv, const Handlers& handlers);

}  // namespace kith::sim
