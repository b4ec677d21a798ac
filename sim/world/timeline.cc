#include "sim/world/timeline.h"

#include <algorithm>
#include <bit>

namespace kith::sim {
namespace {

bool after(const ScheduledEvent& a, const ScheduledEvent& b) { return b.before(a); }

}  // namespace

void Timeline::put_among_soon(const ScheduledEvent& event) {
  soon_.insert(std::upper_bound(soon_.begin(), soon_.end(), event, after), event);
}

void Timeline::put_later(const ScheduledEvent& event) {
  later_.push_back(event);
  std::push_heap(later_.begin(), later_.end(), after);
}

ScheduledEvent Timeline::take_from_later() {
  std::pop_heap(later_.begin(), later_.end(), after);
  const ScheduledEvent event = later_.back();
  later_.pop_back();
  return event;
}

std::optional<std::int64_t> Timeline::next_slot() const {
  const std::optional<std::int64_t> on_wheel = next_slot_of_wheel();
  if (later_.empty()) return on_wheel;
  const std::int64_t later = slot_of(later_.front().at);
  return on_wheel ? std::min(*on_wheel, later) : later;
}

// All that is on the wheel lies within kSlots behind the open slot, so the first list that is not
// empty, going round from there, is the next.
std::optional<std::int64_t> Timeline::next_slot_of_wheel() const {
  const std::size_t start = place_of(open_slot_ + 1);
  const std::size_t words = occupied_.size();
  for (std::size_t i = 0; i <= words; ++i) {
    const std::size_t word = (start / kWordBits + i) % words;
    std::uint64_t bits = occupied_[word];
    // Of the word that the round begins and ends in, first the upper part and last the lower.
    const std::uint64_t upper = ~std::uint64_t{0} << (start % kWordBits);
    if (i == 0) bits &= upper;
    if (i == words) bits &= ~upper;
    if (bits == 0) continue;
    const std::size_t place = word * kWordBits + static_cast<std::size_t>(std::countr_zero(bits));
    return open_slot_ + 1 + static_cast<std::int64_t>((place - start) % kSlots);
  }
  return std::nullopt;
}

void Timeline::open(std::int64_t slot) {
  open_slot_ = slot;
  const std::size_t place = place_of(slot);
  for (std::uint32_t id = wheel_[place]; id != kNone;) {
    Link& link = links_[id];
    soon_.push_back(link.event);
    const std::uint32_t next = link.next;
    link.next = free_;
    free_ = id;
    id = next;
  }
  wheel_[place] = kNone;
  occupied_[place / kWordBits] &= ~(std::uint64_t{1} << (place % kWordBits));
  while (!later_.empty() && slot_of(later_.front().at) <= slot) soon_.push_back(take_from_later());
  std::sort(soon_.begin(), soon_.end(), after);
  for (const ScheduledEvent& event : soon_) event.target->expect(event.argument);
}

}  // namespace kith::sim
