#pragma once

// One direction of a link, as a pure function of what was sent on it before: what becomes of a
// datagram and when it arrives.
//
//   sender --> [ policer ] --> [ queue, tail drop ] --> rate --> delay + jitter --> receiver
//
// A datagram takes a fixed number of random bits whatever the rates are, so that changing one rate
// does not shift what happens to later datagrams. It does not own: datagrams, who is at its ends.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "engine/base/random.h"
#include "kith/time.h"
#include "sim/world/chance.h"

namespace kith::sim {

// How long `bytes` occupy a wire; nothing at an unlimited rate, which is written 0.
constexpr Duration transmission_time(std::uint64_t bytes, std::uint64_t rate_bps) {
  if (rate_bps == 0) return {};
  return Duration{static_cast<std::int64_t>(bytes * 8'000'000'000ull / rate_bps)};
}

// Keeps the product above within 64 bits.
inline constexpr std::uint64_t kLargestQueueBytes = 1ull << 30;

// What every datagram needs stands first: a world has links by the thousand, and each datagram
// passes several.
struct LinkSpec {
  std::uint64_t rate_bps = 0;              // bits per second; 0: unlimited
  std::uint64_t queue_bytes = 256 * 1024;  // beyond it the tail is dropped; not used without a rate
  std::size_t mtu_bytes = 1500;            // of the IP packet; larger ones vanish
  std::uint64_t police_bps = 0;            // what exceeds it is dropped, not queued; 0: no policer
  Duration delay{};
  Duration jitter{};  // added to the delay, uniform in [0, jitter); keeps the order
  bool up = true;
  bool bleach_ecn = false;  // ECN marks are erased
  Ppm loss{};               // independent for each datagram
  Ppm duplicate{};          // a second copy up to kDuplicateSpread later
  Ppm reorder{};            // held back, so that later ones overtake it
  Ppm corrupt{};            // one bit is flipped and no checksum notices
  Ppm truncate{};           // the end is cut off
  Ppm replay{};             // a second copy much later
  // Any datagram may begin a burst, within which datagrams are lost at a rate of their own. (The
  // model of Gilbert 1960 and Elliott 1963, but that bursts end with time, not with traffic.)
  Ppm burst_begin{};
  Ppm burst_loss{Ppm::kAlways};
  Duration burst_length{};   // at most
  Duration reorder_delay{};  // for how long at most
  Duration replay_delay{};
  std::uint64_t police_bytes = 64 * 1024;  // that much may exceed police_bps at a time

  friend bool operator==(const LinkSpec&, const LinkSpec&) = default;
};

inline constexpr Duration kDuplicateSpread = std::chrono::milliseconds(1);

enum class Fate : std::uint8_t { carried, down, too_big, policed, queue_full, lost, lost_in_burst };
inline constexpr std::size_t kFates = 7;

// When a carried datagram arrives and how.
struct Transit {
  Instant arrives;
  std::optional<Instant> duplicate_arrives;
  std::optional<Instant> replay_arrives;
  std::optional<std::uint32_t> flipped_bit;  // modulo the number of bits of the datagram
  std::optional<std::uint32_t> cut;          // modulo its length: what is left of it
  bool reordered = false;
};

class alignas(64) Link {
 public:
  Link(const LinkSpec& spec, RandomSource&& random) : draws_(std::move(random)) { change(spec); }

  // `at` never decreases between two calls. Fills `transit` if the datagram is carried.
  Fate admit(Instant at, std::size_t packet_bytes, Transit& transit);

  const LinkSpec& spec() const { return spec_; }

  // From now on; what is under way is not touched.
  void change(const LinkSpec& spec);

 private:
  // One uniform number for each decision about one datagram.
  struct Draws {
    std::uint32_t loss, duplicate, reorder, corrupt, jitter, reorder_delay, spread, bit, burst,
        replay, replay_delay, truncate;
  };
  Draws draw();
  Fate accept(Instant at, std::size_t packet_bytes, const Draws& draws);
  bool policed(Instant at, std::size_t packet_bytes);
  bool lost_in_burst(Instant at, const Draws& draws);
  Instant arrival(const Draws& draws);

  DrawStream draws_;
  Instant free_at_;        // when the last admitted datagram has left the queue
  Instant last_in_order_;  // arrival that jitter may not fall below
  Instant burst_until_;
  bool certain_ = true;  // nothing of the spec is a matter of chance
  LinkSpec spec_;
  Instant police_empty_at_;  // when the policer would have its whole allowance again
};

}  // namespace kith::sim
