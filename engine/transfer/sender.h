#pragma once

// The sending side of one transfer: the conversation on its control stream, and chunks onto its
// data streams. Reading the tree is walk.h, reading the files is reader.h; the states and the
// table of transitions are sender_state.h.

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "engine/transfer/chunks.h"
#include "engine/transfer/control.h"
#include "engine/transfer/effects.h"
#include "engine/transfer/manifest.h"
#include "engine/transfer/progress.h"
#include "engine/transfer/reader.h"
#include "engine/transfer/sender_state.h"
#include "engine/transfer/walk.h"
#include "kith/command.h"

namespace kith::transfer {

class Sender {
 public:
  Sender(Effects& effects, MachineId machine, TransferId transfer, const ShareWithDevice& share);

  void start();

  void on_connected(ConnectionId connection);
  void on_dial_failed(const Error& error);
  void on_connection_closed(const Error& error);
  void on_stream_ready(std::uint64_t tag, StreamId stream);
  void on_received(StreamId stream, ByteView bytes, bool fin);
  void on_writable(StreamId stream);
  void on_stream_ended(StreamId stream, std::uint64_t code);  // reset or stopped by the receiver
  void on_file(const Ticket& ticket, const Result<FileOutcome>& outcome);
  void on_compute(std::uint64_t subject, const std::vector<PieceHash>& hashes);
  void on_time();
  void cancel();

  TransferId transfer() const { return transfer_; }
  RequestId request() const { return share_.request; }
  std::optional<ConnectionId> connection() const { return connection_; }
  SenderState state() const { return state_; }
  Instant next_wakeup() const;
  // The outcome was told and nothing is in flight: it may be destroyed.
  bool finished() const;
  void check_invariants() const;

 private:
  // One of the kDataStreams. A stream is blocked from the moment more than the low-water mark was
  // put on it at once until it is writable again. A primed stream holds an unknown amount below
  // the mark, so only such a burst, or the very last bytes, may follow: else the mark is never
  // crossed and memory never bounded.
  struct DataStream {
    std::uint64_t tag = 0;
    StreamId stream;
    bool ready = false;
    bool primed = false;
    bool blocked = false;
  };
  struct ItemState {
    std::uint32_t digests_left = 0;
    bool done = false;
    bool dropped = false;  // refused, or one of its files failed
  };

  // Moves to the next state; false if the event is not legal now.
  bool enter(SenderEvent event);
  void prepare_further();
  void begin_offer();
  void send_manifest();
  void begin_sending();

  void on_message(const Message& message);
  void on(const Accept& accept);
  void on(const Decline& decline);
  void on(const Written& written);
  void on(const ItemDone& done);
  void on(const Done& done);
  void on(const Abort& abort);
  template <class Unexpected>
  void on(const Unexpected&);

  void advance();
  void send_digests();
  void send_chunks();
  void write_chunk(const DataStream& stream, const Reader::ReadyChunk& chunk);
  void finish_if_all_sent();
  void end_streams();

  void report_progress();
  void complete();
  void violated(std::string_view reason);
  // Ends the transfer; `tell_peer` is what the receiver hears, if anything.
  void fail(SenderEvent event, Error error, std::optional<ErrorCode> tell_peer);

  Effects& effects_;
  MachineId machine_;
  TransferId transfer_;
  ShareWithDevice share_;
  std::vector<NamedPath> paths_;
  std::vector<std::string> destination_;

  SenderState state_ = SenderState::preparing;
  std::unique_ptr<Walk> walk_;
  bool walked_ = false;
  std::optional<ConnectionId> connection_;
  std::uint64_t control_tag_ = 0;
  std::optional<Control> control_;

  Manifest manifest_;
  std::uint32_t manifest_sent_ = 0;  // entries
  std::unique_ptr<ChunkLayout> layout_;
  std::unique_ptr<Reader> reader_;
  std::vector<DataStream> streams_;
  std::size_t next_stream_ = 0;

  std::vector<ItemState> items_;
  std::vector<Digest> digests_;      // by entry
  std::uint64_t digests_left_ = 0;   // of files whose item is not dropped
  std::optional<Error> item_error_;  // of the first item that failed
  std::optional<Progress> progress_;
  Instant started_;
};

}  // namespace kith::transfer
