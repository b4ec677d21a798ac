#pragma once

// Devices that run the pairing protocol over a fabric of perfect streams, without QUIC: what one
// writes the other receives, in the order written. Tests step it, look at what passes and change
// it.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/pairing/pairing.h"

namespace kith::pairing {

template <class T>
std::vector<T> events_of(const std::vector<Event>& events) {
  std::vector<T> found;
  for (const Event& event : events) {
    if (const auto* match = std::get_if<T>(&event)) found.push_back(*match);
  }
  return found;
}

class Fabric;

class Device {
 public:
  Device(Fabric& fabric, std::uint8_t number);

  void command(const Command& command);
  // Pairing anew from what the store holds, as after a restart.
  void restart();
  // Makes the commits that waited durable, in order, and those that come from now on at once.
  void complete_store();

  Fabric& fabric;
  std::uint8_t number;
  Identity identity;
  RestoredState store;
  std::unique_ptr<DeviceRegistry> registry;
  std::unique_ptr<PairingProtocol> protocol;
  std::vector<Event> events;
  bool accepts = true;  // what the person answers
  bool answers = true;  // whether the person answers at all
  bool store_works = true;
  bool store_waits = false;  // until complete_store()

 private:
  friend class Fabric;
  void make(std::uint64_t life);
  void commit(const StoreCommit& commit);
  std::deque<StoreCommit> waiting_;
  std::uint64_t lives_ = 0;
};

class Fabric {
 public:
  explicit Fabric(std::size_t devices);

  Device& operator[](std::size_t index) { return *devices_[index]; }
  std::size_t size() const { return devices_.size(); }

  // Device `at` becomes a copy of device `of`, with the same master key.
  void make_twin(std::size_t of, std::size_t at);

  // Carries out everything that is pending, without letting time pass.
  void settle();
  void pass(Duration time);

  // Starts pairing on `initiator` and returns the entropy of its words.
  CodeEntropy start(std::size_t initiator);
  void join(std::size_t joiner, const CodeEntropy& entropy);

  // Sees every frame before it is delivered; false drops the connection instead.
  std::function<bool(Bytes& frame)> on_wire;
  // Sees every connection that is opened.
  std::function<void(ConnectionOpened& joiner, ConnectionOpened& acceptor)> on_open;
  static Address address_of(std::size_t device) {
    return Address::v4(10, 0, 0, static_cast<std::uint8_t>(device), 4433);
  }

  // A stranger's connection to the rendezvous of `to`, and what it sends there.
  ConnectionId connect_stranger(std::size_t to, const CodeEntropy& entropy,
                                const DeviceId& tls_key);
  void send_from_stranger(ConnectionId connection, ByteView bytes);
  bool is_open(ConnectionId connection) const { return ends_.contains(connection); }
  void cut(ConnectionId connection);
  std::vector<ConnectionId> connections() const;

  Instant now{1};

 private:
  static constexpr std::size_t kStranger = ~std::size_t{0};
  struct End {
    std::size_t a = 0;  // the dialing device
    std::size_t b = 0;
  };

  bool step(std::size_t index);
  void carry_out(std::size_t index, const ProtocolOutput& output);
  void deliver(std::size_t to, const ProtocolInput& input);
  void dial(std::size_t from, const DialKey& dial);
  void write(std::size_t from, const StreamWrite& write);
  void close(std::size_t from, const CloseConnection& close);
  std::size_t other(std::size_t index, const End& end) const {
    return end.a == index ? end.b : end.a;
  }

  std::vector<std::unique_ptr<Device>> devices_;
  std::map<ConnectionId, End> ends_;
  std::uint64_t last_connection_ = 0;
};

}  // namespace kith::pairing
