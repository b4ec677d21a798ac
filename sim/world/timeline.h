#pragma once

// The virtual clock and everything that will happen, ordered by instant and then by the order of
// scheduling, so that nothing depends on addresses or on how events are kept:
//
//   soon    what is due in the slot of the clock that is open, sorted; the next event is its last
//   wheel   what comes within kSlots slots, a list without order for each: most of a world's
//   events,
//           which are datagrams under way, cost the same however many there are (Varghese and
//           Lauck, "Hashed and hierarchical timing wheels", SOSP 1987)
//   later   the rest, which are timers: a heap
//
// A slot is opened when the one before it has run out: its list and what is due of the heap are
// sorted into `soon`.

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "engine/base/check.h"
#include "kith/time.h"

namespace kith::sim {

// Whoever can be woken by the clock. `argument` is what it gave when it scheduled the event.
class EventTarget {
 public:
  virtual void on_event(Instant now, std::uint64_t argument) = 0;

  // An event will come shortly. Nothing may be changed: it is for bringing into the cache what the
  // event will need, together with that of all others of the same moment.
  virtual void expect(std::uint64_t argument) const { static_cast<void>(argument); }

 protected:
  ~EventTarget() = default;
};

struct ScheduledEvent {
  Instant at;
  std::uint64_t sequence = 0;
  EventTarget* target = nullptr;
  std::uint64_t argument = 0;

  bool before(const ScheduledEvent& other) const {
    return at != other.at ? at < other.at : sequence < other.sequence;
  }
};

class Timeline {
 public:
  Timeline() { wheel_.fill(kNone); }

  Instant now() const { return now_; }
  std::uint64_t events() const { return events_; }
  std::size_t pending() const { return pending_; }

  // Not earlier than now. There is no way to take an event back: a target ignores what has become
  // stale. `target` lives as long as the timeline runs.
  void schedule(Instant at, EventTarget& target, std::uint64_t argument = 0);

  // The next event if it is due at this very instant. Valid until the next call that is not const.
  const ScheduledEvent* next_at_once() const {
    return soon_.empty() || soon_.back().at != now_ ? nullptr : &soon_.back();
  }

  // Removes the event that next_at_once() gave: its target has taken it together with another one.
  void take_next();

  // Runs all events up to and including `until`, then stands at `until`. Ends early when halted.
  void run_until(Instant until);

  // Ends run_until after the event that is running.
  void halt() { halted_ = true; }
  bool halted() const { return halted_; }

 private:
  // A slot is 65 microseconds and the wheel a quarter of a second: longer than most datagrams take.
  static constexpr unsigned kSlotBits = 16;
  static constexpr std::size_t kSlots = 4096;
  static constexpr std::size_t kWordBits = 64;
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  // An event on the wheel. Those that are free make a list as well.
  struct Link {
    ScheduledEvent event;
    std::uint32_t next = kNone;
  };

  static std::int64_t slot_of(Instant at) { return at.ns >> kSlotBits; }
  static std::size_t place_of(std::int64_t slot) { return static_cast<std::size_t>(slot) % kSlots; }

  void put_on_wheel(std::size_t place, const ScheduledEvent& event);
  void put_among_soon(const ScheduledEvent& event);
  void put_later(const ScheduledEvent& event);
  ScheduledEvent take_from_later();

  // Whether anything is due until then; if so, the last of `soon` is.
  bool something_due(Instant until);
  std::optional<std::int64_t> next_slot() const;
  std::optional<std::int64_t> next_slot_of_wheel() const;
  void open(std::int64_t slot);

  std::vector<ScheduledEvent> soon_;  // the latest first
  std::int64_t open_slot_ = 0;
  std::array<std::uint32_t, kSlots> wheel_;                      // heads of lists
  std::array<std::uint64_t, kSlots / kWordBits> occupied_ = {};  // a bit for each list
  std::vector<Link> links_;
  std::uint32_t free_ = kNone;
  std::vector<ScheduledEvent> later_;  // the heap
  Instant now_;
  std::uint64_t next_sequence_ = 0;
  std::uint64_t events_ = 0;
  std::size_t pending_ = 0;
  bool halted_ = false;
};

inline void Timeline::put_on_wheel(std::size_t place, const ScheduledEvent& event) {
  std::uint32_t id = free_;
  if (id == kNone) {
    id = static_cast<std::uint32_t>(links_.size());
    links_.emplace_back();
  } else {
    free_ = links_[id].next;
  }
  links_[id] = {event, wheel_[place]};
  wheel_[place] = id;
  occupied_[place / kWordBits] |= std::uint64_t{1} << (place % kWordBits);
}

inline void Timeline::schedule(Instant at, EventTarget& target, std::uint64_t argument) {
  KITH_CHECK(at >= now_);
  ++pending_;
  const ScheduledEvent event{at, next_sequence_++, &target, argument};
  const std::int64_t slot = slot_of(at);
  if (slot <= open_slot_) return put_among_soon(event);
  if (slot - open_slot_ < static_cast<std::int64_t>(kSlots)) {
    return put_on_wheel(place_of(slot), event);
  }
  put_later(event);
}

inline void Timeline::take_next() {
  KITH_CHECK(next_at_once() != nullptr);
  soon_.pop_back();
  --pending_;
  ++events_;
}

inline bool Timeline::something_due(Instant until) {
  if (soon_.empty()) {
    const std::optional<std::int64_t> slot = next_slot();
    if (!slot || *slot > slot_of(until)) return false;
    open(*slot);
  }
  return soon_.back().at <= until;
}

inline void Timeline::run_until(Instant until) {
  while (!halted_ && something_due(until)) {
    const ScheduledEvent event = soon_.back();
    soon_.pop_back();
    --pending_;
    now_ = event.at;
    ++events_;
    event.target->on_event(now_, event.argument);
  }
  if (!halted_ && now_ < until) now_ = until;
}

}  // namespace kith::sim
