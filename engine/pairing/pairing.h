#pragma once

// kith/pair/1 (schemas/pairing.md): two devices that share twelve words for five minutes come to
// share a secret for good. This protocol owns the live code, who may try it and how often, and one
// session for each connection (session.h).
//
//   StartPairing --> PairingCodeReady --(a joiner knows the words)--> PairingConfirmationNeeded
//   JoinPairing  --> dials the rendezvous key the words name -------> PairingConfirmationNeeded
//   ConfirmPairing ------------------------------------------------> Paired | PairingFailed
//
// A code lives in memory only, is used up by the first pairing that is stored, and is never voided
// by failed attempts. A provisional record, left when the last message was lost, is finished by
// finish_provisional() as soon as its secret is proven on any connection.
// It does not own: connections and TLS, the registry's records, discovery of addresses.

#include <deque>
#include <map>
#include <memory>
#include <optional>

#include "engine/pairing/code.h"
#include "engine/pairing/session.h"
#include "engine/registry/device_registry.h"
#include "engine/registry/protocol.h"
#include "engine/wire/frame.h"

namespace kith::pairing {

inline constexpr std::string_view kPairingAlpn = "kith/pair/1";

// A stranger who learnt the rendezvous key can try, each time with a fresh TLS key. So many
// attempts may run at once; one more ends the oldest that has proven nothing yet. The true joiner
// needs two round trips.
inline constexpr std::size_t kMaxAttempts = 32;
// A TLS key that failed this often is not listened to again while the code lives.
inline constexpr std::uint32_t kMaxFailuresPerKey = 3;
// The failures of so many keys are remembered; the oldest are forgotten first.
inline constexpr std::size_t kMaxFailedKeys = 1024;

struct PairingConfig {
  Duration code_lifetime = std::chrono::minutes(5);
  std::string device_name;
};

class PairingProtocol final : public Protocol {
 public:
  // `identity` and `registry` outlive the protocol.
  PairingProtocol(PairingConfig config, const Identity& identity, DeviceRegistry& registry,
                  EffectIds ids, RandomSource random);

  void handle(Instant now, const ProtocolInput& input) override;
  std::optional<ProtocolOutput> poll_output() override;
  std::optional<Wakeup> next_wakeup() const override;
  void mix(ByteView entropy) override { random_.mix(entropy); }
  void check_invariants() const override;

  // The clock that records carry.
  void set_unix_ms(std::int64_t unix_ms) { unix_ms_ = unix_ms; }

  // The key pair of the live code, if `key` names it.
  std::shared_ptr<const KeyPair> rendezvous_key(const DeviceId& key) const;

  // The keys of the live code.
  const CodeKeys* live_code() const { return code_ ? &code_->keys : nullptr; }

  // The peer has proven the provisional secret on a connection: that is its commit.
  void finish_provisional(const DeviceId& peer);

  const std::map<std::string_view, std::uint64_t>& counters() const { return counters_; }

 private:
  struct Code {
    RequestId request;
    CodeKeys keys;
    Instant expires;
    std::optional<ConnectionId> claimed_by;  // the attempt whose joiner knows the words
    std::map<DeviceId, std::uint32_t> failures;
    std::deque<DeviceId> failed_keys;  // in the order they first failed
  };
  struct Join {
    RequestId request;
    CodeKeys keys;
    std::shared_ptr<const KeyPair> own_key;
  };
  struct Attempt {
    RequestId request;
    DeviceId tls_key;
    Address remote;  // where the peer is
    std::unique_ptr<Session> session;
    std::optional<StreamId> stream;
    wire::FrameReader frames{kMaxFrameBytes};
    std::deque<Message> unsent;  // until the stream is there
    std::optional<StoreOpId> write;
    std::optional<DeviceRecord> written;
    std::optional<DeviceRecord> before;  // the peer's record, if it had one when writing began
    bool connected = true;
  };
  using Attempts = std::map<ConnectionId, Attempt>;

  void on_input(Instant now, const ConnectionOpened& input);
  void on_input(Instant now, const DialFailed& input);
  void on_input(Instant now, const ConnectionClosed& input);
  void on_input(Instant now, const StreamOpened& input);
  void on_input(Instant now, const StreamReady& input);
  void on_input(Instant now, const StreamReceived& input);
  void on_input(Instant, const StreamWritable&) {}
  void on_input(Instant now, const StreamReset& input);
  void on_input(Instant now, const StreamStopped& input);
  void on_input(Instant now, const TimerDue& input);
  void on_input(Instant, const FileCompleted&) {}
  void on_input(Instant now, const StoreCompleted& input);
  void on_input(Instant, const ComputeCompleted&) {}
  void on_input(Instant now, const Command& input);

  void on_command(Instant now, const StartPairing& command);
  void on_command(Instant now, const JoinPairing& command);
  void on_command(Instant now, const ConfirmPairing& command);
  void on_command(Instant now, const Cancel& command);
  void on_command(Instant now, const RemoveDevice& command);
  void on_command(Instant now, const BlockDevice& command);
  template <class Other>  // other protocols' commands
  void on_command(Instant, const Other&) {}

  void open_as_joiner(Instant now, const ConnectionOpened& input, const Join& join);
  void open_as_acceptor(Instant now, const ConnectionOpened& input);
  void make_room_for_attempt(Instant now);

  void revoke(Instant now, const DeviceId& device);
  // Carries out what a session asks; forgets the attempt when it is over.
  void drain(Instant now, Attempts::iterator attempt);
  void carry_out(Instant now, Attempts::iterator attempt, SessionOutput output);
  void ask_person(Instant now, Attempts::iterator attempt, const AskPerson& ask);
  void write(Attempts::iterator attempt, const Write& write);
  void end(Attempts::iterator attempt, const Finished& finished);
  void end(Attempts::iterator attempt, const Failed& failed);
  void withdraw(const Attempt& attempt, const DeviceId& peer);
  void note_failure(const DeviceId& tls_key);
  void send(const Attempts::iterator& attempt, const Message& message);
  void close(ConnectionId connection, Rejection reason);
  void emit(Event event) { outputs_.push_back(std::move(event)); }
  void emit_device(const DeviceId& device);
  bool claims_code(ConnectionId connection) const;

  PairingConfig config_;
  const Identity& identity_;
  DeviceRegistry& registry_;
  EffectIds ids_;
  RandomSource random_;
  std::int64_t unix_ms_ = 0;
  std::optional<Code> code_;
  std::map<DialId, Join> joins_;
  Attempts attempts_;
  std::map<StoreOpId, DeviceId> amendments_;  // promotions and withdrawals being written
  std::deque<ProtocolOutput> outputs_;
  std::map<std::string_view, std::uint64_t> counters_;
};

}  // namespace kith::pairing
