// What happens to the machine of a device: it pauses, and its clocks go wrong.

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "sim/world/device.h"
#include "sim/world/world.h"

namespace kith::sim {
namespace {

// io's driver looks at the clocks every ten seconds: io/driver/driver.cc.
constexpr Duration kClockWatchInterval = std::chrono::seconds(10);

}  // namespace

Instant Device::local_now() const { return clock_.monotonic(world_.now()); }

std::int64_t Device::unix_ns() const {
  return world_.unix_start_ns() + clock_.wall(world_.now()).count();
}

// A slow clock shows one instant for longer than the world has it: what it shows now is now.
Instant Device::world_instant(Instant local) const {
  const Instant at = clock_.world_at(local);
  return local >= local_now() ? std::max(at, world_.now()) : at;
}

// --- pauses -------------------------------------------------------------------------------------

void Device::pause(const Pause& pause) {
  if (!running() || paused_) return;
  KITH_CHECK(!stepping_);
  world_.probes().fire(Probe::pause);
  if (pause.monotonic_stops) clock_.fall_asleep(world_.now());
  paused_.emplace();
  paused_->pause = pause;
  paused_->key = ++next_key_;
  schedule(pause.lasting, Kind::wake, paused_->key);
}

void Device::hold(const Arrival& arrival) {
  const std::size_t stride = std::max<std::size_t>(arrival.stride, 1);
  const std::size_t room = paused_->pause.buffer_bytes - paused_->buffered_bytes;
  std::size_t kept = arrival.bytes.size();
  if (kept > room) kept = room / stride * stride;
  const std::size_t lost = (arrival.bytes.size() - kept + stride - 1) / stride;
  if (lost > 0) world_.probes().fire(Probe::pause_lost_datagram, lost);
  if (kept == 0) return;
  const ByteView bytes = arrival.bytes.first(kept);
  paused_->buffered_bytes += kept;
  paused_->datagrams.push_back({arrival.local, arrival.remote, arrival.ecn, arrival.stride,
                                Bytes(bytes.begin(), bytes.end()), arrival.interface});
}

void Device::wake(std::uint64_t key) {
  if (!paused_ || paused_->key != key) return;
  const bool slept = paused_->pause.monotonic_stops;
  if (slept) {
    clock_.wake(world_.now());
    slept_ = true;
    schedule(draw_between(delays_, {}, kClockWatchInterval), Kind::clock_news, lives_);
  }
  run_held();
}

// What waited comes in one instant. The device may die at any of it, or pause again.
void Device::run_held() {
  const std::uint64_t life = lives_;
  PausedState held = std::move(*paused_);
  paused_.reset();
  const auto goes_on = [this, life] { return running() && lives_ == life && !paused_; };
  run_queued();
  for (const std::uint64_t argument : held.events) {
    if (!goes_on()) return;
    on_own_event(static_cast<Kind>(argument & ((1u << kKindBits) - 1)), argument >> kKindBits);
  }
  for (const auto& datagrams : held.datagrams) {
    if (!goes_on()) return;
    world_.probes().fire(Probe::pause_late_datagram);
    on_datagrams(world_.now(), {datagrams.local, datagrams.remote, datagrams.ecn, datagrams.stride,
                                datagrams.bytes, datagrams.interface});
  }
  if (goes_on()) rearm_timer();
}

// --- clocks -------------------------------------------------------------------------------------

void Device::change_clock_rate(std::int32_t ppm) {
  world_.probes().fire(Probe::clock_rate);
  clock_.change_rate(world_.now(), ppm);
  rearm_timer();
}

void Device::set_wall_clock(Duration by) {
  world_.probes().fire(Probe::clock_jump);
  clock_.set_wall(world_.now(), by);
  if (running()) schedule(draw_between(delays_, {}, kClockWatchInterval), Kind::clock_news, lives_);
}

// Where the timer was armed by a clock that ran otherwise.
void Device::rearm_timer() {
  if (!running() || paused_) return;
  timer_key_ = 0;
  arm_timer(wanted_wakeup());
}

// As io's driver does when it notices: the time, and fresh entropy after sleep.
void Device::tell_clock(std::uint64_t life) {
  if (life != lives_) return;
  const bool slept = std::exchange(slept_, false);
  step(WallClock{unix_ns() / 1'000'000});
  if (slept && running() && lives_ == life) {
    step(Entropy{random_.fork("entropy", ++entropies_).bytes<32>()});
  }
}

}  // namespace kith::sim
