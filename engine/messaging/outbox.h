#pragma once

// The messages that wait for one device, and the way to it (outbox_state.h).
//
//   send --> written durably --> MessageQueued --> dial, or a stream on a connection that is there
//            Greeting{epoch} --> Resume{n}: all up to n arrived in an earlier attempt
//            Envelope{n + 1} ... --> Stored{m} --> MessageDelivered, forgotten here
//
// Numbers are given when a message is written, one batch at a time, so they have no gaps whatever
// fails. A receiver that holds more than was ever given here knows another life of this device (a
// store restored from a copy): the numbering begins anew under a new epoch.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "engine/messaging/effects.h"
#include "engine/messaging/limits.h"
#include "engine/messaging/outbox_state.h"
#include "engine/messaging/records.h"

namespace kith::messaging {

// Envelopes on their way at once: the receiver writes them durably batch by batch.
inline constexpr std::size_t kMaxInFlight = 64;

class Outbox {
 public:
  // `effects` outlives the outbox.
  Outbox(Effects& effects, const DeviceId& device, RestoredBox restored);

  void send(const SendMessage& command);
  // What was restored waits for a way too. Call once.
  void begin(Instant now);
  // False if the commit is not one of this outbox.
  bool stored(Instant now, const StoreCompleted& completed);

  void connected(Instant now, ConnectionId connection);
  void disconnected(Instant now, ConnectionId connection, const Error& error);
  bool dial_failed(Instant now, const DialFailed& failed);
  void stream_ready(Instant now, ConnectionId connection, StreamId stream);
  // Streams other than the one in use do nothing.
  void stream_lost(Instant now, ConnectionId connection, StreamId stream, const Error& error);
  // False if the message has no place here.
  bool receive(Instant now, ConnectionId connection, StreamId stream, const Message& message);
  void expire(Instant now);

  // Nothing waits any more and nothing is remembered: the device was removed or blocked.
  void forget(Instant now);

  OutboxState state() const { return state_; }
  Instant deadline() const { return deadline_; }
  bool empty() const { return queue_.empty() && unwritten_.empty() && !op_; }
  void check_invariants() const;

 private:
  struct Entry {
    StoredMessage message;
    RequestId request;
  };

  bool advance(Instant now, OutboxTrigger trigger, const Error& error = {});
  void enter(Instant now, const Error& error);
  void seek(Instant now);
  void write_next();
  void write_batch();
  void write_renumbered();
  void on_batch(Instant now, const Result<void>& outcome);
  void on_renumbered(Instant now, const Result<void>& outcome);
  void on_resume(Instant now, std::uint64_t sequence);
  void deliver_up_to(std::uint64_t sequence);
  void flow();
  void fail(const Entry& entry, const Error& error);

  Effects& effects_;
  DeviceId device_;
  Counter counter_;
  std::map<std::uint64_t, Entry> queue_;  // durable, by sequence
  std::deque<Entry> unwritten_;
  std::vector<Entry> writing_;
  std::optional<StoreOpId> op_;  // of the batch, or of the renumbering
  bool renumber_ = false;        // wanted, or being written

  OutboxState state_ = OutboxState::idle;
  Instant deadline_ = Instant::never();
  Duration pause_ = kFirstRetry;
  std::set<ConnectionId> connections_;
  std::optional<DialId> dial_;
  std::optional<ConnectionId> connection_;  // of the stream
  std::optional<StreamId> stream_;
  std::uint64_t sent_ = 0;  // the last envelope on this stream
};

}  // namespace kith::messaging
