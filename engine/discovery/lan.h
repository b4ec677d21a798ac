#pragma once

// This device on its LANs: under which names it is announced by multicast DNS, and which of the
// neighbours it knows.
//
//   networks, port, pairing --> names and TXT --> mdns/        sockets and groups
//   mdns/ --> neighbour --> a paired device by its label | a meeting by its key | a stranger
//
// Names: a paired device alone recognises the blinded label (instance_names.h), which changes every
// hour. While words are shown, and always for a visible device, the device's name stands openly
// beside it, with what a joiner looks for in its TXT: "pair=<rendezvous key>", "id=<device>".

#include <map>
#include <set>

#include "engine/discovery/effects.h"
#include "engine/discovery/mdns/mdns.h"

namespace kith::discovery {

class Lan {
 public:
  static constexpr Duration kFirstOpenPause = std::chrono::minutes(1);
  static constexpr Duration kLongestOpenPause = std::chrono::hours(1);

  Lan(const Discovery& config, std::string device_name, const DeviceId& own_id,
      const VisibilityKey& own_key, Naming naming, RandomSource random);

  void set_networks(Instant now, const std::vector<NetworkInterface>& interfaces);
  // Where others reach this device; nowhere while it does not listen. What is announced has the
  // port of the first, and those addresses alone at which something listens on it.
  void set_listening(Instant now, std::int64_t unix_ms, const std::vector<Address>& local);
  // The key under which a joiner looks for this device.
  void set_meeting(Instant now, std::int64_t unix_ms, const std::optional<DeviceId>& rendezvous);
  void set_peers(std::int64_t unix_ms, std::vector<Peer> peers);
  // Nobody answered at an address: if it was announced here, whoever announced it is asked whether
  // that still holds, and is there no more without an answer (RFC 6762 section 10.4).
  void not_reached(Instant now, const DeviceId& who, const Address& address);

  bool owns(SocketId socket) const { return sockets_.contains(socket); }
  void socket_opened(Instant now, SocketId socket);
  // Tries another one after a while, ever more seldom: where a program has the port to itself there
  // is no multicast DNS.
  void socket_failed(Instant now, SocketId socket);
  void handle_datagram(Instant now, const DatagramsReceived& datagram);
  void on_wakeup(Instant now, std::int64_t unix_ms);

  std::optional<Effect> poll_effect();
  std::optional<Transmit> poll_datagrams(SocketId socket, std::span<std::byte> out);
  std::optional<Instant> next_wakeup(Instant now, std::int64_t unix_ms) const;

  const mdns::Counters& counters() const { return mdns_.counters(); }

 private:
  struct Socket {
    Address::Family family = Address::Family::ipv4;
    bool open = false;
    std::set<std::uint32_t> joined;  // interfaces
  };
  using Place = std::pair<std::uint32_t, std::string>;  // interface and label

  void announce(Instant now, std::int64_t unix_ms);
  void join_groups(Instant now);
  void update_interfaces(Instant now);
  void drain();
  void on_event(const mdns::InstanceFound& event);
  void on_event(const mdns::InstanceUpdated& event);
  void on_event(const mdns::InstanceLost& event);
  void on_event(const mdns::InstanceConflict&) {}  // the next name serves as well
  bool is_peer(const DeviceId& id) const;
  std::optional<DeviceId> who_is(const mdns::Neighbour& neighbour) const;
  void tell(const DeviceId& who);
  void tell_stranger(const mdns::Neighbour& neighbour);
  std::vector<Address> addresses_of(const DeviceId& who) const;
  bool listens_at(const Address& ip) const;
  std::vector<mdns::Interface> usable() const;

  Discovery config_;
  std::string device_name_;
  DeviceId own_id_;
  VisibilityKey own_key_;
  Naming naming_;
  std::string host_label_;
  mdns::Mdns mdns_;

  std::vector<NetworkInterface> interfaces_;
  std::vector<Address> listening_;
  std::optional<DeviceId> meeting_;
  std::vector<Peer> peers_;
  std::map<std::string, DeviceId> labels_;  // by which paired devices are recognised now
  std::int64_t hour_ = 0;                   // that labels_ and the announced label are of
  std::map<Place, mdns::Neighbour> neighbours_;
  std::map<Place, DeviceId> known_;
  std::map<SocketId, Socket> sockets_;
  Instant open_at_ = Instant::never();
  Duration open_pause_ = kFirstOpenPause;
  std::deque<Outgoing> outgoing_;
  std::deque<Effect> effects_;
};

}  // namespace kith::discovery
