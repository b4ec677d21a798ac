#include "sim/checkers/transfer_watch.h"

namespace kith::sim {

void TransferWatch::on_input(Device& device, const Input& input) {
  const auto* share = command_in<ShareWithDevice>(input);
  if (share == nullptr) return;
  WatchedShare& watched = shares_[{device.index(), share->request}];
  watched = {device.index(), share->device, {}};
  for (const std::string& path : share->paths) {
    watched.sources.push_back(snapshot(device.disk(), path));
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
