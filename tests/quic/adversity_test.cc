// What strangers, broken networks and bad luck can do to an endpoint.

#include <gtest/gtest.h>

#include <set>

#include "tests/quic/pair.h"

namespace kith::quic::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

void deliver(Pair& pair, Host& to, const Address& from, ByteView bytes) {
  to.endpoint.handle_datagrams(pair.now,
                               {to.socket, to.address, from, 0, Ecn::not_ect, bytes.size(), bytes});
}

// Bytes and datagrams an endpoint would send now.
struct Answer {
  std::size_t datagrams = 0;
  std::size_t bytes = 0;
};
Answer answers(Pair& pair, Host& host);

std::uint64_t sum_of_counters(const Host& host);

// --- lossy networks -----------------------------------------------------------------------------

TEST(Adversity, a_handshake_and_a_transfer_survive_thirty_percent_loss) {
  for (std::uint8_t seed = 1; seed <= 10; ++seed) {
    Pair::Options options;
    options.seed = seed;
    options.client.handshake_timeout = options.server.handshake_timeout = seconds(60);
    Pair pair(options);
    pair.faults.lost = 300;
    const ConnectionId connection = pair.establish(seed % 2 == 0 ? pair.hello() : pair.psk_hello());
    const StreamId stream = pair.open(pair.client, connection);
    pair.client.endpoint.write(connection, stream, SharedBytes(pattern(200'000)), true);
    ASSERT_TRUE(pair.run_until([&] { return pair.server.streams[stream].fin; }, seconds(600)));
    EXPECT_EQ(pair.server.streams[stream].received, pattern(200'000));
  }
}

TEST(Adversity, loss_duplication_reordering_and_corruption_together_change_no_byte) {
  for (std::uint8_t seed = 1; seed <= 10; ++seed) {
    Pair::Options options;
    options.seed = seed;
    options.client.handshake_timeout = options.server.handshake_timeout = seconds(60);
    Pair pair(options);
    pair.faults = {50, 100, 300, 50};
    const ConnectionId connection = pair.establish();
    const StreamId stream = pair.open(pair.client, connection);
    pair.client.endpoint.write(connection, stream, SharedBytes(pattern(300'000, seed)), true);
    ASSERT_TRUE(pair.run_until([&] { return pair.server.streams[stream].fin; }, seconds(600)));
    EXPECT_EQ(pair.server.streams[stream].received, pattern(300'000, seed));
    EXPECT_GT(pair.server.counter("packet_not_authentic"), 0u);
  }
}

// CUBIC takes 25 s for each of these, BBR 9: loss that is not congestion is common on radio links.
TEST(Adversity, five_percent_loss_leaves_a_third_of_a_slow_link) {
  Duration spent{};
  constexpr std::uint8_t kRuns = 5;
  for (std::uint8_t seed = 1; seed <= kRuns; ++seed) {
    Pair::Options options;
    options.seed = seed;
    Pair pair(options);
    pair.delay = milliseconds(20);
    pair.rate = 1'250'000;
    const ConnectionId connection = pair.establish();
    const StreamId stream = pair.open(pair.client, connection);
    pair.faults.lost = 50;
    const Instant begun = pair.now;
    pair.client.endpoint.write(connection, stream, SharedBytes(pattern(5'000'000)), true);
    ASSERT_TRUE(pair.run_until([&] { return pair.server.streams[stream].fin; }));
    spent += pair.now - begun;
  }
  EXPECT_LT(spent / kRuns, seconds(12));  // 4 s at the rate of the link
}

// Probes come ever more rarely while nothing answers; the peer's keep-alives, which pass all the
// while, keep the connection from ending.
TEST(Adversity, what_was_lost_in_an_outage_of_one_direction_is_sent_soon_after_it) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  pair.client.endpoint.write(connection, stream, SharedBytes(pattern(2'000'000)), true);
  pair.rate = 1'250'000;
  pair.run_for(milliseconds(300));
  bool cut = true;
  pair.filter = [&](const Packet& packet) { return !cut || packet.to == pair.client.address; };
  pair.run_for(seconds(25));
  cut = false;
  ASSERT_FALSE(pair.server.streams[stream].fin);
  EXPECT_TRUE(pair.run_until([&] { return pair.server.streams[stream].fin; }, seconds(10)));
}

// What waited for it is acknowledged after seconds, which is no round trip of the path.
TEST(Adversity, a_peer_that_stood_still_for_a_while_does_not_make_the_path_a_slow_one) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  pair.client.endpoint.write(connection, stream, SharedBytes(pattern(2'000'000)), true);
  pair.rate = 1'250'000;
  pair.run_for(milliseconds(300));
  constexpr std::size_t kBuffered = 3;
  std::vector<Packet> buffer;
  pair.filter = [&](const Packet& packet) {
    const bool buffers = packet.to == pair.server.address && buffer.size() < kBuffered;
    if (buffers) buffer.push_back(packet);
    return false;
  };
  pair.run_for(seconds(25));
  pair.filter = {};
  for (const Packet& packet : buffer) deliver(pair, pair.server, packet.from, packet.bytes);
  ASSERT_FALSE(pair.server.streams[stream].fin);
  EXPECT_TRUE(pair.run_until([&] { return pair.server.streams[stream].fin; }, seconds(10)));
}

// A small packet from a new address lets three times its size be sent there until it is validated:
// no more than what lies there already, however many probes are due.
TEST(Adversity, a_probe_that_may_not_be_sent_is_not_due_again_at_once) {
  Pair pair;
  pair.delay = seconds(2);
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  pair.client.endpoint.write(connection, stream, shared("question"), false);
  pair.run_for(seconds(5));
  pair.rate = 1'250'000;
  pair.server.endpoint.write(pair.accepted(), stream, SharedBytes(pattern(2'000'000)), true);
  pair.run_for(seconds(3));
  const Address moved = Address::v4(10, 0, 0, 3, 3333);
  int heard = 0;
  pair.filter = [&](Packet& packet) {
    packet.from = moved;
    return packet.to == pair.server.address && ++heard <= 2;
  };
  pair.client.endpoint.write(connection, stream, shared("still there?"), false);
  constexpr int kSeconds = 30;
  int steps = 0;
  pair.run_until([&] { return ++steps < 0; }, seconds(kSeconds));
  EXPECT_EQ(as_text(pair.server.streams[stream].received), "questionstill there?");
  EXPECT_LT(steps, 5 * kSeconds);  // where one a millisecond is thousands
}

// --- garbage ------------------------------------------------------------------------------------

TEST(Adversity, random_datagrams_are_counted_and_change_nothing) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  RandomSource random(std::array<std::byte, 32>{std::byte{3}});
  const std::uint64_t before = sum_of_counters(pair.server);
  constexpr std::uint64_t kDatagrams = 20'000;
  for (std::uint64_t i = 0; i < kDatagrams; ++i) {
    Bytes bytes(1 + random.below(1500));
    random.fill(bytes);
    // Half of them look like a packet of some kind.
    if (i % 2 == 0) bytes[0] |= std::byte{0xc0};
    if (i % 4 == 0 && bytes.size() > 4) {
      std::fill_n(bytes.begin() + 1, 3, std::byte{0});
      bytes[4] = std::byte{1};
    }
    deliver(pair, pair.server, Address::v4(9, 9, 9, 9, 99), bytes);
    deliver(pair, pair.client, pair.server.address, bytes);
    if (i % 64 == 0) {
      answers(pair, pair.server);
      pair.server.endpoint.check_invariants();
    }
  }
  EXPECT_GE(sum_of_counters(pair.server) - before, kDatagrams);
  EXPECT_EQ(pair.server.endpoint.connection_count(), 1u);
  pair.client.endpoint.write(connection, stream, shared("unharmed"), true);
  EXPECT_TRUE(pair.run_until([&] { return pair.server.streams[stream].fin; }));
}

// Every packet of an exchange is delivered in several mutated forms beside the real one.
TEST(Adversity, mutated_real_packets_harm_nothing) {
  for (std::uint8_t seed = 1; seed <= 5; ++seed) {
    Pair::Options options;
    options.seed = seed;
    options.server.max_handshakes = 4096;
    options.server.retry_above_handshakes = 4096;
    Pair pair(options);
    RandomSource random(std::array<std::byte, 32>{std::byte{seed}});
    bool mutating = true;
    pair.filter = [&](Packet& packet) {
      if (!mutating) return true;
      mutating = false;
      Host& to = packet.to == pair.server.address ? pair.server : pair.client;
      for (int i = 0; i < 8; ++i) {
        Bytes mutated = packet.bytes;
        const std::uint64_t changes = 1 + random.below(4);
        for (std::uint64_t change = 0; change < changes; ++change) {
          // Early bytes matter most: types, versions, lengths, connection ids.
          const std::uint64_t reach = random.chance(1, 2) ? 40 : mutated.size();
          mutated[random.below(std::min<std::uint64_t>(reach, mutated.size()))] =
              static_cast<std::byte>(random.below(256));
        }
        if (random.chance(1, 4)) mutated.resize(1 + random.below(mutated.size()));
        if (random.chance(1, 8)) mutated.resize(mutated.size() + random.below(200));
        deliver(pair, to, packet.from, mutated);
        to.endpoint.check_invariants();
      }
      mutating = true;
      return true;
    };
    const ConnectionId connection = pair.establish(seed % 2 == 0 ? pair.hello() : pair.psk_hello());
    const StreamId stream = pair.open(pair.client, connection);
    pair.client.endpoint.write(connection, stream, SharedBytes(pattern(100'000)), true);
    ASSERT_TRUE(pair.run_until([&] { return pair.server.streams[stream].fin; }));
    EXPECT_EQ(pair.server.streams[stream].received, pattern(100'000));
    mutating = false;
    EXPECT_GT(pair.server.counter("packet_not_authentic"), 0u);
    pair.run_for(seconds(60));
    EXPECT_EQ(pair.server.endpoint.connection_count(), 1u);
  }
}

TEST(Adversity, a_datagram_that_is_not_quic_is_told_apart) {
  Pair pair;
  deliver(pair, pair.server, pair.client.address,
          as_byte_view("\x01 probe of a connectivity check"));
  EXPECT_EQ(pair.server.counter("datagram_not_quic"), 1u);
  EXPECT_EQ(answers(pair, pair.server).datagrams, 0u);
}

// --- amplification ------------------------------------------------------------------------------

TEST(Adversity, an_address_that_proved_nothing_gets_at_most_three_times_what_it_sent) {
  for (const bool refused : {false, true}) {
    Pair pair;
    std::size_t from_client = 0;
    std::size_t from_server = 0;
    // The client's first datagram arrives, and nothing it sends later.
    pair.filter = [&](Packet& packet) {
      if (packet.from == pair.server.address) {
        from_server += packet.bytes.size();
        return false;
      }
      if (from_client > 0) return false;
      from_client += packet.bytes.size();
      return true;
    };
    ClientHello hello = pair.hello();
    if (refused) hello.server_name = "nobody";
    pair.connect(hello);
    pair.run_for(seconds(60));
    EXPECT_GE(from_client, 1200u);
    EXPECT_GT(from_server, 0u);
    EXPECT_LE(from_server, 3 * from_client);
  }
}

TEST(Adversity, a_stateless_reset_is_shorter_than_what_caused_it) {
  Pair pair;
  for (std::size_t size = 1; size < 200; ++size) {
    Bytes bytes = pattern(size);
    bytes[0] = std::byte{0x40};
    deliver(pair, pair.server, pair.client.address, bytes);
    const Answer answer = answers(pair, pair.server);
    EXPECT_LT(answer.bytes, size);
    EXPECT_EQ(answer.datagrams, size > 21 ? 1u : 0u) << size;
  }
}

TEST(Adversity, two_endpoints_that_have_both_forgotten_fall_silent) {
  Pair pair;
  Bytes bytes = pattern(1000);
  bytes[0] = std::byte{0x40};
  deliver(pair, pair.server, pair.client.address, bytes);
  pair.run_for(seconds(5));
  EXPECT_LE(pair.packets, 30u);
  EXPECT_GE(pair.packets, 2u);
}

TEST(Adversity, answers_to_nobody_are_limited_in_rate) {
  Pair pair;
  std::size_t answered = 0;
  for (int i = 0; i < 10'000; ++i) {
    Bytes bytes = pattern(100, static_cast<std::uint64_t>(i));
    bytes[0] = std::byte{0x40};
    deliver(pair, pair.server, Address::v4(9, 9, 9, 9, 99), bytes);
    answered += answers(pair, pair.server).datagrams;
  }
  EXPECT_EQ(answered, 256u);
  EXPECT_EQ(pair.server.counter("answer_rate_limited"), 10'000u - 256);
  pair.now = pair.now + milliseconds(100);
  for (int i = 0; i < 1000; ++i) {
    Bytes bytes = pattern(100, static_cast<std::uint64_t>(i));
    bytes[0] = std::byte{0x40};
    deliver(pair, pair.server, Address::v4(9, 9, 9, 9, 99), bytes);
    answered += answers(pair, pair.server).datagrams;
  }
  EXPECT_EQ(answered, 256u + 100);
}

TEST(Adversity, an_unknown_version_is_answered_with_those_we_speak) {
  Pair pair;
  Bytes bytes(1200);
  bytes[0] = std::byte{0xc0};
  std::fill_n(bytes.begin() + 1, 4, std::byte{0x0a});  // a reserved version
  bytes[5] = std::byte{8};
  bytes[14] = std::byte{8};
  deliver(pair, pair.server, pair.client.address, bytes);
  Bytes buffer(2000);
  const auto transmit =
      pair.server.endpoint.poll_datagrams(pair.now, pair.server.socket, buffer, 1);
  ASSERT_TRUE(transmit.has_value());
  EXPECT_EQ(transmit->size, 1u + 4 + 1 + 8 + 1 + 8 + 4);
  EXPECT_EQ(as_text(ByteView(buffer).subspan(1, 4)), std::string_view("\0\0\0\0", 4));
  EXPECT_EQ(as_text(ByteView(buffer).subspan(transmit->size - 4, 4)),
            std::string_view("\0\0\0\1", 4));
  EXPECT_EQ(pair.server.counter("version_negotiation_sent"), 1u);
  // A small one is not worth an answer.
  deliver(pair, pair.server, pair.client.address, ByteView(bytes).first(1199));
  EXPECT_EQ(answers(pair, pair.server).datagrams, 0u);
}

TEST(Adversity, a_client_told_of_no_common_version_says_so) {
  Pair pair;
  pair.filter = [&](Packet& packet) {
    if (packet.from != pair.client.address) return false;
    // As a server that speaks only a reserved version would answer.
    const Bytes& asked = packet.bytes;
    const std::size_t dcid = std::to_integer<std::size_t>(asked[5]);
    const std::size_t scid = std::to_integer<std::size_t>(asked[6 + dcid]);
    Bytes answer{std::byte{0xc0}, {}, {}, {}, {}, static_cast<std::byte>(scid)};
    const auto append = [&](std::size_t at, std::size_t size) {
      answer.insert(answer.end(), asked.begin() + static_cast<std::ptrdiff_t>(at),
                    asked.begin() + static_cast<std::ptrdiff_t>(at + size));
    };
    append(7 + dcid, scid);
    answer.push_back(static_cast<std::byte>(dcid));
    append(6, dcid);
    answer.insert(answer.end(), 4, std::byte{0x1a});
    deliver(pair, pair.client, pair.server.address, answer);
    return false;
  };
  pair.connect(pair.hello());
  pair.run_for(seconds(1));
  ASSERT_EQ(pair.client.count<Closed>(), 1u);
  EXPECT_EQ(pair.client.last<Closed>()->reason.kind, CloseReason::Kind::version_negotiation);
}

TEST(Adversity, a_flood_of_first_packets_is_met_with_retries_and_little_memory) {
  Pair::Options options;
  options.client.max_connections = 4096;
  options.server.retry_above_handshakes = 16;
  Pair pair(options);
  for (int i = 0; i < 500; ++i) pair.connect(pair.hello());
  // Only the first flights arrive; the spoofed clients never answer.
  std::set<std::size_t> sizes;
  pair.filter = [&](Packet& packet) {
    if (packet.from == pair.server.address) {
      sizes.insert(packet.bytes.size());
      return false;
    }
    return true;
  };
  pair.run_for(milliseconds(20));
  EXPECT_EQ(pair.server.endpoint.connection_count(), 16u);
  EXPECT_GE(pair.server.counter("retry_sent") + pair.server.counter("stray_dropped"), 484u);
}

// --- determinism --------------------------------------------------------------------------------

// A scripted exchange with everything in it; the hash covers every datagram and its time.
std::array<std::byte, 32> run_script(Pair& pair, int part);
constexpr int kScriptParts = 6;

std::array<std::byte, 32> whole_script(std::uint8_t seed) {
  Pair::Options options;
  options.seed = seed;
  Pair pair(options);
  pair.faults = {20, 20, 100, 10};
  for (int part = 0; part < kScriptParts; ++part) run_script(pair, part);
  return pair.trace_hash;
}

TEST(Determinism, equal_seeds_give_equal_datagrams) {
  EXPECT_EQ(whole_script(1), whole_script(1));
  EXPECT_EQ(whole_script(2), whole_script(2));
}

TEST(Determinism, other_seeds_give_other_datagrams) { EXPECT_NE(whole_script(1), whole_script(2)); }

TEST(Determinism, fifty_interleaved_pairs_send_what_each_sends_alone) {
  constexpr std::uint8_t kPairs = 50;
  std::vector<std::unique_ptr<Pair>> pairs;
  for (std::uint8_t seed = 1; seed <= kPairs; ++seed) {
    Pair::Options options;
    options.seed = seed;
    pairs.push_back(std::make_unique<Pair>(options));
    pairs.back()->faults = {20, 20, 100, 10};
  }
  for (int part = 0; part < kScriptParts; ++part) {
    for (auto& pair : pairs) run_script(*pair, part);
  }
  for (std::uint8_t seed = 1; seed <= kPairs; ++seed) {
    EXPECT_EQ(pairs[seed - 1]->trace_hash, whole_script(seed)) << int{seed};
  }
}

std::array<std::byte, 32> run_script(Pair& pair, int part) {
  const auto* connected = pair.client.last<Connected>();
  const ConnectionId connection = connected == nullptr ? ConnectionId{} : connected->connection;
  const auto* ready = pair.client.last<StreamReady>();
  const StreamId stream = ready == nullptr ? StreamId{} : ready->stream;
  switch (part) {
    case 0:
      pair.establish();
      break;
    case 1:
      pair.open(pair.client, connection);
      break;
    case 2:
      pair.client.endpoint.write(connection, stream, SharedBytes(pattern(200'000)), false);
      pair.run_for(seconds(2));
      break;
    case 3:
      pair.client.endpoint.update_keys(pair.now, connection);
      pair.client.endpoint.write(connection, stream, SharedBytes(pattern(100'000)), true);
      pair.run_for(seconds(20));
      break;
    case 4:
      pair.establish(pair.psk_hello());
      break;
    default:
      pair.client.endpoint.close(pair.now, connection, 5, "done");
      pair.run_for(seconds(40));
      break;
  }
  return pair.trace_hash;
}

// --- helpers ------------------------------------------------------------------------------------

Answer answers(Pair& pair, Host& host) {
  Answer answer;
  Bytes buffer(65'536);
  host.drain();
  while (const auto transmit = host.endpoint.poll_datagrams(pair.now, host.socket, buffer, 1)) {
    ++answer.datagrams;
    answer.bytes += transmit->size;
  }
  return answer;
}

std::uint64_t sum_of_counters(const Host& host) {
  std::uint64_t sum = 0;
  for (const auto& [reason, times] : host.endpoint.counters()) sum += times;
  return sum;
}

}  // namespace
}  // namespace kith::quic::testing
