#pragma once

// The whole program but its main(): reads the command line, runs one command, reports.

#include "kith/io/effect_hook.h"

namespace kith::cli {

// Returns how the process exits. Throws nothing.
int run_program(int argc, const char* const* argv, io::EffectHook& effects = io::no_effect_hook);

}  // namespace kith::cli
