#pragma once

// A device of which nothing runs for a while, because its process is stopped or the machine sleeps.
// Timers, completions and commands wait and come at the wake, in their order, and so do datagrams
// that arrived, as far as the socket buffer holds them. What the disk was asked to do is done
// meanwhile only as far as programs can see: at the wake.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

#include "kith/address.h"
#include "kith/bytes.h"
#include "kith/time.h"

namespace kith::sim {

// What Linux gives a UDP socket: net.core.rmem_default.
inline constexpr std::size_t kReceiveBufferBytes = 212'992;

struct Pause {
  Duration lasting{};
  // As CLOCK_MONOTONIC during suspend. Otherwise it goes on, as for a process that is stopped.
  bool monotonic_stops = false;
  std::size_t buffer_bytes = kReceiveBufferBytes;
};

// What a paused device has to do when it wakes.
struct PausedState {
  Pause pause;
  std::uint64_t key = 0;  // of its wake
  std::vector<std::uint64_t> events;

  struct Datagrams {
    Address local;
    Address remote;
    Ecn ecn = Ecn::not_ect;
    std::size_t stride = 0;
    Bytes bytes;
    std::uint32_t interface = 1;
  };
  std::deque<Datagrams> datagrams;
  std::size_t buffered_bytes = 0;
};

}  // namespace kith::sim
