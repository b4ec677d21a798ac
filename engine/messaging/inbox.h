#pragma once

// The messages of one device: taken in order, written once each, kept until the application
// acknowledges them.
//
//   Greeting{epoch} --> Resume{n}
//   Envelope{n + 1} ... --> written durably, a batch at a time --> Stored{m} --> MessageReceived
//
// One stream counts, the last that greeted, or of one connection the last that was opened: loss
// brings streams out of order. All others are ended here, so that a sender who means one of them
// learns it and begins anew.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>

#include "engine/messaging/effects.h"
#include "engine/messaging/records.h"

namespace kith::messaging {

class Inbox {
 public:
  // `effects` outlives the inbox.
  Inbox(Effects& effects, const DeviceId& device, RestoredBox restored);

  // False if the message has no place here.
  bool receive(ConnectionId connection, StreamId stream, const Message& message);
  // False if the commit is not one of this inbox.
  bool stored(const StoreCompleted& completed);
  void stream_lost(ConnectionId connection, StreamId stream);
  void disconnected(ConnectionId connection);

  // The application takes messages from now on; those that wait first.
  void announce();
  void acknowledge(const MessageId& message);

  // All that was received is written: the sender may send more.
  bool caught_up() const { return waiting_.empty() && !op_; }
  void forget();
  void check_invariants() const;

 private:
  struct Source {
    ConnectionId connection;
    StreamId stream;
    friend bool operator==(const Source&, const Source&) = default;
  };

  void end(const Source& source);
  void answer_greeting();
  void write_next();
  void emit(const StoredMessage& message);

  Effects& effects_;
  DeviceId device_;
  Counter counter_;
  std::map<std::uint64_t, StoredMessage> messages_;  // durable, by arrival
  std::optional<Source> source_;
  std::optional<Epoch> greeting_;  // not answered yet
  std::uint64_t received_ = 0;     // the last envelope taken from the source
  std::deque<StoredMessage> waiting_;
  std::vector<StoredMessage> writing_;
  std::optional<StoreOpId> op_;
  bool source_wrote_ = false;  // what is being written came from the present source
  bool announcing_ = false;
};

}  // namespace kith::messaging
