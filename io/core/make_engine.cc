#include "io/core/make_engine.h"

#include <sodium.h>

#include <utility>

#include "io/base/entropy.h"
#include "io/driver/clock.h"

namespace kith::io {

Result<Engine> make_engine(Config config, Home& home, const RestoredState& restored) {
  config.device_name = home.device_name;
  Seed seed;
  fill_with_entropy(seed);
  auto engine = Engine::make(config, home.key, restored, seed, monotonic_now(), wall_clock_ms());
  sodium_memzero(seed.data(), seed.size());
  sodium_memzero(home.key.bytes.data(), home.key.bytes.size());
  return engine;
}

}  // namespace kith::io
