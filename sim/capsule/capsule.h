#pragma once

// A run that failed, as one file: what was run, and what came of it. schemas/capsule.md has the
// format. It does not own: files (capsule_file.h), running it (verdict.h).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/crypto/blake3.h"
#include "kith/bytes.h"
#include "kith/result.h"
#include "kith/time.h"

namespace kith::sim {

// Rises when a file of the old version would mean something else or nothing.
inline constexpr std::uint16_t kCapsuleVersion = 1;

// One thing that was not as it should be.
struct Failure {
  enum class Kind : std::uint8_t {
    violation,    // a checker saw one
    expectation,  // it was not met
    death,        // the process of the run ended
  };
  Kind kind = Kind::violation;
  std::string name;   // of the checker or the expectation
  std::string value;  // what was seen, for people; of a death, how the process ended
  Instant at{};       // of a violation: when the first was seen

  friend bool operator==(const Failure&, const Failure&) = default;
};

inline constexpr const char* kDeathName = "death";

struct Capsule {
  std::string commit;    // of the program that made it
  std::string scenario;  // its name
  std::uint64_t seed = 0;
  std::string document;  // the explicit scenario, JSON
  Duration until{};      // of the run
  std::uint64_t events = 0;
  std::optional<Digest> trace_hash;  // absent after a death
  std::vector<Failure> failures;     // at least one

  bool died() const { return !trace_hash.has_value(); }

  friend bool operator==(const Capsule&, const Capsule&) = default;
};

Bytes encode_capsule(const Capsule& capsule);

// corrupt, with a clause about the file: "is too short for a capsule".
Result<Capsule> decode_capsule(ByteView file);

// Whether a file that begins like this means to be a capsule. Of a recording it is false.
bool looks_like_capsule(ByteView beginning);

}  // namespace kith::sim
