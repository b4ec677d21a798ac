#pragma once

// What a run has come to, as expectations ask for it: who paired with whom and when, and what
// became of each thing that was sent and written.

#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kith/event.h"
#include "sim/world/device.h"
#include "sim/world/observer.h"

namespace kith::sim {

struct SendFacts {
  DeviceIndex from = 0;
  DeviceIndex to = 0;
  std::string source;  // path on the sender's disk
  RequestId request;   // 0 until it was asked for
  std::optional<TransferId> transfer;
  std::optional<Instant> sent_at;      // when the sender was told that all is complete
  std::optional<Instant> received_at;  // when the receiver announced it
  std::vector<ItemCompleted> sent;
  std::vector<ItemCompleted> received;
  std::string failure;
  std::uint64_t asked = 0;   // how often
  std::string last_failure;  // of any of these

  // What was asked for before is given up.
  void begin_anew() {
    ++asked;
    transfer.reset();
    sent_at.reset();
    received_at.reset();
    sent.clear();
    received.clear();
    failure.clear();
  }
};

// One step's messages.
struct MessageFacts {
  DeviceIndex from = 0;
  DeviceIndex to = 0;
  std::uint64_t wanted = 0;
  std::set<MessageId> queued;     // as the sender was told
  std::set<MessageId> delivered;  // of these, as the sender was told
  std::set<MessageId> received;   // of these, by the receiver's application
  Instant last;                   // when the latest of these became known
};

class Facts final : public Observer {
 public:
  void on_output(Device& device, Instant at, const Output& output) override;

  // That these two were meant to pair.
  void wants_pair(DeviceIndex one, DeviceIndex other) { wanted_pairs_.emplace_back(one, other); }
  const std::vector<std::pair<DeviceIndex, DeviceIndex>>& wanted_pairs() const {
    return wanted_pairs_;
  }

  // When this device first was paired with that one.
  std::optional<Instant> paired_at(DeviceIndex device, const DeviceId& with) const;
  // Whether each of the two has been.
  bool are_paired(const Device& one, const Device& other) const {
    return paired_at(one.index(), other.id()) && paired_at(other.index(), one.id());
  }
  // What kept a device from pairing last; empty if nothing did.
  std::string pairing_failure(DeviceIndex device) const;

  // By the name the scenario gave it; references stay valid.
  SendFacts& send(const std::string& name) { return sends_[name]; }
  const SendFacts* find_send(const std::string& name) const;
  const std::map<std::string, SendFacts>& sends() const { return sends_; }
  MessageFacts& messages(const std::string& name) { return messages_[name]; }
  const MessageFacts* find_messages(const std::string& name) const;
  const std::map<std::string, MessageFacts>& all_messages() const { return messages_; }

 private:
  void fail(SendFacts* send, const Error& error);
  SendFacts* by_request(DeviceIndex device, RequestId request);
  SendFacts* by_transfer(TransferId transfer);

  void note(const Device& device, Instant at, const Paired& event);
  void note(const Device& device, Instant at, const PairingFailed& event);
  void note(const Device& device, Instant at, const RequestFailed& event);
  void note(const Device& device, Instant at, const TransferStarted& event);
  void note(const Device& device, Instant at, const ItemCompleted& event);
  void note(const Device& device, Instant at, const TransferCompleted& event);
  void note(const Device& device, Instant at, const TransferFailed& event);
  void note(const Device& device, Instant at, const MessageDelivered& event);
  void note(const Device& device, Instant at, const MessageReceived& event);
  template <class Other>
  void note(const Device&, Instant, const Other&) {}

  std::vector<std::pair<DeviceIndex, DeviceIndex>> wanted_pairs_;
  std::map<std::pair<DeviceIndex, DeviceId>, Instant> paired_;
  std::map<DeviceIndex, std::string> pairing_failures_;
  std::map<std::string, SendFacts> sends_;
  std::map<std::string, MessageFacts> messages_;
};

}  // namespace kith::sim
