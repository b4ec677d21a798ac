#pragma once

// Which remote addresses each device sent to, and when: spans of time without a longer pause, and
// the device that is reached there, where the engine told it. Bounded: a pause must be longer to
// end a span once there are many.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "kith/address.h"
#include "kith/time.h"
#include "sim/report/entry_log.h"

namespace kith::sim {

struct PathSpan {
  Instant from;
  Instant to;
  std::uint64_t datagrams = 0;
  std::uint64_t bytes = 0;
};

struct Path {
  DeviceIndex device = kNoDevice;
  Address remote;
  DeviceIndex peer = kNoDevice;  // the last one that was reached there
  std::vector<PathSpan> spans;
};

class PathLog {
 public:
  static constexpr Duration kFirstPause = std::chrono::seconds(2);

  PathLog(std::size_t most_paths, std::size_t most_spans)
      : most_paths_(most_paths), most_spans_(most_spans) {}

  void sent(DeviceIndex device, Instant at, const Address& remote, std::uint64_t datagrams,
            std::uint64_t bytes);
  // The engine says that it reaches `peer` at `remote`.
  void reached(DeviceIndex device, const Address& remote, DeviceIndex peer);

  const std::vector<Path>& paths() const { return paths_; }
  // What ends a span.
  Duration pause() const { return pause_; }
  // Sends to addresses beyond the bound.
  std::uint64_t left_out() const { return left_out_; }

 private:
  Path* find(DeviceIndex device, const Address& remote);
  void merge();

  std::size_t most_paths_;
  std::size_t most_spans_;
  std::vector<Path> paths_;
  std::map<std::pair<DeviceIndex, Address>, std::size_t> numbers_;
  std::vector<std::size_t> latest_;  // by device: what it sent to last
  std::size_t spans_ = 0;
  Duration pause_ = kFirstPause;
  std::uint64_t left_out_ = 0;
};

}  // namespace kith::sim
