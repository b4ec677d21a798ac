#pragma once

// The clock of a test with several machines: what is under way between them, and their timers.

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <utility>

#include "kith/time.h"

namespace kith::discovery {

class Happenings {
 public:
  Instant now() const { return now_; }

  void later(Duration delay, std::function<void()> happening) {
    happenings_.emplace(std::pair(now_ + delay, ++sequence_), std::move(happening));
  }

  // `wakeup(machine)` tells when a machine wants to be woken, if it does; `wake(machine)` wakes it.
  // What happens at the same instant comes first.
  template <class Machines, class Wakeup, class Wake>
  void run_for(Duration time, Machines& machines, const Wakeup& wakeup, const Wake& wake) {
    const Instant end = now_ + time;
    for (;;) {
      Instant next = happenings_.empty() ? Instant::never() : happenings_.begin()->first.first;
      typename Machines::value_type* woken = nullptr;
      for (auto& machine : machines) {
        const auto at = wakeup(machine);
        if (!at || *at >= next) continue;
        next = *at;
        woken = &machine;
      }
      if (next > end) break;
      now_ = std::max(now_, next);
      if (woken != nullptr) {
        wake(*woken);
        continue;
      }
      const std::function<void()> happening = std::move(happenings_.begin()->second);
      happenings_.erase(happenings_.begin());
      happening();
    }
    now_ = end;
  }

 private:
  Instant now_{1'000'000'000};
  std::uint64_t sequence_ = 0;
  std::map<std::pair<Instant, std::uint64_t>, std::function<void()>> happenings_;
};

}  // namespace kith::discovery
