#pragma once

// What one device has come to in a run, as far as it shows from outside: its sockets, and what its
// application was told.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "kith/event.h"
#include "kith/ids.h"
#include "sim/world/device.h"
#include "sim/world/observer.h"

namespace kith::sim {

struct TransferSeen {
  TransferDirection direction = TransferDirection::sending;
  Instant started_at{};
  std::optional<Instant> completed_at;
  std::string failure;
};

class DeviceHistory final : public Observer {
 public:
  // Of `device` alone, from the beginning of a run.
  explicit DeviceHistory(DeviceIndex device) : device_(device) {}

  const std::map<SocketId, Address>& sockets() const { return sockets_; }
  const std::map<DeviceId, Instant>& paired() const { return paired_; }
  const std::map<TransferId, TransferSeen>& transfers() const { return transfers_; }
  std::uint64_t messages_queued() const { return queued_; }
  std::uint64_t messages_delivered() const { return delivered_; }
  std::uint64_t messages_received() const { return received_; }

  void on_stopped(Device& device, Instant at, Ending ending) override;
  void on_input(Device& device, Instant at, const Input& input) override;
  void on_output(Device& device, Instant at, const Output& output) override;

 private:
  void note(Instant at, const Event& event);

  DeviceIndex device_;
  std::map<SocketId, Address> sockets_;
  std::map<DeviceId, Instant> paired_;
  std::map<TransferId, TransferSeen> transfers_;
  std::uint64_t queued_ = 0;
  std::uint64_t delivered_ = 0;
  std::uint64_t received_ = 0;
};

}  // namespace kith::sim
