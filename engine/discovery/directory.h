#pragma once

// This device in the Mainline DHT: what it publishes of itself, and where others say they are, as
// pkarr packets (pkarr.h, schemas/discovery.md).
//
//   publish --> [number durable] --> put --> again after a while, at once when something changes
//   look_up --> get --> get again, later and later, until somebody stops --> Sighting
//
// It has a node of its own on a socket of its own. The node's table and the last sequence number
// are kept across restarts. It does not own: who is looked for, what is dialled.

#include <map>
#include <memory>

#include "engine/discovery/dht/node.h"
#include "engine/discovery/effects.h"
#include "engine/discovery/pkarr.h"
#include "kith/store.h"

namespace kith::discovery {

// Where it is kept.
inline constexpr std::string_view kDhtStoreKey = "discovery/dht";
inline constexpr std::string_view kSequenceStoreKey = "discovery/sequence";

class Directory {
 public:
  // Items are forgotten after two hours (BEP 44), and the nodes that had them may leave before.
  static constexpr Duration kRepublishEvery = std::chrono::minutes(30);
  // What is new is put again sooner, then after twice as long each time: who took it at first may
  // have been there to make it vanish.
  static constexpr Duration kFirstRepublish = std::chrono::minutes(1);
  // How long what was found is worth a try.
  static constexpr Duration kSightingLife = std::chrono::hours(2);
  static constexpr std::size_t kMostLookUps = 32;

  Directory(const kith::Discovery& config, const RestoredState& restored, Naming naming,
            RandomSource random);

  // What is published under a key, instead of what was; sealed for those who have `sealing`.
  void publish(Instant now, std::int64_t unix_ms, const std::shared_ptr<const KeyPair>& key,
               const SecretKey& sealing, pkarr::Presence presence);
  // No more, though what others have of it stays until they forget it.
  void withdraw(const DeviceId& key);

  // Looks until stop() or `until`.
  void look_up(Instant now, const DeviceId& who, const SecretKey& sealing, Instant until);
  void stop(const DeviceId& who);

  void set_networks(Instant now, const std::vector<NetworkInterface>& interfaces);
  bool owns(SocketId socket) const { return socket_ == socket; }
  bool owns(StoreOpId op) const { return numbered_.contains(op) || saving_ == op; }
  void socket_opened(Instant now, SocketId socket);
  // Opens another one after a while.
  void socket_failed(Instant now);
  void host_resolved(Instant now, const HostResolved& resolved);
  void stored(Instant now, const StoreCompleted& completed);
  void handle_datagram(Instant now, const DatagramsReceived& datagram);
  void on_wakeup(Instant now, std::int64_t unix_ms);

  std::optional<Effect> poll_effect();
  std::optional<Transmit> poll_datagrams(SocketId socket, std::span<std::byte> out);
  std::optional<Instant> next_wakeup() const;

  // Where others in the DHT see this device, without a port.
  std::optional<Address> external_ip() const;
  const dht::DhtNode* node() const { return node_ ? &*node_ : nullptr; }

 private:
  struct Publication {
    std::shared_ptr<const KeyPair> key;
    SecretKey sealing;
    pkarr::Presence presence;
    Instant due;
    Duration pause{};    // after the last failure
    Duration refresh{};  // after the last success
    std::optional<RequestId> putting;
    bool numbering = false;  // waits for its number to be durable
  };
  struct LookUp {
    SecretKey sealing;
    Instant until;
    Instant due;
    Duration pause{};
    std::optional<RequestId> getting;
  };

  void open();
  void enter(Instant now);
  void leave();
  void resolve_hosts(Instant now);
  std::vector<Address> bootstrap() const;
  dht::Scope scope() const;
  void drain(Instant now);
  void on_event(Instant now, const dht::Found& event);
  void on_event(Instant now, const dht::GetDone& event);
  void on_event(Instant now, const dht::PutDone& event);
  void on_event(Instant now, const dht::Bootstrapped& event);
  void on_event(Instant now, const dht::Lonely& event);
  template <class Other>
  void on_event(Instant, const Other&) {}
  void number(std::int64_t unix_ms, Publication& publication);
  void put(Instant now, Publication& publication);
  static void try_later(Instant now, Publication& publication);
  void get(Instant now, const DeviceId& who, LookUp& look_up);
  void save();

  std::vector<std::string> hosts_;
  std::uint16_t port_;
  Naming naming_;
  RandomSource random_;
  Bytes saved_;
  std::int64_t last_number_ = 0;

  std::optional<SocketId> socket_;
  bool socket_open_ = false;
  bool online_ = false;
  std::map<ResolveId, std::string> resolving_;
  std::vector<Address> entrances_;
  Instant resolve_at_ = Instant::never();
  std::optional<dht::DhtNode> node_;
  Instant save_at_ = Instant::never();

  std::map<DeviceId, Publication> publications_;
  std::map<StoreOpId, DeviceId> numbered_;  // whose number is being stored
  std::optional<StoreOpId> saving_;
  std::map<DeviceId, LookUp> look_ups_;
  std::uint64_t last_request_ = 0;
  std::deque<Outgoing> outgoing_;
  std::deque<Effect> effects_;
};

}  // namespace kith::discovery
