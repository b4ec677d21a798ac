#pragma once

// What the store holds of messages (schemas/messaging.md):
//   message/out/<device>/next          the epoch and the last number given
//   message/out/<device>/<sequence>    one that waits for the device
//   message/in/<device>/next           the epoch of its sender, the last number stored, arrivals
//   message/in/<device>/<arrival>      one that waits for the application
// Numbers are 16 hexadecimal digits, so that keys sort as they count.

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "engine/messaging/codec.h"
#include "kith/store.h"

namespace kith::messaging {

enum class Box : std::uint8_t { out, in };

struct StoredMessage {
  MessageId id;
  std::optional<MessageId> correlation;
  std::string body;
};

struct Counter {
  Epoch epoch{};
  std::uint64_t sequence = 0;
  std::uint64_t arrivals = 0;
};

StoreChange change_to(Box box, const DeviceId& device, const Counter& counter);
StoreChange change_to(Box box, const DeviceId& device, std::uint64_t number,
                      const StoredMessage& message);
StoreChange removal_of(Box box, const DeviceId& device, std::uint64_t number);
StoreChange removal_of_counter(Box box, const DeviceId& device);

// One box of one device as it was restored.
struct RestoredBox {
  Counter counter;
  bool has_counter = false;
  std::map<std::uint64_t, StoredMessage> messages;  // by sequence or arrival
};
using RestoredBoxes = std::map<DeviceId, RestoredBox>;

// What `restored` holds of a box. `unreadable` counts the records that are damaged or of a later
// version: they are left as they are.
RestoredBoxes restore(Box box, const RestoredState& restored, std::size_t& unreadable);

}  // namespace kith::messaging
