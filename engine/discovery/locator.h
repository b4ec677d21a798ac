#pragma once

// Finds devices and lets this one be found (schemas/discovery.md).
//
//   people, connections         |
//   lan.h: multicast DNS        +--> address_book.h --> best() for a dial
//   directory.h: Mainline DHT   |                   --> Found: who dials tries these as well
//
// It does not own: dials, who is paired, sockets that speak QUIC. What it says is never believed:
// who is reached at an address proves who he is.

#include <functional>
#include <memory>
#include <string_view>

#include "engine/discovery/address_book.h"
#include "engine/discovery/directory.h"
#include "engine/discovery/lan.h"
#include "kith/engine.h"
#include "kith/event.h"

namespace kith::discovery {

// Somebody who is looked for has been seen where he was not known to be.
struct Found {
  DeviceId who;
};
using LocatorOutput = std::variant<OpenSocket, CloseSocket, JoinGroup, LeaveGroup, ResolveHost,
                                   StoreCommit, kith::Event, Found>;

// What two people share who meet by words: the key they meet under, and what seals addresses.
struct Meeting {
  std::shared_ptr<const KeyPair> rendezvous;
  std::array<std::byte, 32> sealing_secret{};
};

class Locator {
 public:
  using UnixMs = std::function<std::int64_t(Instant now)>;

  // `identity` outlives the locator.
  Locator(const Config& config, std::string device_name, const Identity& identity,
          const RestoredState& restored, UnixMs unix_ms, Naming naming, RandomSource random);

  // Whether anything but people tells it where devices are.
  bool searches() const { return lan_ || directory_; }

  // --- what is true of this device ---------------------------------------------------------------

  void set_networks(Instant now, const NetworkChanged& networks);
  // The sockets at which others reach it.
  void set_listening(Instant now, const std::vector<Address>& local);
  // The words that are shown now.
  void set_meeting(Instant now, const std::optional<Meeting>& meeting);
  void set_peers(Instant now, std::vector<Peer> peers);

  // --- where others are --------------------------------------------------------------------------

  void learn_manual(Instant now, const DeviceId& device, const Address& address);
  void learn_connected(Instant now, const DeviceId& device, const Address& address);
  void forget(const DeviceId& device) { book_.forget(device); }
  // None at which this device itself listens.
  std::vector<Address> best(Instant now, const DeviceId& who, std::size_t most) const;

  // From now until then, every way to find it is tried. A meeting is sealed by its own secret.
  void look_for(Instant now, const DeviceId& who, Instant until,
                const std::optional<std::array<std::byte, 32>>& sealing_secret = {});
  // Nobody answered at this address: who said that it is there is asked again.
  void not_reached(Instant now, const DeviceId& who, const Address& address);
  // Who was looked for has been reached.
  void stop_looking(const DeviceId& who);

  // --- the driver's side -------------------------------------------------------------------------

  bool owns(SocketId socket) const;
  bool owns(StoreOpId op) const { return directory_ && directory_->owns(op); }
  void socket_opened(Instant now, SocketId socket);
  void socket_failed(Instant now, SocketId socket);
  void stored(Instant now, const StoreCompleted& completed);
  void host_resolved(Instant now, const HostResolved& resolved);
  void handle_datagrams(Instant now, const DatagramsReceived& batch);
  void on_wakeup(Instant now);

  std::optional<LocatorOutput> poll_output(Instant now);
  std::optional<Transmit> poll_datagrams(SocketId socket, std::span<std::byte> out);
  std::optional<Instant> next_wakeup(Instant now) const;

  void add_counters(std::map<std::string_view, std::uint64_t>& to) const;

 private:
  void publish(Instant now);
  std::vector<Address> own_addresses() const;
  pkarr::Presence presence() const;
  std::string name_of(const DeviceId& device) const;
  const Peer* peer(const DeviceId& device) const;
  void take(Instant now, Sighting sighting);
  void take(Instant now, Stranger stranger);
  template <class Other>
  void take(Instant, Other effect) {
    outputs_.emplace_back(std::move(effect));
  }

  Discovery config_;
  const Identity& identity_;
  std::shared_ptr<const KeyPair> own_key_;
  UnixMs unix_ms_;
  AddressBook book_;
  std::optional<Lan> lan_;
  std::optional<Directory> directory_;
  std::vector<NetworkInterface> interfaces_;
  std::vector<Address> listening_;
  std::optional<Meeting> meeting_;
  std::vector<Peer> peers_;
  std::optional<Address> external_ip_;  // as it was when last published
  std::deque<LocatorOutput> outputs_;
};

}  // namespace kith::discovery
