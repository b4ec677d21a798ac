#pragma once

#include "io/home/home.h"
#include "io/recording/recording.h"
#include "kith/engine.h"

namespace kith::io {

// The engine of a home, seeded by the system. Wipes the key from `home`. `recording`, if there is
// one, gets its start. Errors: as Engine::make.
Result<Engine> make_engine(Config config, Home& home, const RestoredState& restored,
                           Recording* recording);

}  // namespace kith::io
