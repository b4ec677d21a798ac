#include "io/cli/peer_command.h"

#include "io/cli/device_lookup.h"

namespace kith::cli {

void PeerCommand::find_peer(const std::string& name_or_id, const std::vector<Address>& at) {
  core().devices([this, name_or_id, at](const std::vector<DeviceSummary>& devices) {
    const auto device = find_paired_device(devices, name_or_id);
    if (!device) return fail(device.error(), Origin::device);
    peer_ = device->id;
    for (const Address& address : at) core().add_device_address(peer_, address);
    core().init_networking([this](const Result<std::vector<Address>>& bound) {
      if (!bound) return fail(bound.error(), Origin::device);
      on_ready();
    });
  });
}

}  // namespace kith::cli
