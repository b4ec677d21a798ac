#include "sim/network/link.h"

#include <algorithm>

namespace kith::sim {

Link::Draws Link::draw() {
  const auto high = [](std::uint64_t pair) { return static_cast<std::uint32_t>(pair >> 32); };
  const auto low = [](std::uint64_t pair) { return static_cast<std::uint32_t>(pair); };
  const std::uint64_t a = draws_.next_u64();
  const std::uint64_t b = draws_.next_u64();
  const std::uint64_t c = draws_.next_u64();
  const std::uint64_t d = draws_.next_u64();
  return {.loss = high(a),
          .duplicate = low(a),
          .reorder = high(b),
          .corrupt = low(b),
          .jitter = high(c),
          .reorder_delay = low(c),
          .spread = high(d),
          .bit = low(d)};
}

Fate Link::admit(Instant at, std::size_t packet_bytes, Transit& transit) {
  const Draws draws = draw();
  if (!spec_.up) return Fate::down;
  if (packet_bytes > spec_.mtu_bytes) return Fate::too_big;

  const Instant starts = std::max(at, free_at_);
  if (starts - at > transmission_time(spec_.queue_bytes, spec_.rate_bps)) return Fate::queue_full;
  free_at_ = starts + transmission_time(packet_bytes, spec_.rate_bps);
  if (hits(draws.loss, spec_.loss)) return Fate::lost;

  Instant arrives = free_at_ + spec_.delay + scaled(draws.jitter, spec_.jitter);
  if (hits(draws.reorder, spec_.reorder)) {
    arrives = arrives + scaled(draws.reorder_delay, spec_.reorder_delay);
  } else {
    arrives = std::max(arrives, last_in_order_);
    last_in_order_ = arrives;
  }
  transit.arrives = arrives;
  transit.duplicate_arrives.reset();
  transit.flipped_bit.reset();
  if (hits(draws.duplicate, spec_.duplicate)) {
    transit.duplicate_arrives = arrives + scaled(draws.spread, kDuplicateSpread);
  }
  if (hits(draws.corrupt, spec_.corrupt)) transit.flipped_bit = draws.bit;
  return Fate::carried;
}

}  // namespace kith::sim
