#include "sim/checkers/messages.h"

#include "sim/checkers/transfer_watch.h"
#include "sim/world/world.h"

namespace kith::sim {

void Messages::on_started(Device& device, Instant) {
  receivers_[device.index()].this_life.clear();
  receivers_[device.index()].takes = false;
}

void Messages::on_input(Device& device, Instant, const Input& input) {
  if (const auto* send = command_in<SendMessage>(input)) {
    asked_.insert_or_assign({device.index(), send->request}, *send);
  } else if (command_in<ReceiveMessages>(input) != nullptr) {
    receivers_[device.index()].takes = true;
  } else if (const auto* removed = command_in<RemoveDevice>(input)) {
    discard(device, removed->device);
  } else if (const auto* blocked = command_in<BlockDevice>(input)) {
    discard(device, blocked->device);
  }
}

void Messages::discard(const Device& device, const DeviceId& sender) {
  for (auto& [id, sent] : sent_) {
    if (sent.to == device.id() && sent.from == sender) sent.discarded = true;
  }
}

void Messages::on_output(Device& device, Instant at, const Output& output) {
  if (const auto* queued = event_in<MessageQueued>(output)) {
    on_queued(device, *queued);
  } else if (const auto* delivered = event_in<MessageDelivered>(output)) {
    on_delivered(device, at, *delivered);
  } else if (const auto* received = event_in<MessageReceived>(output)) {
    on_received(device, at, *received);
  }
}

void Messages::on_queued(const Device& device, const MessageQueued& queued) {
  const auto asked = asked_.find({device.index(), queued.request});
  if (asked == asked_.end()) return;
  Sent sent;
  sent.from = device.id();
  sent.to = asked->second.device;
  sent.body = asked->second.body;
  sent.number = ++queued_;
  sent_.insert_or_assign(queued.message, std::move(sent));
}

void Messages::on_delivered(const Device& device, Instant at, const MessageDelivered& delivered) {
  const auto sent = sent_.find(delivered.message);
  // One whose queueing the application was never told of, because the device died before.
  if (sent == sent_.end()) return;
  if (sent->second.from != device.id() || sent->second.to != delivered.device) {
    violate(device, at, "was told of a delivery that it had not asked for");
  }
  sent->second.told_delivered = true;
}

void Messages::on_received(const Device& device, Instant at, const MessageReceived& received) {
  Receiver& receiver = receivers_[device.index()];
  if (!receiver.this_life.insert(received.message).second) {
    violate(device, at, "was given a message twice in one life");
  }
  const auto found = sent_.find(received.message);
  if (found == sent_.end()) return;  // as above
  Sent& sent = found->second;
  if (sent.to != device.id()) violate(device, at, "was given a message to another device");
  if (sent.body != received.body) violate(device, at, "was given a message with another body");
  if (sent.received) return;  // not acknowledged in an earlier life
  sent.received = true;
  std::uint64_t& last = receiver.last_number[received.device];
  if (sent.number < last) violate(device, at, "was given messages in another order");
  last = sent.number;
}

void Messages::finish(World& world) {
  for (const auto& [id, sent] : sent_) {
    if (!sent.told_delivered || sent.received || sent.discarded) continue;
    for (DeviceIndex i = 0; i < world.device_count(); ++i) {
      const Device& device = world.device(i);
      if (device.id() != sent.to || !device.running() || !receivers_[i].takes) continue;
      violate(device, world.now(), "was never given a message that its sender knows as delivered");
    }
  }
}

}  // namespace kith::sim
