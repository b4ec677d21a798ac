#pragma once

// One transfer protocol whose peer is the test: what the peer says is written by hand, and every
// effect of its own is carried out at once.

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "engine/transfer/transfer.h"
#include "tests/transfer/memory_disk.h"

namespace kith::transfer {

class Puppet {
 public:
  static constexpr ConnectionId kConnection{5};

  Puppet();

  void connect(bool paired = true);
  void give(const ProtocolInput& input);

  // The peer's side of streams. Bytes are delivered in one piece.
  void open(StreamId stream);
  void receive(StreamId stream, Bytes bytes, bool fin = false);
  void receive(StreamId stream, const Message& message);

  // What it wrote on a stream: the messages, or the bytes.
  std::vector<Message> messages(StreamId stream) const;
  const Bytes& written(StreamId stream) { return written_[stream]; }
  bool ended(StreamId stream) const { return ended_.count(stream) > 0; }
  // The code of its Abort or Decline on a stream.
  std::optional<ErrorCode> refusal(StreamId stream) const;

  std::uint64_t counted(std::string_view reason) const;
  std::uint64_t uncredited() const;

  template <class Kind>
  std::vector<Kind> all() const {
    std::vector<Kind> found;
    for (const auto& event : events) {
      if (const auto* kind = std::get_if<Kind>(&event)) found.push_back(*kind);
    }
    return found;
  }

  TransferProtocol protocol;
  MemoryDisk disk;
  std::vector<Event> events;
  std::map<StreamId, std::uint64_t> resets;
  std::map<StreamId, std::uint64_t> stops;
  std::vector<ConnectionId> closed;
  bool hold_effects = false;  // leaves file effects and jobs undone
  bool hold_streams = false;  // leaves OpenStream unanswered
  Instant now{1'000'000'000};

 private:
  void settle();
  void take(ProtocolOutput output);

  std::vector<ProtocolInput> answers_;
  std::map<StreamId, Bytes> written_;
  std::map<StreamId, bool> ended_;
  std::map<StreamId, std::uint64_t> uncredited_;
  std::int64_t next_stream_[2] = {};
};

}  // namespace kith::transfer
