#include "sim/checkers/transfer_watch.h"

namespace kith::sim {

void TransferWatch::on_input(Device& device, const Input& input) {
  const auto* share = command_in<ShareWithDevice>(input);
  if (share == nullptr) return;
  WatchedShare& watched = shares_[{device.index(), share->request}];
  watched = {device.index(), share->device, share->paths, {}};
  for (const std::string& path : share->paths) {
    watched.sources.push_back(snapshot(device.disk(), path));
    // What is shared is what lies there now, whatever it was before.
    for (auto& [relative, entry] : watched.sources.back()) entry.rotten = false;
  }
}

void TransferWatch::on_rot(const Device& device, const std::string& path) {
  for (auto& [key, share] : shares_) {
    if (share.from != device.index()) continue;
    for (std::size_t i = 0; i < share.paths.size(); ++i) {
      for (auto& [relative, entry] : share.sources[i]) {
        const std::string& root = share.paths[i];
        if ((relative.empty() ? root : root + "/" + relative) == path) entry.rotten = true;
      }
    }
  }
}

void TransferWatch::on_output(Device& device, const Output& output) {
  if (const auto* started = event_in<TransferStarted>(output)) {
    transfers_[started->transfer] = {device.index(), started->request};
  }
}

const WatchedShare* TransferWatch::find(TransferId transfer) const {
  const auto found = transfers_.find(transfer);
  if (found == transfers_.end()) return nullptr;
  const auto share = shares_.find(found->second);
  return share == shares_.end() ? nullptr : &share->second;
}

std::vector<const WatchedShare*> TransferWatch::shares_with(const DeviceId& device) const {
  std::vector<const WatchedShare*> found;
  for (const auto& [key, share] : shares_) {
    if (share.to == device) found.push_back(&share);
  }
  return found;
}

}  // namespace kith::sim
