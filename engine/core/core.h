#pragma once

// The engine put together: one QUIC endpoint, the registries, and the protocols on top. It routes
// and owns; decisions live in the parts.
//
//   inputs --> endpoint --events--> protocol by ALPN --outputs--> endpoint, dialer, driver
//          \-> commands ----------> protocols, sockets, devices
//          \-> completions -------> the protocol that owns the id
//
// After every input the parts are drained until none has anything left to say.

#include <deque>
#include <map>
#include <memory>
#include <set>

#include "engine/application/application.h"
#include "engine/connectivity/dialer.h"
#include "engine/core/access.h"
#include "engine/core/revocations.h"
#include "engine/core/socket_table.h"
#include "engine/crypto/identity.h"
#include "engine/discovery/locator.h"
#include "engine/messaging/messaging.h"
#include "engine/pairing/pairing.h"
#include "engine/quic/endpoint.h"
#include "engine/registry/device_registry.h"
#include "engine/registry/protocol_registry.h"
#include "kith/engine.h"

namespace kith {

class Engine::Core {
 public:
  Core(const Config& config, const MasterKey& key, const RestoredState& restored, const Seed& seed,
       Instant now, std::int64_t unix_ms);

  void handle(Instant now, const Input& input);
  std::optional<Output> poll_output();
  std::optional<Transmit> poll_datagrams(Instant now, SocketId socket, std::span<std::byte> out,
                                         std::size_t max_segments);
  std::optional<Wakeup> next_wakeup() const;
  DeviceId id() const { return identity_.id(); }
  // Whether every protocol of the configuration could be registered.
  const Result<void>& registered() const { return registered_; }
  std::vector<DeviceSummary> devices() const { return devices_.summaries(); }
  std::map<std::string_view, std::uint64_t> counters() const;
  void check_invariants() const;

 private:
  // An application code for connections cut because a device was removed or blocked.
  static constexpr std::uint64_t kRevoked = 0x6b01;
  // And for all connections when the device ends.
  static constexpr std::uint64_t kLeaving = 0x6b02;
  // How long a dial waits for addresses that discovery may find: multicast DNS takes a second, a
  // walk through the DHT some more, and who enters it first has to find its way in.
  static constexpr Duration kDiscoveryPatience = std::chrono::seconds(20);
  // Two people who read words to each other do not begin at one moment.
  static constexpr Duration kMeetingPatience = std::chrono::seconds(60);
  // The owner of effects that belong to no protocol.
  static constexpr std::uint16_t kOwnEffects = 0xffff;

  struct Link {  // one connected peer
    std::uint16_t protocol = 0;
    DeviceId peer;
    bool paired = false;
    Address remote;  // when it connected
  };
  struct Clock {
    Instant at;
    std::int64_t unix_ms = 0;
  };

  enum class Proof : std::uint8_t { key, secret, provisional_secret };

  void register_protocols(const Config& config, const RestoredState& restored, RandomSource& root);
  Result<void> register_applications(const std::vector<ApplicationProtocol>& protocols);

  void on_input(Instant now, const DatagramsReceived& input);
  void on_input(Instant now, const SocketOpened& input);
  void on_input(Instant now, const SocketFailed& input);
  void on_input(Instant, const SocketWritable&) {}  // the driver polls
  void on_input(Instant now, const TimerFired& input);
  void on_input(Instant now, const NetworkChanged& input);
  void on_input(Instant now, const HostResolved& input);
  void on_input(Instant now, const WallClock& input);
  void on_input(Instant now, const Entropy& input);
  void on_input(Instant now, const StoreCompleted& input);
  void on_input(Instant now, const FileCompleted& input);
  void on_input(Instant now, const ComputeCompleted& input);
  void on_input(Instant now, const Command& input);

  void on_command(Instant now, const Listen& command);
  void on_command(Instant now, const Cancel& command);
  void on_command(Instant now, const AddDeviceAddress& command);
  void on_command(Instant now, const RemoveDevice& command);
  void on_command(Instant now, const BlockDevice& command);
  void on_command(Instant now, const Connect& command);
  template <class Other>  // commands of protocols
  void on_command(Instant, const Other&) {}

  void pump(Instant now);
  void on_event(Instant now, const quic::Connected& event);
  void on_event(Instant now, const StreamOpened& event);
  void on_event(Instant now, const StreamReady& event);
  void on_event(Instant now, const quic::StreamReadable& event);
  void on_event(Instant now, const StreamWritable& event);
  void on_event(Instant now, const StreamReset& event);
  void on_event(Instant now, const StreamStopped& event);
  void on_event(Instant now, const quic::Closed& event);
  template <class StreamEvent>
  void to_protocol_of(Instant now, ConnectionId connection, const StreamEvent& event);

  void carry_out(Instant now, std::uint16_t owner, const DialDevice& output);
  void carry_out(Instant now, std::uint16_t owner, const DialKey& output);
  void carry_out(Instant now, std::uint16_t owner, const DialPeer& output);
  void carry_out(Instant now, std::uint16_t owner, const CloseConnection& output);
  void carry_out(Instant now, std::uint16_t owner, const OpenStream& output);
  void carry_out(Instant now, std::uint16_t owner, const StreamWrite& output);
  void carry_out(Instant now, std::uint16_t owner, const AwaitWritable& output);
  void carry_out(Instant now, std::uint16_t owner, const StreamCredit& output);
  void carry_out(Instant now, std::uint16_t owner, const ResetStream& output);
  void carry_out(Instant now, std::uint16_t owner, const StopStream& output);
  void carry_out(Instant now, std::uint16_t owner, const StoreCommit& output);
  template <class Effect>  // what the driver carries out
  void carry_out(Instant, std::uint16_t, const Effect& output) {
    outputs_.push_back(output);
  }

  void dial(Instant now, DialId dial, DialTarget target, Duration patience);
  discovery::Naming naming();
  void update_locator(Instant now);
  void drain_locator(Instant now);
  void carry_out(Instant now, const discovery::Found& output);
  template <class Effect>  // what the driver carries out, and events
  void carry_out(Instant, const Effect& output) {
    outputs_.push_back(output);
  }
  DialTarget target_by_pairing(Instant now, std::uint16_t owner, const DeviceId& device);
  void tell_unpaired(Instant now, DialId dial, const DeviceId& device);
  void tell_lost(Instant now, const Dialer::Lost& lost);
  void tell_lost(Instant now, const std::vector<Dialer::Lost>& lost);
  std::optional<Dialer::LocalSocket> socket_for(const Address& remote);
  std::optional<Proof> proof_of(Instant now, const quic::Connected& event,
                                const std::optional<Dialer::Won>& won);
  void note_connected(Instant now, const quic::Connected& event, Proof proof);
  void cut_connections(Instant now, const DeviceId& device);
  bool has_connection(const DeviceId& device) const;
  Protocol& protocol_at(std::uint16_t index) { return *protocols_.entries()[index].protocol; }
  void give(Instant now, std::uint16_t owner, const ProtocolInput& input);
  std::int64_t unix_ms(Instant now) const;
  void emit(Event event) { outputs_.push_back(std::move(event)); }
  void emit_device(const DeviceId& device);

  Clock clock_;
  Instant now_;  // of the input being handled
  Identity identity_;
  std::shared_ptr<const KeyPair> own_key_;
  DeviceRegistry devices_;
  ProtocolRegistry protocols_;
  // Owned by protocols_.
  pairing::PairingProtocol* pairing_ = nullptr;
  messaging::MessagingProtocol* messaging_ = nullptr;
  std::vector<const application::ApplicationMachine*> applications_;
  Result<void> registered_;
  std::optional<AccessPolicy> access_;
  std::optional<quic::Endpoint> endpoint_;
  std::optional<Dialer> dialer_;
  std::optional<discovery::Locator> locator_;
  std::uint64_t last_resolve_ = 0;
  // What the locator has been told of.
  std::uint64_t told_devices_ = 0;
  std::optional<std::uint64_t> told_sockets_;
  SocketTable sockets_;
  EffectIds ids_{kOwnEffects};
  std::map<ConnectionId, Link> links_;
  Revocations revocations_{ids_};
  std::map<std::string_view, std::uint64_t> counters_;
  std::deque<Output> outputs_;
};

}  // namespace kith
