#pragma once

// Two devices that run the messaging protocol over perfect streams, without QUIC. Tests cut
// connections, let store commits fail or wait, and restart a device from what its store holds.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/messaging/messaging.h"

namespace kith::messaging {

class Fabric {
 public:
  static constexpr int kAlice = 0;
  static constexpr int kBob = 1;

  struct Device {
    DeviceId id;
    RestoredState store;
    std::unique_ptr<DeviceRegistry> registry;
    std::unique_ptr<MessagingProtocol> protocol;
    std::vector<Event> events;
    bool reachable = true;      // by a dial
    bool acknowledges = false;  // what it receives, at once
    std::uint64_t life = 0;

    template <class Kind>
    std::vector<Kind> all() const {
      std::vector<Kind> found;
      for (const auto& event : events) {
        if (const auto* kind = std::get_if<Kind>(&event)) found.push_back(*kind);
      }
      return found;
    }
    // Of the messages received in this life and those before, in order.
    std::vector<std::string> bodies() const;
  };

  Fabric();

  Device& alice() { return devices_[kAlice]; }
  Device& bob() { return devices_[kBob]; }

  void command(int side, const Command& command);
  // Alice queues a message for Bob.
  void send(const std::string& body);
  // Bob's application takes messages.
  void receive();
  void pass(Duration time);
  // Ends the only connection, if there is one.
  void cut();
  // The device forgets all but its store; what it had asked for is lost.
  void restart(int side);
  // The same, and the other side does not learn that their connection is gone.
  void restart_unnoticed(int side);
  bool connected() const { return connection_.value != 0; }

  // Sees every write of a stream before it is delivered; false cuts the connection instead.
  std::function<bool(int from, const StreamWrite& write)> on_wire;
  // Sees every store commit; false makes it fail.
  std::function<bool(int side, const StoreCommit& commit)> on_commit;
  // What carries no credit back stays with its sender: bytes not credited, by receiver.
  std::uint64_t uncredited[2] = {0, 0};

  Instant now{1};

 private:
  void make(int side);
  void settle();
  void carry_out(int side, const ProtocolOutput& output);
  void connect(int side, DialId dial);
  void deliver(int from, const StreamWrite& write);
  void commit(int side, const StoreCommit& commit);
  void give(int side, const ProtocolInput& input) { devices_[side].protocol->handle(now, input); }

  Device devices_[2];
  std::uint64_t last_connection_ = 0;
  std::uint64_t last_request_ = 0;
  ConnectionId connection_;
  std::int64_t next_stream_[2] = {0, 1};
  bool settling_ = false;
};

}  // namespace kith::messaging
