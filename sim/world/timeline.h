#pragma once

// The virtual clock and everything that will happen: one heap, ordered by instant and then by the
// order of scheduling, so that nothing depends on addresses or on how the heap is built.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "engine/base/check.h"
#include "kith/time.h"

namespace kith::sim {

// Whoever can be woken by the clock. `argument` is what it gave when it scheduled the event.
class EventTarget {
 public:
  virtual void on_event(Instant now, std::uint64_t argument) = 0;

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
  Instant now() const { return now_; }
  std::uint64_t events() const { return events_; }
  std::size_t pending() const { return heap_.size(); }

  // Not earlier than now. There is no way to take an event back: a target ignores what has become
  // stale. `target` lives as long as the timeline runs.
  void schedule(Instant at, EventTarget& target, std::uint64_t argument = 0);

  // What comes next; nothing if the heap is empty. Valid until the next call that is not const.
  const ScheduledEvent* next() const { return heap_.empty() ? nullptr : heap_.data(); }

  // Removes the next event without running it: its target has taken it together with another one.
  void take_next();

  // Runs the next event, which exists.
  void run_next();

  // Runs all events up to and including `until`, then stands at `until`. Ends early when halted.
  void run_until(Instant until);

  // Ends run_until after the event that is running.
  void halt() { halted_ = true; }
  bool halted() const { return halted_; }

 private:
  ScheduledEvent pop();

  // A node's children stand at 4 i + 1 ... 4 i + 4: half the levels of a binary heap, and the four
  // of them lie in two cache lines.
  static constexpr std::size_t kArity = 4;

  std::vector<ScheduledEvent> heap_;
  Instant now_;
  std::uint64_t next_sequence_ = 0;
  std::uint64_t events_ = 0;
  bool halted_ = false;
};

inline void Timeline::schedule(Instant at, EventTarget& target, std::uint64_t argument) {
  KITH_CHECK(at >= now_);
  const ScheduledEvent event{at, next_sequence_++, &target, argument};
  std::size_t hole = heap_.size();
  heap_.push_back(event);
  while (hole > 0) {
    const std::size_t parent = (hole - 1) / kArity;
    if (!event.before(heap_[parent])) break;
    heap_[hole] = heap_[parent];
    hole = parent;
  }
  heap_[hole] = event;
}

inline ScheduledEvent Timeline::pop() {
  const ScheduledEvent top = heap_.front();
  const ScheduledEvent last = heap_.back();
  heap_.pop_back();
  const std::size_t size = heap_.size();
  if (size == 0) return top;
  std::size_t hole = 0;
  for (;;) {
    const std::size_t first = hole * kArity + 1;
    if (first >= size) break;
    const std::size_t end = first + kArity < size ? first + kArity : size;
    std::size_t least = first;
    for (std::size_t child = first + 1; child < end; ++child) {
      if (heap_[child].before(heap_[least])) least = child;
    }
    if (!heap_[least].before(last)) break;
    heap_[hole] = heap_[least];
    hole = least;
  }
  heap_[hole] = last;
  return top;
}

inline void Timeline::take_next() {
  KITH_CHECK(!heap_.empty());
  pop();
  ++events_;
}

inline void Timeline::run_next() {
  KITH_CHECK(!heap_.empty());
  const ScheduledEvent event = pop();
  now_ = event.at;
  ++events_;
  event.target->on_event(now_, event.argument);
}

inline void Timeline::run_until(Instant until) {
  while (!halted_ && !heap_.empty() && heap_.front().at <= until) run_next();
  if (!halted_ && now_ < until) now_ = until;
}

}  // namespace kith::sim
