#pragma once

// Reliable ordered byte streams between hosts, as TCP gives them to relays: over the same links,
// queues, gateways and realms as datagrams.
//
//   write --> send buffer --> segments --> network --> in order again --> on_bytes
//                ^                                                          |
//                +------- acknowledged, window <----------- consumed -------+
//
// A stream begins when both sides know each other, and ends in one of two ways:
//   closed    both have finished, and each has given the application all that the other wrote
//   an error  refused, timed_out or reset: what was given is a prefix of what was written
// No byte is given twice, out of order or altered. Where one side ends with an error, the other
// does as soon as it hears of it or hears nothing for too long; only who was about to say its last
// word may have closed already.
//
//                  | connecting  | accepting   | open        | lingering
//   first segment  | passed over | said again  | asked again | begins anew
//   answer to ours | open        | passed over | acknowledged| acknowledged
//   proper segment | refuted     | open        | taken       | acknowledged
//   alien segment  | refuted     | refuted     | refuted     | refuted
//   reset          | refused     | forgotten   | reset       | forgotten
//   silence        | timed out   | forgotten   | timed out   | forgotten
//   no stream: a first segment begins one where somebody listens; all others are refuted.
// ("Refuted": its sender is told that there is no such stream. "Asked again": who begins anew while
// the other side holds an older stream has that one refuted and tries again.)
//
// What goes wrong with streams: whatever befalls segments (link.h, nat.h), and by itself what
// StreamFaults has, reset(), and vanish(). It does not own: names, what the bytes mean, TLS.

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "engine/base/random.h"
#include "kith/address.h"
#include "kith/bytes.h"
#include "kith/result.h"
#include "sim/network/network.h"
#include "sim/network/segment.h"

namespace kith::sim {

// Of one host. Never used again.
struct ByteStreamId {
  std::uint64_t value = 0;
  friend auto operator<=>(const ByteStreamId&, const ByteStreamId&) = default;
};

enum class StreamEnd : std::uint8_t { closed, refused, timed_out, reset };
std::string_view to_string(StreamEnd end);

// All may be answered by calls of the host.
class StreamSink {
 public:
  // Somebody has begun a stream to a port on which this host listens.
  virtual void on_accepted(ByteStreamId, std::uint16_t /*port*/, const Address& /*remote*/) {}
  // One that this host began stands.
  virtual void on_connected(ByteStreamId) {}
  // In order, one or more. They have room until consumed() says otherwise.
  virtual void on_bytes(ByteStreamId, ByteView) = 0;
  // There is room again, after a write() that did not take all.
  virtual void on_writable(ByteStreamId) {}
  // The other side has written its last.
  virtual void on_finished(ByteStreamId) {}
  // The last that is heard of it.
  virtual void on_ended(ByteStreamId, StreamEnd) = 0;

 protected:
  ~StreamSink() = default;
};

struct StreamSpec {
  std::size_t send_buffer_bytes = 256 * 1024;
  std::size_t receive_buffer_bytes = 256 * 1024;
  // Silence of the other side, while something is to be answered, that ends a stream.
  Duration give_up = std::chrono::seconds(30);
  // Silence after which it is asked whether it is still there. Zero: never, and then a side that
  // waits for bytes does not notice that the other has died.
  Duration keep_alive = std::chrono::seconds(15);
};

// What befalls one stream at this end.
struct StreamFaults {
  // on_bytes has at most so many, a drawn number; as they come if zero.
  std::size_t largest_fragment = 0;
  // Reset when so many bytes have been given to the sink since.
  std::optional<std::uint64_t> cut_after;
  // Until then nothing is sent, not even that something has come.
  Instant stalled_until;
};

class StreamHost final : private EventTarget, private DatagramSink {
 public:
  // Takes all segments that come to the node. Everything outlives the network's run.
  StreamHost(Timeline& timeline, Network& network, NodeId node, StreamSink& sink,
             RandomSource random, const StreamSpec& spec = {});
  ~StreamHost();
  StreamHost(const StreamHost&) = delete;
  StreamHost& operator=(const StreamHost&) = delete;

  void listen(std::uint16_t port) { listening_.insert(port); }
  void stop_listening(std::uint16_t port) { listening_.erase(port); }

  // -> on_connected or on_ended. unreachable: there is no way there now.
  Result<ByteStreamId> connect(const Address& remote);

  // Operations on a stream that has ended do nothing.
  // How many of the bytes were taken: as many as have room.
  std::size_t write(ByteStreamId id, ByteView bytes);
  // Nothing more is written. What was goes out first.
  void finish(ByteStreamId id);
  // The application has done with so many bytes, which makes room for others.
  void consumed(ByteStreamId id, std::size_t bytes);
  // Ends it at once, and tells the other side: on_ended, reset.
  void reset(ByteStreamId id);

  void set_faults(ByteStreamId id, const StreamFaults& faults);
  // All is forgotten, and nobody is told, here or there: the machine has died. With `mute` it stays
  // dead, until vanish(false); otherwise it refutes what still comes.
  void vanish(bool mute = false);

  std::size_t streams() const { return streams_.size(); }

 private:
  struct Stream;
  struct Ends {  // of a stream, from here
    std::uint16_t port = 0;
    Address remote;
    friend auto operator<=>(const Ends&, const Ends&) = default;
  };

  void on_event(Instant now, std::uint64_t argument) override;
  void on_datagrams(Instant now, const Arrival& arrival) override;

  Stream* find(ByteStreamId id);
  Stream& make(const Ends& ends, const Address& local);
  void forget(ByteStreamId id);
  void end(Stream& stream, StreamEnd how);
  void refute(const Arrival& arrival, const Segment& segment);

  // stream_host.cc, in the order of the table
  void on_segment(Stream& stream, const Arrival& arrival, const Segment& segment);
  void on_first(Stream& stream, const Arrival& arrival, const Segment& segment);
  void on_answer(Stream& stream, const Segment& segment);
  void on_reset(Stream& stream);
  void begin_accepting(const Ends& ends, const Arrival& arrival, const Segment& segment);
  bool open(Stream& stream);
  void on_silence(Stream& stream);

  // stream_transfer.cc: a stream that is open
  void take(ByteStreamId id, const Segment& segment);
  void take_acknowledgement(Stream& stream, const Segment& segment);
  bool take_bytes(Stream& stream, const Segment& segment);
  bool give(ByteStreamId id);
  void close_if_done(ByteStreamId id);
  void lose_one(Stream& stream);
  void pump(Stream& stream);
  void send_data(Stream& stream, std::uint64_t sequence, std::size_t size);
  void send_plain(Stream& stream, bool asks = false);
  void send(Stream& stream, Segment segment);
  static bool owes(const Stream& stream);
  void arm(Stream& stream);
  void resend(Stream& stream);
  std::uint32_t window(const Stream& stream) const;

  Timeline& timeline_;
  Network& network_;
  NodeId node_;
  StreamSink& sink_;
  RandomSource random_;
  StreamSpec spec_;
  std::map<ByteStreamId, std::unique_ptr<Stream>> streams_;
  std::map<Ends, ByteStreamId> by_ends_;
  std::set<std::uint16_t> listening_;
  std::uint64_t last_id_ = 0;
  std::uint16_t next_port_;
  bool mute_ = false;
};

}  // namespace kith::sim
