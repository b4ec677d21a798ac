#include "sim/network/link.h"

#include <algorithm>

namespace kith::sim {
namespace {

// Two draws in each number of 64 bits.
constexpr std::uint64_t kNumbersPerDatagram = 6;

bool is_certain(const LinkSpec& spec) {
  constexpr Ppm kNever{};
  return spec.jitter == Duration{} && spec.loss == kNever && spec.burst_begin == kNever &&
         spec.duplicate == kNever && spec.replay == kNever && spec.reorder == kNever &&
         spec.corrupt == kNever && spec.truncate == kNever;
}

}  // namespace

void Link::change(const LinkSpec& spec) {
  spec_ = spec;
  certain_ = is_certain(spec);
}

Link::Draws Link::draw() {
  const auto high = [](std::uint64_t pair) { return static_cast<std::uint32_t>(pair >> 32); };
  const auto low = [](std::uint64_t pair) { return static_cast<std::uint32_t>(pair); };
  const std::uint64_t a = draws_.next_u64();
  const std::uint64_t b = draws_.next_u64();
  const std::uint64_t c = draws_.next_u64();
  const std::uint64_t d = draws_.next_u64();
  const std::uint64_t e = draws_.next_u64();
  const std::uint64_t f = draws_.next_u64();
  return {.loss = high(a),
          .duplicate = low(a),
          .reorder = high(b),
          .corrupt = low(b),
          .jitter = high(c),
          .reorder_delay = low(c),
          .spread = high(d),
          .bit = low(d),
          .burst = high(e),
          .replay = low(e),
          .replay_delay = high(f),
          .truncate = low(f)};
}

Fate Link::admit(Instant at, std::size_t packet_bytes, Transit& transit) {
  transit = {};
  if (certain_) {
    draws_.skip(kNumbersPerDatagram);
    const Fate fate = accept(at, packet_bytes, {});
    if (fate == Fate::carried) transit.arrives = arrival({});
    return fate;
  }
  const Draws draws = draw();
  const Fate fate = accept(at, packet_bytes, draws);
  if (fate != Fate::carried) return fate;
  transit.arrives = arrival(draws);
  transit.reordered = hits(draws.reorder, spec_.reorder);
  if (hits(draws.duplicate, spec_.duplicate)) {
    transit.duplicate_arrives = transit.arrives + scaled(draws.spread, kDuplicateSpread);
  }
  if (hits(draws.replay, spec_.replay)) {
    transit.replay_arrives =
        transit.arrives + scaled_coarsely(draws.replay_delay, spec_.replay_delay);
  }
  if (hits(draws.corrupt, spec_.corrupt)) transit.flipped_bit = draws.bit;
  if (hits(draws.truncate, spec_.truncate)) transit.cut = draws.bit;
  return fate;
}

Fate Link::accept(Instant at, std::size_t packet_bytes, const Draws& draws) {
  if (!spec_.up) return Fate::down;
  if (packet_bytes > spec_.mtu_bytes) return Fate::too_big;
  if (spec_.police_bps > 0 && policed(at, packet_bytes)) return Fate::policed;

  const Instant starts = std::max(at, free_at_);
  if (starts - at > transmission_time(spec_.queue_bytes, spec_.rate_bps)) return Fate::queue_full;
  free_at_ = starts + transmission_time(packet_bytes, spec_.rate_bps);
  if (certain_) return Fate::carried;
  if (lost_in_burst(at, draws)) return Fate::lost_in_burst;
  return hits(draws.loss, spec_.loss) ? Fate::lost : Fate::carried;
}

// A token bucket, by the instant at which it is full again.
bool Link::policed(Instant at, std::size_t packet_bytes) {
  const Instant from = std::max(at, police_empty_at_);
  const Instant then = from + transmission_time(packet_bytes, spec_.police_bps);
  if (then - at > transmission_time(spec_.police_bytes, spec_.police_bps)) return true;
  police_empty_at_ = then;
  return false;
}

bool Link::lost_in_burst(Instant at, const Draws& draws) {
  if (at >= burst_until_ && hits(draws.burst, spec_.burst_begin)) {
    burst_until_ = at + scaled(draws.spread, spec_.burst_length);
  }
  return at < burst_until_ && hits(draws.loss, spec_.burst_loss);
}

Instant Link::arrival(const Draws& draws) {
  const Instant in_order = free_at_ + spec_.delay + scaled(draws.jitter, spec_.jitter);
  if (hits(draws.reorder, spec_.reorder)) {
    return in_order + scaled(draws.reorder_delay, spec_.reorder_delay);
  }
  last_in_order_ = std::max(in_order, last_in_order_);
  return last_in_order_;
}

}  // namespace kith::sim
