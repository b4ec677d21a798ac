// Streams between bare hosts: what a stream does in every state, and that whatever befalls it, its
// bytes come once and in order, or it ends with an error.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "sim/network/segment.h"
#include "sim/network/stream_host.h"
#include "sim/world/topology.h"

namespace kith::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::uint16_t kPort = 443;

// The application at one end: it may read slowly, write all it has, and finish.
struct End : StreamSink {
  void on_accepted(ByteStreamId id, std::uint16_t, const Address& from) override {
    stream = id;
    remote = from;
    ++accepted;
    write_more();
  }
  void on_connected(ByteStreamId) override {
    connected = true;
    write_more();
  }
  void on_bytes(ByteStreamId id, ByteView bytes) override {
    got.insert(got.end(), bytes.begin(), bytes.end());
    largest = std::max(largest, bytes.size());
    if (reads) host->consumed(id, bytes.size());
  }
  void on_writable(ByteStreamId) override { write_more(); }
  void on_finished(ByteStreamId) override { other_finished = true; }
  void on_ended(ByteStreamId, StreamEnd how) override { ended = how; }

  void write_more() {
    while (written < to_write.size()) {
      const std::size_t taken = host->write(stream, ByteView(to_write).subspan(written));
      written += taken;
      if (taken == 0) return;
    }
    if (finishes) host->finish(stream);
  }

  NodeId node = 0;
  Attachment attachment;
  std::unique_ptr<StreamHost> host;
  ByteStreamId stream;
  Address remote;
  Bytes to_write, got;
  std::size_t written = 0, largest = 0;
  bool reads = true, finishes = true, connected = false, other_finished = false;
  int accepted = 0;
  std::optional<StreamEnd> ended;
};

struct NoDatagrams : DatagramSink {
  void on_datagrams(Instant, const Arrival&) override {}
};

// A client, perhaps behind a gateway, and a server in the internet.
struct Wire {
  explicit Wire(std::uint64_t seed = 1, const LinkSpec& link = {},
                const std::optional<NatSpec>& nat = {}, const StreamSpec& spec = {});

  void connect();
  void run(Duration time) { timeline.run_until(timeline.now() + time); }
  Address server_address(std::uint16_t port = kPort) const;
  void change(const LinkSpec& up, const LinkSpec& down);

  Timeline timeline;
  RandomSource random;
  Network network;
  Topology topology{network};
  NoDatagrams none;
  std::optional<SiteId> site;
  End client, server;
};

Bytes some_bytes(std::size_t size, std::uint8_t first = 0);
LinkSpec slow(std::uint64_t rate_bps = 10'000'000);

TEST(Stream, bytes_pass_both_ways_and_both_close) {
  Wire wire(1, slow());
  wire.client.to_write = some_bytes(300'000);
  wire.server.to_write = some_bytes(100'000, 7);
  wire.connect();
  wire.run(seconds(60));
  EXPECT_EQ(wire.server.got, wire.client.to_write);
  EXPECT_EQ(wire.client.got, wire.server.to_write);
  EXPECT_EQ(wire.client.ended, StreamEnd::closed);
  EXPECT_EQ(wire.server.ended, StreamEnd::closed);
  EXPECT_TRUE(wire.client.other_finished && wire.server.other_finished);
}

TEST(Stream, it_is_as_fast_as_the_line) {
  Wire wire(1, slow(8'000'000));
  wire.client.to_write = some_bytes(2'000'000);
  wire.connect();
  wire.run(seconds(4));
  // 2 s at the rate of the line, and what headers, the beginning and the round trip cost.
  EXPECT_EQ(wire.server.got.size(), wire.client.to_write.size());
  EXPECT_LT(wire.timeline.now(), Instant{} + milliseconds(4001));
}

TEST(Stream, nobody_who_listens_is_a_refusal_at_once) {
  Wire wire(1, slow());
  wire.server.host->stop_listening(kPort);
  wire.connect();
  wire.run(milliseconds(200));
  EXPECT_EQ(wire.client.ended, StreamEnd::refused);
  EXPECT_EQ(wire.server.accepted, 0);
}

TEST(Stream, nobody_who_answers_is_a_timeout) {
  Wire wire(1, slow());
  wire.server.host->vanish(/*mute=*/true);
  wire.connect();
  wire.run(seconds(29));
  EXPECT_FALSE(wire.client.ended);
  wire.run(seconds(15));
  EXPECT_EQ(wire.client.ended, StreamEnd::timed_out);
}

TEST(Stream, an_end_that_resets_ends_both) {
  Wire wire(1, slow());
  wire.client.finishes = wire.server.finishes = false;
  wire.connect();
  wire.run(seconds(1));
  wire.server.host->reset(wire.server.stream);
  EXPECT_EQ(wire.server.ended, StreamEnd::reset);
  wire.run(seconds(1));
  EXPECT_EQ(wire.client.ended, StreamEnd::reset);
}

TEST(Stream, a_silent_death_leaves_it_half_open_until_it_is_asked) {
  Wire wire(1, slow());
  wire.client.finishes = wire.server.finishes = false;
  wire.connect();
  wire.run(seconds(1));
  wire.server.host->vanish(/*mute=*/true);
  wire.run(seconds(14));
  EXPECT_FALSE(wire.client.ended);
  wire.run(seconds(60));
  EXPECT_EQ(wire.client.ended, StreamEnd::timed_out);
  EXPECT_FALSE(wire.server.ended);  // the dead hear of nothing
}

TEST(Stream, who_starts_again_refutes_what_was_before) {
  Wire wire(1, slow());
  wire.client.finishes = wire.server.finishes = false;
  wire.connect();
  wire.run(seconds(1));
  wire.server.host->vanish();
  wire.client.host->write(wire.client.stream, some_bytes(10));
  wire.run(seconds(1));
  EXPECT_EQ(wire.client.ended, StreamEnd::reset);
}

TEST(Stream, a_reader_that_does_not_read_stops_the_writer_and_nothing_ends) {
  StreamSpec spec;
  spec.send_buffer_bytes = 50'000;
  spec.receive_buffer_bytes = 30'000;
  Wire wire(1, slow(), {}, spec);
  wire.client.to_write = some_bytes(500'000);
  wire.server.reads = false;
  wire.connect();
  wire.run(minutes(5));
  EXPECT_LE(wire.server.got.size(), 30'000u);
  EXPECT_GT(wire.server.got.size(), 25'000u);
  EXPECT_LE(wire.client.written, 80'000u);
  EXPECT_FALSE(wire.client.ended);
  wire.server.reads = true;
  wire.server.host->consumed(wire.server.stream, wire.server.got.size());
  wire.run(minutes(1));
  EXPECT_EQ(wire.server.got, wire.client.to_write);
}

TEST(Stream, it_is_cut_at_any_byte) {
  for (const std::uint64_t at : {1u, 2u, 1186u, 1187u, 1188u, 5000u, 19'999u}) {
    Wire wire(at, slow());
    wire.client.to_write = some_bytes(20'000);
    wire.connect();
    wire.run(milliseconds(45));  // it stands, and no byte has come
    ASSERT_TRUE(wire.server.got.empty());
    ASSERT_EQ(wire.server.accepted, 0);
    wire.run(milliseconds(0));
    while (wire.server.accepted == 0) wire.run(std::chrono::microseconds(1));
    StreamFaults faults;
    faults.cut_after = at - wire.server.got.size();
    if (wire.server.got.size() > at) continue;
    wire.server.host->set_faults(wire.server.stream, faults);
    wire.run(seconds(10));
    EXPECT_EQ(wire.server.got, Bytes(wire.client.to_write.begin(),
                                     wire.client.to_write.begin() + static_cast<int>(at)));
    EXPECT_EQ(wire.server.ended, StreamEnd::reset);
    EXPECT_EQ(wire.client.ended, StreamEnd::reset);
  }
}

TEST(Stream, fragments_are_as_small_as_wanted) {
  Wire wire(1, slow());
  wire.client.to_write = some_bytes(20'000);
  wire.connect();
  while (wire.client.connected == false) wire.run(std::chrono::microseconds(1));
  wire.server.largest = 0;
  while (wire.server.accepted == 0) wire.run(std::chrono::microseconds(1));
  const std::size_t before = wire.server.largest;
  StreamFaults faults;
  faults.largest_fragment = 3;
  wire.server.host->set_faults(wire.server.stream, faults);
  wire.server.largest = 0;
  wire.run(seconds(10));
  EXPECT_LE(before, kMostSegmentBytes);
  EXPECT_LE(wire.server.largest, 3u);
  EXPECT_EQ(wire.server.got, wire.client.to_write);
}

TEST(Stream, a_stall_delays_and_loses_nothing) {
  Wire wire(1, slow());
  wire.client.to_write = some_bytes(1'000'000);
  wire.connect();
  wire.run(milliseconds(300));
  StreamFaults faults;
  faults.stalled_until = wire.timeline.now() + seconds(10);
  wire.client.host->set_faults(wire.client.stream, faults);
  wire.run(milliseconds(500));  // what was on its way has come
  const std::size_t before = wire.server.got.size();
  wire.run(seconds(9));
  EXPECT_EQ(wire.server.got.size(), before);
  EXPECT_FALSE(wire.client.ended);
  wire.run(seconds(60));
  EXPECT_EQ(wire.server.got, wire.client.to_write);
  EXPECT_EQ(wire.client.ended, StreamEnd::closed);
}

TEST(Stream, a_stall_that_is_too_long_ends_it) {
  Wire wire(1, slow());
  wire.client.to_write = some_bytes(1'000'000);
  wire.connect();
  wire.run(milliseconds(300));
  StreamFaults faults;
  faults.stalled_until = wire.timeline.now() + minutes(10);
  wire.client.host->set_faults(wire.client.stream, faults);
  wire.run(minutes(12));
  EXPECT_EQ(wire.server.ended, StreamEnd::timed_out);
  ASSERT_TRUE(wire.client.ended);
  EXPECT_NE(wire.client.ended, StreamEnd::closed);
}

TEST(Stream, it_passes_a_gateway_that_blocks_udp_and_stays_while_nothing_is_said) {
  NatSpec nat = *find_nat("udp_blocked");
  Wire wire(1, slow(), nat);
  wire.client.finishes = wire.server.finishes = false;
  wire.connect();
  wire.run(minutes(30));
  EXPECT_TRUE(wire.client.connected);
  wire.server.host->write(wire.server.stream, some_bytes(10));
  wire.run(seconds(1));
  EXPECT_EQ(wire.client.got, some_bytes(10));
}

TEST(Stream, a_gateway_that_starts_again_leaves_it_half_open) {
  Wire wire(1, slow(), NatSpec{.port_policy = PortPolicy::random});
  wire.client.finishes = wire.server.finishes = false;
  wire.connect();
  wire.run(seconds(1));
  wire.network.reboot(wire.topology.gateway(*wire.site));
  wire.server.host->write(wire.server.stream, some_bytes(10));
  wire.run(seconds(5));
  EXPECT_TRUE(wire.client.got.empty());
  EXPECT_FALSE(wire.client.ended);
  wire.run(minutes(2));
  EXPECT_EQ(wire.client.ended, StreamEnd::reset);
  ASSERT_TRUE(wire.server.ended);
  EXPECT_NE(wire.server.ended, StreamEnd::closed);
}

// Sockets of datagrams hear nothing of it, whatever the ports.
TEST(Stream, a_host_without_streams_does_not_answer) {
  Wire wire(1, slow());
  const NodeId mute = wire.network.add_node(wire.none);
  const Attachment at = wire.topology.attach(mute, {.site = {}, .link = {}, .addresses = {}});
  Address address = at.addresses.front();
  address.port = kPort;
  const auto stream = wire.client.host->connect(address);
  ASSERT_TRUE(stream);
  wire.run(minutes(1));
  EXPECT_EQ(wire.client.ended, StreamEnd::timed_out);
}

TEST(Stream, there_is_an_error_where_there_is_no_way) {
  Wire wire;
  const auto stream = wire.client.host->connect(Address::v4(9, 9, 9, 9, kPort));
  ASSERT_FALSE(stream);
  EXPECT_EQ(stream.error().code, ErrorCode::unreachable);
}

// --- every state and every event ----------------------------------------------------------------

enum class At { connecting, accepting, open, lingering };
enum class Event { first, first_of_another, answer, proper, alien, reset, silence };
constexpr std::array kEvents = {
    Event::first, Event::first_of_another, Event::answer, Event::proper, Event::alien,
    Event::reset, Event::silence};

// One host, and a hand that makes the segments of the other side.
struct Hand : DatagramSink {
  explicit Hand(At which);

  void on_datagrams(Instant, const Arrival& arrival) override {
    last_remote = arrival.remote;
    bytes.push_back(to_bytes(arrival.bytes));
    if (const auto segment = decode_segment(bytes.back())) heard.push_back(*segment);
  }
  void say(Segment segment) {
    network.send_segment(node, address, last_remote, encode(segment));
    run(milliseconds(100));
  }
  void run(Duration time) { timeline.run_until(timeline.now() + time); }
  void happen(Event event);

  At state;
  Timeline timeline;
  Network network{timeline, RandomSource(std::array<std::byte, 32>{})};
  Topology topology{network};
  NoDatagrams none;
  NodeId node = 0;
  Address address, last_remote;
  std::deque<Bytes> bytes;
  std::vector<Segment> heard;
  End end;
  std::uint64_t peer_tag = 0;
  static constexpr std::uint64_t kOwnTag = 4711, kOtherTag = 815;
};

// What the hand hears of an event, and what becomes of the stream.
std::string told(const Hand& hand) {
  std::string said;
  for (const Segment& segment : hand.heard) {
    const char* what = segment.resets   ? "refutes"
                       : segment.begins ? "begins"
                       : segment.ends   ? "ends"
                       : segment.asks   ? "asks"
                                        : "acknowledges";
    if (said.empty() || !said.ends_with(what))
      said += (said.empty() ? "" : " ") + std::string(what);
  }
  said += said.empty() ? "nothing" : "";
  if (hand.end.ended) said += ", " + std::string(to_string(*hand.end.ended));
  if (hand.end.host->streams() == 0) said += ", gone";
  if (hand.end.connected || hand.end.accepted > 0) said += ", open";
  return said;
}

std::string outcome(At state, Event event) {
  Hand hand(state);
  hand.heard.clear();
  hand.end.ended.reset();
  hand.end.connected = false;
  hand.end.accepted = 0;
  hand.happen(event);
  return told(hand);
}

TEST(StreamTable, every_event_in_every_state) {
  const std::map<At, std::array<std::string, kEvents.size()>> expected = {
      {At::connecting,
       {"nothing", "nothing", "acknowledges, open", "refutes", "refutes", "nothing, refused, gone",
        "begins, timed_out, gone"}},
      {At::accepting,
       {"begins", "acknowledges", "nothing", "acknowledges, open", "refutes", "nothing, gone",
        "begins, gone"}},
      {At::open,
       {"acknowledges", "acknowledges", "acknowledges", "acknowledges", "refutes",
        "nothing, reset, gone", "asks, timed_out, gone"}},
      {At::lingering,
       {"acknowledges", "begins", "acknowledges", "acknowledges", "refutes", "nothing, gone",
        "nothing, gone"}},
  };
  for (const auto& [state, row] : expected) {
    for (std::size_t i = 0; i < kEvents.size(); ++i) {
      EXPECT_EQ(outcome(state, kEvents[i]), row[i])
          << "state " << static_cast<int>(state) << ", event " << i;
    }
  }
}

TEST(StreamTable, what_belongs_to_no_stream_is_refuted_and_a_reset_is_not) {
  Hand hand(At::lingering);
  hand.end.host->vanish();
  for (const Event event : kEvents) {
    hand.heard.clear();
    hand.happen(event);
    const bool begins = event == Event::first || event == Event::first_of_another;
    const bool silent = event == Event::reset || event == Event::silence;
    EXPECT_EQ(told(hand).starts_with(begins   ? "begins"
                                     : silent ? "nothing"
                                              : "refutes"),
              true)
        << static_cast<int>(event) << ": " << told(hand);
    hand.end.host->vanish();
  }
}

TEST(StreamTable, no_segment_with_a_flipped_bit_is_read) {
  const Bytes text = some_bytes(5);
  Segment segment;
  segment.from = 1;
  segment.to = 2;
  segment.bytes = text;
  const Bytes whole = encode(segment);
  ASSERT_TRUE(decode_segment(whole));
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes flipped = whole;
    flipped[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    EXPECT_FALSE(decode_segment(flipped)) << bit;
  }
  for (std::size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(decode_segment(ByteView(whole).first(size))) << size;
  }
}

// --- whatever befalls it ------------------------------------------------------------------------

LinkSpec any_link(RandomSource& random) {
  LinkSpec link = slow(200'000 + random.below(20'000'000));
  const auto rate = [&](std::uint32_t most) {
    const auto drawn = static_cast<std::uint32_t>(random.below(most));
    return Ppm{random.chance(1, 2) ? 0 : drawn};
  };
  link.queue_bytes = 4'000 + random.below(200'000);
  link.delay = milliseconds(random.below(200));
  link.jitter = milliseconds(random.below(50));
  link.loss = rate(200'000);
  link.burst_begin = rate(20'000);
  link.burst_length = milliseconds(1 + random.below(1'000));
  link.duplicate = rate(200'000);
  link.reorder = rate(200'000);
  link.reorder_delay = milliseconds(1 + random.below(300));
  link.corrupt = rate(100'000);
  link.truncate = rate(100'000);
  link.replay = rate(100'000);
  link.replay_delay = seconds(1 + random.below(60));
  link.up = !random.chance(1, 10);
  return link;
}

bool is_prefix(const Bytes& part, const Bytes& whole) {
  return part.size() <= whole.size() && std::equal(part.begin(), part.end(), whole.begin());
}

StreamFaults any_faults(RandomSource& random, Instant now) {
  StreamFaults faults;
  if (random.chance(1, 2)) faults.largest_fragment = 1 + random.below(2'000);
  if (random.chance(1, 6)) faults.cut_after = random.below(100'000);
  if (random.chance(1, 4)) faults.stalled_until = now + milliseconds(random.below(40'000));
  return faults;
}

void trouble(Wire& wire, RandomSource& random) {
  wire.run(milliseconds(random.below(3'000)));
  const LinkSpec up = any_link(random);
  const LinkSpec down = any_link(random);
  wire.change(up, down);
  End& end = random.chance(1, 2) ? wire.client : wire.server;
  const std::uint64_t what = random.below(12);
  if (what < 4) end.host->set_faults(end.stream, any_faults(random, wire.timeline.now()));
  if (what == 4) end.host->reset(end.stream);
  if (what == 5) end.host->vanish(random.chance(1, 2));
  if (what == 6 && wire.site) wire.network.reboot(wire.topology.gateway(*wire.site));
  if (what == 7 && wire.site) wire.topology.renumber(*wire.site);
  if (what == 8) end.reads = !end.reads;
}

struct Outcome {
  Bytes client_got, server_got;
  std::optional<StreamEnd> client, server;
  Instant end;
  friend bool operator==(const Outcome&, const Outcome&) = default;
};

// Troubles for a while, or with a calm that lasts: a healthy line and readers who read.
Outcome troubled(Wire& wire, std::uint64_t seed, bool deaths) {
  std::array<std::byte, 32> bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(seed >> (8 * i) & 0xff);
  RandomSource random(bytes);
  wire.client.to_write = some_bytes(random.below(300'000));
  wire.server.to_write = some_bytes(random.below(300'000), 99);
  wire.connect();
  for (std::uint64_t i = random.below(12); i > 0; --i) {
    if (deaths) {
      trouble(wire, random);
    } else {
      wire.run(milliseconds(random.below(1'000)));
      LinkSpec up = any_link(random), down = any_link(random);
      up.up = down.up = true;
      wire.change(up, down);
    }
  }
  wire.change(slow(), slow());
  for (End* end : {&wire.client, &wire.server}) {
    if (!end->reads) end->host->consumed(end->stream, end->got.size());
    end->reads = true;
  }
  wire.run(minutes(20));
  return {wire.client.got, wire.server.got, wire.client.ended, wire.server.ended,
          wire.timeline.now()};
}

RC_GTEST_PROP(StreamProperty, bytes_come_once_and_in_order_or_both_ends_hear_of_an_error,
              (std::uint64_t seed, bool behind_nat)) {
  Wire wire(seed, slow(), behind_nat ? std::optional(NatSpec{}) : std::nullopt);
  troubled(wire, seed, /*deaths=*/true);
  const End& client = wire.client;
  const End& server = wire.server;
  RC_ASSERT(is_prefix(server.got, client.to_write));
  RC_ASSERT(is_prefix(client.got, server.to_write));
  // Who closed has all, and the other has all of him.
  if (client.ended == StreamEnd::closed || server.ended == StreamEnd::closed) {
    RC_ASSERT(server.got == client.to_write);
    RC_ASSERT(client.got == server.to_write);
  }
  // Nobody is left who lives and has not heard.
  RC_ASSERT(client.host->streams() == 0u);
  RC_ASSERT(server.host->streams() == 0u);
}

RC_GTEST_PROP(StreamProperty, a_line_that_only_loses_and_alters_loses_and_alters_no_byte,
              (std::uint64_t seed)) {
  StreamSpec patient;
  patient.give_up = minutes(10);
  Wire wire(seed, slow(), {}, patient);
  troubled(wire, seed, /*deaths=*/false);
  RC_ASSERT(wire.server.got == wire.client.to_write);
  RC_ASSERT(wire.client.got == wire.server.to_write);
  RC_ASSERT(wire.client.ended == StreamEnd::closed);
  RC_ASSERT(wire.server.ended == StreamEnd::closed);
}

RC_GTEST_PROP(StreamProperty, equal_seeds_give_equal_runs, (std::uint64_t seed)) {
  Wire one(seed, slow(), NatSpec{}), other(seed, slow(), NatSpec{});
  RC_ASSERT(troubled(one, seed, true) == troubled(other, seed, true));
  RC_ASSERT(one.timeline.events() == other.timeline.events());
}

// --- helpers ------------------------------------------------------------------------------------

Hand::Hand(At which) : state(which) {
  node = network.add_node(none);
  network.set_segment_sink(node, *this);
  address = topology.attach(node, {.site = {}, .link = {}, .addresses = {}}).addresses.front();
  address.port = 1000;
  end.node = network.add_node(none);
  last_remote =
      topology.attach(end.node, {.site = {}, .link = {}, .addresses = {}}).addresses.front();
  last_remote.port = kPort;
  end.finishes = state == At::lingering;
  end.host = std::make_unique<StreamHost>(timeline, network, end.node, end,
                                          RandomSource(std::array<std::byte, 32>{}));
  end.host->listen(kPort);
  if (state == At::connecting) {
    const auto stream = end.host->connect(address);
    KITH_CHECK(stream.has_value());
    end.stream = *stream;
    run(milliseconds(100));
    peer_tag = heard.back().from;
    return;
  }
  Segment first;
  first.begins = true;
  first.from = kOwnTag;
  first.window = 10'000;
  say(first);
  peer_tag = heard.back().from;
  if (state == At::accepting) return;
  Segment plain;
  plain.from = kOwnTag;
  plain.to = peer_tag;
  plain.window = 10'000;
  say(plain);
  if (state == At::open) return;
  plain.ends = true;
  plain.acknowledged = 1;
  say(plain);
  KITH_CHECK(end.ended == StreamEnd::closed);
}

void Hand::happen(Event event) {
  Segment segment;
  segment.from = kOwnTag;
  segment.to = peer_tag;
  segment.window = 10'000;
  switch (event) {
    case Event::first:
      segment.begins = true;
      segment.to = 0;
      return say(segment);
    case Event::first_of_another:
      segment.begins = true;
      segment.from = kOtherTag;
      segment.to = 0;
      return say(segment);
    case Event::answer:
      segment.begins = true;
      return say(segment);
    case Event::proper:
      segment.asks = true;
      return say(segment);
    case Event::alien:
      segment.from = kOtherTag;
      segment.to = kOtherTag;
      return say(segment);
    case Event::reset:
      segment.resets = true;
      if (state == At::connecting) segment.from = 0;  // of a side that never answered
      return say(segment);
    case Event::silence:
      return run(minutes(3));
  }
}

RandomSource source_of(std::uint64_t seed) {
  std::array<std::byte, 32> bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(seed >> (8 * i) & 0xff);
  return RandomSource(bytes).fork("stream test");
}

Wire::Wire(std::uint64_t seed, const LinkSpec& link, const std::optional<NatSpec>& nat,
           const StreamSpec& spec)
    : random(source_of(seed)), network(timeline, random.fork("network")) {
  if (nat) {
    SiteSpec home;
    home.nat = *nat;
    site = topology.add_site(home);
  }
  std::uint64_t index = 0;
  for (End* end : {&client, &server}) {
    end->node = network.add_node(none);
    const bool inside = end == &client && site;
    end->attachment = topology.attach(end->node, {.site = inside ? site : std::nullopt,
                                                  .link = {.up = link, .down = link},
                                                  .addresses = {}});
    end->host = std::make_unique<StreamHost>(timeline, network, end->node, *end,
                                             random.fork("host", ++index), spec);
  }
  server.host->listen(kPort);
}

Address Wire::server_address(std::uint16_t port) const {
  Address address = server.attachment.addresses.front();
  address.port = port;
  return address;
}

void Wire::connect() {
  const auto stream = client.host->connect(server_address());
  KITH_CHECK(stream.has_value());
  client.stream = *stream;
}

void Wire::change(const LinkSpec& up, const LinkSpec& down) {
  network.change_link(network.up_link(client.attachment.member), up);
  network.change_link(network.down_link(client.attachment.member), down);
}

Bytes some_bytes(std::size_t size, std::uint8_t first) {
  Bytes bytes(size);
  std::uint32_t state = first + 1u;
  for (std::byte& each : bytes) {
    state = state * 1'664'525u + 1'013'904'223u;
    each = static_cast<std::byte>(state >> 24);
  }
  return bytes;
}

LinkSpec slow(std::uint64_t rate_bps) {
  LinkSpec link;
  link.rate_bps = rate_bps;
  link.delay = milliseconds(10);
  return link;
}

}  // namespace
}  // namespace kith::sim
