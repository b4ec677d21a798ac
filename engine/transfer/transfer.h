#pragma once

// kith/transfer/1: files and directories from one paired device to another.
//
//   sender                                     receiver
//   reads the tree, dials
//   control stream:  Offer, ManifestPart ... -->  policy, or a person
//                                            <--  Accept | Decline
//   data streams:    chunk, chunk, ...       -->  written to hidden files, hashed
//   control stream:  FileHashes ...          -->  compared
//                                            <--  Written (how far), ItemDone per durable item
//                                            <--  Done
//   either side at any time: Abort
//
// The messages are in schemas/transfer.md. One object serves all transfers of a device, in both
// directions and with many peers at once. It routes inputs to a Sender or a Receiver for each
// transfer; they do the rest. It does not own: connections (it asks for them), QUIC streams, files
// (it asks for effects), or who may speak to it (Access::paired).

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "engine/base/random.h"
#include "engine/registry/protocol.h"
#include "engine/transfer/effects.h"
#include "engine/transfer/receiver.h"
#include "engine/transfer/sender.h"

namespace kith::transfer {

inline constexpr std::string_view kTransferAlpn = "kith/transfer/1";

// A connection this side dialled is closed when no transfer has used it for so long: a person who
// sends several things one after the other does not wait for a handshake each time.
inline constexpr Duration kIdleLinger = std::chrono::seconds(60);

class TransferProtocol final : public Protocol, private Reception {
 public:
  TransferProtocol(EffectIds ids, RandomSource random);

  void handle(Instant now, const ProtocolInput& input) override;
  std::optional<ProtocolOutput> poll_output() override;
  std::optional<Wakeup> next_wakeup() const override;
  void mix(ByteView entropy) override { random_.mix(entropy); }
  void check_invariants() const override;

  // Refusals, violations and limits, by reason.
  const std::map<std::string_view, std::uint64_t>& counters() const { return effects_.counters(); }

  // Transfers that have not ended, in both directions.
  std::size_t transfers_in_progress() const { return senders_.size() + receivers_.size(); }

 private:
  using StreamKey = std::pair<ConnectionId, StreamId>;

  struct Connection {
    DeviceId peer;
    bool dialled_here = false;
    Instant idle_since;
  };

  void on(const ConnectionOpened& opened);
  void on(const DialFailed& failed);
  void on(const ConnectionClosed& closed);
  void on(const StreamOpened& opened);
  void on(const StreamReady& ready);
  void on(const StreamReceived& received);
  void on(const StreamWritable& writable);
  void on(const StreamReset& reset);
  void on(const StreamStopped& stopped);
  void on(const TimerDue& due);
  void on(const FileCompleted& completed);
  void on(const StoreCompleted& completed);
  void on(const ComputeCompleted& completed);
  void on(const Command& command);

  void on_command(const ShareWithDevice& share);
  void on_command(const SetReceivePolicy& policy) { policy_ = policy; }
  void on_command(const AnswerTransfer& answer);
  void on_command(const CancelTransfer& cancel);
  void on_command(const Cancel& cancel);
  template <class OfOthers>
  void on_command(const OfOthers&) {}

  void on_unclaimed(const StreamReceived& received, Bytes& preamble);
  void on_stream_ended(ConnectionId connection, StreamId stream, std::uint64_t code);
  void refuse_stream(ConnectionId connection, StreamId stream);
  void close_idle_connections();

  // Reception
  const SetReceivePolicy& policy() const override { return policy_; }
  bool claim(TransferId transfer, MachineId machine) override;

  // After every input: lets queued receivers begin and forgets what has ended.
  void admit_queued();
  void forget_finished();
  void forget(MachineId machine);
  bool in_use(ConnectionId connection) const;

  Sender* sender(MachineId machine);
  Receiver* receiver(MachineId machine);

  Effects effects_;
  RandomSource random_;
  SetReceivePolicy policy_;
  std::uint64_t next_machine_ = 0;
  std::map<MachineId, std::unique_ptr<Sender>> senders_;
  std::map<MachineId, std::unique_ptr<Receiver>> receivers_;
  std::map<TransferId, MachineId> transfers_;
  std::map<ConnectionId, Connection> connections_;
  std::map<StreamKey, MachineId> streams_;
  std::map<StreamKey, Bytes> unclaimed_;  // data streams that have not yet named their transfer
};

}  // namespace kith::transfer
