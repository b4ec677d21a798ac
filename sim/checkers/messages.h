#pragma once

// Invariant: a message arrives as it was sent, from the device that sent it, in the order in which
// the sender queued them and once in each life of the receiver; and what the sender was told is
// delivered, the receiver has, unless it has removed or blocked the sender.

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "sim/checkers/checker.h"
#include "sim/world/device.h"

namespace kith::sim {

class Messages final : public Checker {
 public:
  std::string_view name() const override { return "messages"; }

  void on_started(Device& device, Instant at) override;
  void on_input(Device& device, Instant at, const Input& input) override;
  void on_output(Device& device, Instant at, const Output& output) override;
  void finish(World& world) override;

 private:
  struct Sent {
    DeviceId from;
    DeviceId to;
    std::string body;
    std::uint64_t number = 0;  // in the order of being queued, over all devices
    bool told_delivered = false;
    bool received = false;
    bool discarded = false;  // with the device that sent it
  };
  struct Receiver {
    std::set<MessageId> this_life;
    std::map<DeviceId, std::uint64_t> last_number;  // of those that came for the first time
    bool takes = false;                             // has asked for messages in this life
  };

  void discard(const Device& device, const DeviceId& sender);
  void on_queued(const Device& device, const MessageQueued& queued);
  void on_delivered(const Device& device, Instant at, const MessageDelivered& delivered);
  void on_received(const Device& device, Instant at, const MessageReceived& received);

  std::map<std::pair<DeviceIndex, RequestId>, SendMessage> asked_;
  std::map<MessageId, Sent> sent_;
  std::map<DeviceIndex, Receiver> receivers_;
  std::uint64_t queued_ = 0;
};

}  // namespace kith::sim
