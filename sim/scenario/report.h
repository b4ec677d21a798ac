#pragma once

// What a run came to. It holds nothing that differs between two runs of one seed: times on the wall
// and of the processor are the caller's to add.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "engine/crypto/blake3.h"
#include "engine/trace/recorder.h"
#include "kith/time.h"

namespace kith::sim {

// An expectation, or a violation (then it is never ok). `value` is for people: what was seen.
struct Finding {
  std::string name;
  bool ok = false;
  std::string value;
  bool open = false;  // not met, in a run that ended before it had to be

  bool failed() const { return !ok && !open; }
};

// When a checker saw a violation, and what the device did.
struct Sighting {
  std::string checker;
  Instant at;
  trace::DeviceIndex device = 0;
  std::string what;
};

struct Report {
  std::string scenario;
  std::uint64_t seed = 0;
  std::size_t devices = 0;
  Duration virtual_time{};
  std::uint64_t datagrams = 0;  // delivered to devices
  std::uint64_t events = 0;     // of the virtual clock
  Digest trace_hash;
  std::map<std::string, std::uint64_t> probes;  // what took effect, by name: fired.h
  std::vector<Finding> violations;              // only those there were
  std::vector<Finding> expectations;
  std::uint64_t violations_seen = 0;
  std::vector<Sighting> sightings;  // the first of each checker, ordered by when they were seen

  // No violation, and every expectation met or open.
  bool ok() const;
};

}  // namespace kith::sim
