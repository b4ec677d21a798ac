#include "sim/report/path_log.h"

namespace kith::sim {

Path* PathLog::find(DeviceIndex device, const Address& remote) {
  if (latest_.size() <= device) latest_.resize(device + std::size_t{1});
  std::size_t& latest = latest_[device];
  if (latest < paths_.size() && paths_[latest].device == device &&
      paths_[latest].remote == remote) {
    return &paths_[latest];
  }
  const auto found = numbers_.find({device, remote});
  if (found != numbers_.end()) {
    latest = found->second;
    return &paths_[latest];
  }
  if (paths_.size() == most_paths_) return nullptr;
  latest = paths_.size();
  numbers_.emplace(std::pair(device, remote), latest);
  paths_.push_back({device, remote, kNoDevice, {}});
  return &paths_.back();
}

void PathLog::sent(DeviceIndex device, Instant at, const Address& remote, std::uint64_t datagrams,
                   std::uint64_t bytes) {
  Path* const path = find(device, remote);
  if (path == nullptr) {
    ++left_out_;
    return;
  }
  if (path->spans.empty() || at - path->spans.back().to > pause_) {
    path->spans.push_back({at, at, 0, 0});
    ++spans_;
  }
  PathSpan& span = path->spans.back();
  span.to = at;
  span.datagrams += datagrams;
  span.bytes += bytes;
  while (spans_ > most_spans_ && spans_ > paths_.size()) merge();
}

void PathLog::reached(DeviceIndex device, const Address& remote, DeviceIndex peer) {
  if (Path* const path = find(device, remote)) path->peer = peer;
}

void PathLog::merge() {
  pause_ *= 2;
  spans_ = 0;
  for (Path& path : paths_) {
    std::vector<PathSpan> merged;
    for (const PathSpan& span : path.spans) {
      if (merged.empty() || span.from - merged.back().to > pause_) {
        merged.push_back(span);
        continue;
      }
      merged.back().to = span.to;
      merged.back().datagrams += span.datagrams;
      merged.back().bytes += span.bytes;
    }
    path.spans = std::move(merged);
    spans_ += path.spans.size();
  }
}

}  // namespace kith::sim
