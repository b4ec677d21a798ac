#pragma once

// The receiving side of one transfer: the conversation on its control stream, and the order of what
// happens to what arrives.
//
//   offer, manifest --> policy or person --> hidden tree --> accept
//   chunks --> written and hashed --> compared with the sender's digests --> published --> done
//
// Nothing is written before consent, nothing is visible before it is whole and verified, and
// nothing is acknowledged before it is durable. The states and the table of transitions are
// receiver_state.h; staging.h, writer.h, publisher.h and cleaner.h each do one step on the disk.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/transfer/chunk_stream.h"
#include "engine/transfer/chunks.h"
#include "engine/transfer/cleaner.h"
#include "engine/transfer/control.h"
#include "engine/transfer/effects.h"
#include "engine/transfer/manifest.h"
#include "engine/transfer/progress.h"
#include "engine/transfer/publisher.h"
#include "engine/transfer/receiver_state.h"
#include "engine/transfer/staging.h"
#include "engine/transfer/writer.h"
#include "kith/command.h"

namespace kith::transfer {

// What a receiver asks of the protocol it belongs to.
class Reception {
 public:
  virtual ~Reception() = default;
  virtual const SetReceivePolicy& policy() const = 0;
  // False if the id names another transfer of this device.
  virtual bool claim(TransferId transfer, MachineId machine) = 0;
};

class Receiver {
 public:
  Receiver(Effects& effects, Reception& reception, MachineId machine, const DeviceId& peer,
           ConnectionId connection, StreamId control);

  void on_connection_closed(const Error& error);
  void on_received(StreamId stream, ByteView bytes, bool fin);
  // A stream that named this transfer; false if it may not have another.
  bool adopt_stream(StreamId stream);
  void on_stream_ended(StreamId stream, std::uint64_t code);  // reset or stopped by the sender
  void on_file(const Ticket& ticket, const Result<FileOutcome>& outcome);
  void on_compute(std::uint64_t subject, const std::vector<PieceHash>& hashes);
  void on_time();
  void answer(bool accept);
  void cancel();
  // There is room among the active transfers of the connection.
  void admit();

  const std::optional<TransferId>& transfer() const { return transfer_; }
  ConnectionId connection() const { return connection_; }
  ReceiverState state() const { return state_; }
  bool active() const;
  Instant next_wakeup() const;
  bool finished() const { return state_ == ReceiverState::ended; }
  void check_invariants() const;

 private:
  struct ItemState {
    std::uint32_t files_left = 0;  // not yet stored and verified
    bool published = false;
    bool dropped = false;  // the sender gave up one of its files
  };
  struct FileState {
    bool own_digest = false;
    bool peer_digest = false;
    bool verified = false;
    bool stored = false;
  };

  // Moves to the next state; false if the event is not legal now.
  bool enter(ReceiverEvent event);
  // The event would be legal, and the transfer has not ended.
  bool open_to(ReceiverEvent event) const;
  void on_control(ByteView bytes, bool fin);
  void on_data(ChunkStream& stream, ByteView bytes, bool fin);
  bool header_acceptable(const ChunkStream& stream);

  void on_message(const Message& message);
  void on(const Offer& offer);
  void on(const ManifestPart& part);
  void on(const FileHashes& hashes);
  void on(const FileFailed& failed);
  void on(const Abort& abort);
  template <class Unexpected>
  void on(const Unexpected&);

  void on_manifest_complete();
  void on_staged();
  void advance();
  void add_digest(const FileHash& hash, bool of_peer);
  void finish_file_if_done(std::uint32_t entry);
  void publish_if_whole(std::uint32_t item);
  void announce_published();
  void finish_if_resolved();
  void return_credits();
  void send_written();
  void report_progress();

  void decline(ReceiverEvent event, ErrorCode code, std::string message);
  void violated(std::string_view reason, ErrorCode code = ErrorCode::corrupt);
  // Ends the transfer; `tell_peer` is what the sender hears, if anything.
  void fail(ReceiverEvent event, Error error, std::optional<ErrorCode> tell_peer);
  void shut_streams(std::optional<ErrorCode> code);
  void clean_if_quiet();
  void tell_outcome();
  std::size_t ops_in_flight() const;

  Effects& effects_;
  Reception& reception_;
  MachineId machine_;
  DeviceId peer_;
  ConnectionId connection_;
  Control control_;
  bool connected_ = true;

  ReceiverState state_ = ReceiverState::awaiting_offer;
  std::optional<TransferId> transfer_;
  std::optional<Offer> offer_;
  SetReceivePolicy policy_;  // as it was when the offer came
  Manifest manifest_;
  bool announced_ = false;  // the application knows of this transfer
  Instant decide_until_ = Instant::never();

  std::unique_ptr<ChunkLayout> layout_;
  std::unique_ptr<StagingPaths> paths_;
  std::unique_ptr<Staging> staging_;
  std::unique_ptr<Writer> writer_;
  std::unique_ptr<Publisher> publisher_;
  std::unique_ptr<Cleaner> cleaner_;

  std::vector<ChunkStream> streams_;
  std::size_t streams_adopted_ = 0;
  std::vector<bool> chunks_seen_;
  std::vector<ItemState> items_;
  std::size_t items_left_ = 0;
  std::vector<FileState> files_;  // by entry
  std::vector<Digest> digests_;   // by entry
  std::optional<Progress> progress_;
  std::uint64_t written_sent_ = 0;
  Instant started_;
  std::optional<Error> error_;  // what the outcome will be, if not success
};

}  // namespace kith::transfer
