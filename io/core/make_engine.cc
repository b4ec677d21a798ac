#include "io/core/make_engine.h"

#include <sodium.h>

#include <utility>

#include "io/base/entropy.h"
#include "io/driver/clock.h"

namespace kith::io {

Result<Engine> make_engine(Config config, Home& home, const RestoredState& restored,
                           Recording* recording) {
  config.device_name = home.device_name;
  Seed seed;
  fill_with_entropy(seed);
  const Instant now = monotonic_now();
  const std::int64_t unix_ms = wall_clock_ms();
  if (recording != nullptr) recording->started(now, {config, home.key, restored, seed, unix_ms});
  auto engine = Engine::make(config, home.key, restored, seed, now, unix_ms);
  sodium_memzero(seed.data(), seed.size());
  sodium_memzero(home.key.bytes.data(), home.key.bytes.size());
  return engine;
}

}  // namespace kith::io
