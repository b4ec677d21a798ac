#include "engine/discovery/dht/node.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <numeric>
#include <string>

#include "engine/discovery/dht/saved_table.h"

namespace kith::dht {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr Instant kStart{1'000'000'000'000};
const Address kPeer = Address::v4(20, 1, 1, 1, 6881);
const Address kOther = Address::v4(20, 1, 2, 1, 6881);

Config reachable();
NodeId peer_id(const Address& address);
Bytes query_bytes(Request request, const Address& from = kPeer, bool read_only = false);
std::uint64_t dropped(const DhtNode& node, Drop reason);
std::vector<Datagram> drain(DhtNode& node);
// What it answers a query with, and nothing else.
std::optional<Message> answer_of(DhtNode& node, Instant now, const Address& from, ByteView bytes);
Response response_to(DhtNode& node, Instant now, const Address& from, const Request& request);
ErrorNumber error_to(DhtNode& node, Instant now, const Address& from, const Request& request);
// Makes the node know somebody: answers the query that is on its way to him.
void answer_all(DhtNode& node, Instant now, const Address& peer, Response response = {},
                std::optional<Address> external = std::nullopt);
MutableItem item_of(std::int64_t seq, std::string_view text);
template <class T>
std::optional<T> event_of(DhtNode& node);

// Where the node is seen by those who answer it.
const Address kHome = host_of(Address::v4(99, 8, 7, 6, 0));
const Address kNewHome = host_of(Address::v4(77, 8, 7, 6, 0));

// Nodes that answer whatever they are asked, at once, once they know where it comes from.
class Peers {
 public:
  static constexpr std::size_t kPeers = 12;

  static Address peer(std::size_t i) {
    return Address::v4(20, 2, static_cast<std::uint8_t>(i), 1, 6881);
  }
  void see(const Address& home) { seen_.fill(home); }
  void see_from_first(const Address& home) { seen_[0] = home; }
  void leave_but(std::size_t one) {
    for (std::size_t i = 0; i < kPeers; ++i) {
      if (i != one) seen_[i] = {};
    }
  }
  // All of them ask the node, which gets to know them by that.
  Instant meet(DhtNode& node, Instant now);
  // How often they are asked.
  std::size_t play(DhtNode& node, Instant now, Instant end);
  std::size_t answers() const { return answers_; }

 private:
  std::size_t answer(DhtNode& node, Instant now);

  std::array<Address, kPeers> seen_{};
  std::size_t answers_ = 0;
};

TEST(DhtNode, it_answers_as_a_good_citizen_does) {
  DhtNode node(kStart, reachable(), RandomSource({}));
  const auto pong = answer_of(node, kStart, kPeer, query_bytes(Ping{}));
  ASSERT_TRUE(pong.has_value());
  EXPECT_EQ(as_text(pong->transaction), "tt");
  EXPECT_EQ(pong->external, kPeer);  // BEP 42
  EXPECT_EQ(pong->client, kClient);
  EXPECT_EQ(std::get<Response>(pong->body).id, node.id());

  EXPECT_TRUE(response_to(node, kStart, kPeer, FindNode{NodeId{}, {}}).lists.v4);
  const Want v6{false, true};
  EXPECT_FALSE(response_to(node, kStart, kPeer, FindNode{NodeId{}, v6}).lists.v4);
  EXPECT_TRUE(response_to(node, kStart, kPeer, FindNode{NodeId{}, v6}).lists.v6);

  const auto peers = response_to(node, kStart, kPeer, GetPeers{NodeId{}, {}});
  ASSERT_TRUE(peers.token.has_value());
  const AnnouncePeer announce{NodeId{}, 6881, false, *peers.token};
  EXPECT_EQ(response_to(node, kStart, kPeer, announce).id, node.id());
  EXPECT_EQ(error_to(node, kStart, kOther, announce), ErrorNumber::protocol);
}

TEST(DhtNode, a_wrong_query_is_told_so_and_garbage_nothing) {
  DhtNode node(kStart, reachable(), RandomSource({}));
  const auto error = answer_of(node, kStart, kPeer,
                               as_byte_view("d1:ad2:id20:abcdefghij0123456789e1:q4:vote"
                                            "1:t2:aa1:y1:qe"));
  ASSERT_TRUE(error.has_value());
  EXPECT_EQ(std::get<ErrorReply>(error->body).number, 204);
  EXPECT_FALSE(answer_of(node, kStart, kPeer, as_byte_view("d1:t2:aa1:y1:xe")).has_value());
  EXPECT_FALSE(answer_of(node, kStart, kPeer, as_byte_view("hello")).has_value());
  EXPECT_EQ(dropped(node, Drop::bad_bencode), 1U);
  EXPECT_EQ(dropped(node, Drop::bad_message), 2U);
}

TEST(DhtNode, nothing_is_ever_sent_for_a_response_that_was_not_asked_for) {
  DhtNode node(kStart, reachable(), RandomSource({}));
  Response response;
  response.id = peer_id(kPeer);
  node.handle_datagram(kStart, kPeer, encode({Bytes(4), {}, {}, response}));
  node.handle_datagram(kStart, kPeer, encode({Bytes(4), {}, {}, ErrorReply{203, "no"}}));
  EXPECT_TRUE(drain(node).empty());
  EXPECT_EQ(dropped(node, Drop::unexpected_answer), 2U);
  EXPECT_EQ(node.table().size(), 0U);
}

TEST(DhtNode, an_item_is_kept_and_given_out_with_its_signature) {
  DhtNode node(kStart, reachable(), RandomSource({}));
  const MutableItem item = item_of(5, "five");
  const NodeId target = mutable_target(item.key, item.salt);
  const auto before = response_to(node, kStart, kPeer, Get{target, {}, {}});
  EXPECT_FALSE(before.value.has_value());
  ASSERT_TRUE(before.token.has_value());
  EXPECT_EQ(response_to(node, kStart, kPeer, PutMutable{*before.token, item, {}}).id, node.id());

  const auto got = response_to(node, kStart, kOther, Get{target, {}, {}});
  EXPECT_EQ(got.value, item.value);
  EXPECT_EQ(got.key, item.key);
  EXPECT_EQ(got.seq, 5);
  EXPECT_EQ(got.signature, item.signature);
  // BEP 44: whoever has it already is only told so.
  const auto same = response_to(node, kStart, kOther, Get{target, 5, {}});
  EXPECT_FALSE(same.value || same.key || same.signature);
  EXPECT_EQ(same.seq, 5);
  EXPECT_TRUE(response_to(node, kStart, kOther, Get{target, 4, {}}).value.has_value());
}

TEST(DhtNode, a_put_is_refused_with_the_number_that_says_why) {
  DhtNode node(kStart, reachable(), RandomSource({}));
  const MutableItem item = item_of(5, "five");
  const Bytes token = *response_to(node, kStart, kPeer, Get{NodeId{}, {}, {}}).token;
  EXPECT_EQ(error_to(node, kStart, kOther, PutMutable{token, item, {}}), ErrorNumber::protocol);
  EXPECT_EQ(error_to(node, kStart, kPeer, PutMutable{Bytes(8), item, {}}), ErrorNumber::protocol);
  response_to(node, kStart, kPeer, PutMutable{token, item, {}});
  EXPECT_EQ(error_to(node, kStart, kPeer, PutMutable{token, item_of(4, "four"), {}}),
            ErrorNumber::seq_too_old);
  EXPECT_EQ(error_to(node, kStart, kPeer, PutMutable{token, item_of(6, "six"), 4}),
            ErrorNumber::cas_mismatch);
  MutableItem forged = item_of(6, "six");
  forged.seq = 7;
  EXPECT_EQ(error_to(node, kStart, kPeer, PutMutable{token, forged, {}}),
            ErrorNumber::bad_signature);
  EXPECT_EQ(error_to(node, kStart + minutes(11), kPeer, PutMutable{token, item_of(9, "nine"), {}}),
            ErrorNumber::protocol);
}

TEST(DhtNode, who_has_not_proven_his_address_gets_only_so_many_bytes) {
  DhtNode node(kStart, reachable(), RandomSource({}));
  std::size_t sent = 0;
  // Many hosts of one network, so that no host's own limit is met.
  for (int i = 0; i < 500; ++i) {
    const Address victim = Address::v4(20, 1, 1, static_cast<std::uint8_t>(i % 250), 6881);
    node.handle_datagram(kStart, victim, query_bytes(GetPeers{NodeId{}, {}}, victim));
    for (const Datagram& datagram : drain(node)) {
      if (decode(datagram.bytes)->body.index() == 1) sent += datagram.bytes.size();
    }
  }
  EXPECT_LE(sent, reachable().unverified_bytes_per_prefix.burst);
  EXPECT_GE(sent, reachable().unverified_bytes_per_prefix.burst - 200);
  EXPECT_GT(dropped(node, Drop::reply_budget), 0U);
  // Others are not held up.
  EXPECT_TRUE(answer_of(node, kStart, kOther, query_bytes(Ping{}, kOther)).has_value());
}

TEST(DhtNode, one_host_asks_only_so_often) {
  DhtNode node(kStart, reachable(), RandomSource({}));
  for (int i = 0; i < 200; ++i) node.handle_datagram(kStart, kPeer, query_bytes(Ping{}));
  EXPECT_EQ(dropped(node, Drop::host_rate), 200 - reachable().queries_per_host.burst);
  EXPECT_TRUE(answer_of(node, kStart, kOther, query_bytes(Ping{}, kOther)).has_value());
}

TEST(DhtNode, addresses_nobody_has_are_dropped_but_in_a_laboratory) {
  const Address local = Address::v4(127, 0, 0, 1, 6881);
  const Address no_port = Address::v4(20, 1, 1, 1, 0);
  DhtNode node(kStart, reachable(), RandomSource({}));
  EXPECT_FALSE(answer_of(node, kStart, local, query_bytes(Ping{}, local)).has_value());
  EXPECT_FALSE(answer_of(node, kStart, no_port, query_bytes(Ping{})).has_value());
  EXPECT_EQ(dropped(node, Drop::bad_source), 2U);
  Config config = reachable();
  config.scope = Scope::local;
  DhtNode laboratory(kStart, config, RandomSource({}));
  EXPECT_TRUE(answer_of(laboratory, kStart, local, query_bytes(Ping{}, local)).has_value());
}

TEST(DhtNode, a_hidden_node_says_so_and_answers_nobody_it_has_sent_to) {
  Config config;
  config.bootstrap = {kPeer};
  DhtNode node(kStart, config, RandomSource({}));
  node.on_wakeup(kStart);
  const auto asked = drain(node);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_TRUE(std::get<Query>(decode(asked[0].bytes)->body).read_only);
  EXPECT_FALSE(answer_of(node, kStart, kPeer, query_bytes(Ping{})).has_value());
  EXPECT_EQ(dropped(node, Drop::hidden), 1U);
  EXPECT_EQ(node.standing(), Standing::hidden);
}

TEST(DhtNode, a_query_from_a_stranger_opens_it_and_a_move_hides_it) {
  DhtNode node(kStart, {}, RandomSource({}));
  EXPECT_TRUE(answer_of(node, kStart, kPeer, query_bytes(Ping{}, kPeer, true)).has_value());
  EXPECT_EQ(node.standing(), Standing::open);
  node.network_changed(kStart + seconds(1));
  EXPECT_EQ(node.standing(), Standing::hidden);
}

TEST(DhtNode, who_asks_is_tested_before_it_is_in_the_table_and_read_only_ones_never) {
  DhtNode node(kStart, reachable(), RandomSource({}));
  node.handle_datagram(kStart, kPeer, query_bytes(Ping{}));
  EXPECT_EQ(node.table().size(), 0U);
  answer_all(node, kStart, kPeer);
  EXPECT_EQ(node.table().size(), 1U);
  node.handle_datagram(kStart, kOther, query_bytes(Ping{}, kOther, true));
  EXPECT_EQ(drain(node).size(), 1U);  // the answer, and no test
}

TEST(DhtNode, a_host_that_is_never_heard_answering_is_tested_once_a_minute) {
  DhtNode node(kStart, reachable(), RandomSource({}));
  std::size_t tests = 0;
  constexpr int kMinutes = 10;
  for (int second = 0; second < 60 * kMinutes; ++second) {
    node.handle_datagram(kStart + seconds(second), kPeer, query_bytes(Ping{}));
    tests += drain(node).size() - 1;
  }
  EXPECT_EQ(tests, std::size_t{kMinutes} + 1);
  // Another host has minutes of its own.
  node.handle_datagram(kStart + seconds(60 * kMinutes), kOther, query_bytes(Ping{}, kOther));
  EXPECT_EQ(drain(node).size(), 2U);
}

TEST(DhtNode, a_host_without_tests_takes_none_of_those_for_all) {
  DhtNode node(kStart, reachable(), RandomSource({}));
  for (int i = 0; i < 50; ++i) node.handle_datagram(kStart, kPeer, query_bytes(Ping{}));
  drain(node);
  node.handle_datagram(kStart, kOther, query_bytes(Ping{}, kOther));
  EXPECT_EQ(drain(node).size(), 2U);  // the answer and a test
}

TEST(DhtNode, another_id_in_an_answer_is_not_believed) {
  DhtNode node(kStart, reachable(), RandomSource({}));
  node.handle_datagram(kStart, kPeer, query_bytes(Ping{}));
  Response response;
  response.id = peer_id(kOther);
  answer_all(node, kStart, kPeer, response);
  EXPECT_EQ(node.table().size(), 0U);
  EXPECT_EQ(dropped(node, Drop::wrong_id), 1U);
}

TEST(DhtNode, its_id_follows_the_address_that_several_networks_see) {
  DhtNode node(kStart, reachable(), RandomSource({}));
  const Address seen = Address::v4(99, 8, 7, 6, 5);
  for (std::uint8_t i = 1; i <= kVotesNeeded; ++i) {
    EXPECT_FALSE(node.external_address().has_value());
    const Address peer = Address::v4(20, 2, i, 1, 6881);
    node.handle_datagram(kStart, peer, query_bytes(Ping{}, peer));
    answer_all(node, kStart, peer, {}, seen);
  }
  EXPECT_EQ(node.external_address(), host_of(seen));
  EXPECT_TRUE(conforms(node.id(), seen));
  EXPECT_EQ(event_of<Moved>(node)->id, node.id());
  EXPECT_EQ(node.table().size(), kVotesNeeded);
  node.check_invariants();
}

TEST(DhtNode, one_who_sees_it_elsewhere_makes_it_ask_the_others) {
  Peers peers;
  peers.see(kHome);
  DhtNode node(kStart, reachable(), RandomSource({}));
  const Instant known = peers.meet(node, kStart);
  ASSERT_EQ(node.external_address(), kHome);
  peers.see(kNewHome);
  // One test a minute would take as many minutes as there are votes.
  peers.play(node, known, known + kTestEvery + seconds(2));
  EXPECT_EQ(node.external_address(), kNewHome);
  // And back, within the pause after such a look: it ended in a move.
  const Instant back = known + kTestEvery + seconds(2);
  peers.see(kHome);
  peers.play(node, back, back + kTestEvery + seconds(2));
  EXPECT_EQ(node.external_address(), kHome);
}

TEST(DhtNode, a_liar_makes_it_look_around_only_so_often) {
  Peers peers;
  peers.see(kHome);
  DhtNode node(kStart, reachable(), RandomSource({}));
  const Instant known = peers.meet(node, kStart);
  peers.see_from_first(kNewHome);
  const std::size_t queries = peers.play(node, known, known + 4 * kDoubtPause);
  EXPECT_EQ(node.external_address(), kHome);
  const auto tests = static_cast<std::size_t>(4 * kDoubtPause / kTestEvery);
  EXPECT_LE(queries, tests + 5 * Peers::kPeers);
}

TEST(DhtNode, a_forged_value_is_dropped_and_the_highest_number_wins) {
  Config config = reachable();
  config.bootstrap = {kPeer, kOther, Address::v4(20, 1, 3, 1, 1)};
  DhtNode node(kStart, config, RandomSource({}));
  const MutableItem older = item_of(5, "five");
  const MutableItem newer = item_of(6, "six");
  ASSERT_TRUE(node.get(kStart, {1}, MutableKey{older.key, {}}).has_value());
  EXPECT_FALSE(node.get(kStart, {1}, MutableKey{older.key, {}}).has_value());
  const auto asked = drain(node);
  ASSERT_EQ(asked.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i) {
    MutableItem item = i == 1 ? newer : older;
    if (i == 2) item.seq = 99;
    Response response;
    response.id = peer_id(asked[i].to);
    response.value = item.value;
    response.key = item.key;
    response.seq = item.seq;
    response.signature = item.signature;
    node.handle_datagram(kStart, asked[i].to,
                         encode({decode(asked[i].bytes)->transaction, {}, {}, response}));
  }
  EXPECT_EQ(dropped(node, Drop::bad_value), 1U);
  const auto done = event_of<GetDone>(node);
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->item, Item(newer));
  EXPECT_EQ(done->answered, 2U);
}

TEST(DhtNode, a_put_that_is_overtaken_is_not_sent) {
  Config config = reachable();
  config.bootstrap = {kPeer};
  DhtNode node(kStart, config, RandomSource({}));
  const MutableItem newer = item_of(6, "six");
  ASSERT_TRUE(node.put(kStart, {1}, item_of(5, "five")).has_value());
  Response response;
  response.id = peer_id(kPeer);
  response.token = Bytes(4);
  response.value = newer.value;
  response.key = newer.key;
  response.seq = newer.seq;
  response.signature = newer.signature;
  answer_all(node, kStart, kPeer, response);
  const auto done = event_of<PutDone>(node);
  ASSERT_TRUE(done.has_value());
  EXPECT_EQ(done->newer, newer);
  EXPECT_EQ(done->stored, 0U);
  EXPECT_TRUE(drain(node).empty());
}

TEST(DhtNode, commands_that_cannot_work_are_refused_with_words) {
  DhtNode node(kStart, reachable(), RandomSource({}));
  EXPECT_FALSE(node.put(kStart, {1}, ImmutableItem{Bytes(1001)}).has_value());
  EXPECT_FALSE(node.put(kStart, {1}, ImmutableItem{to_bytes(as_byte_view("no"))}).has_value());
  MutableItem forged = item_of(5, "five");
  forged.seq = 6;
  EXPECT_FALSE(node.put(kStart, {1}, forged).has_value());
  EXPECT_FALSE(node.get(kStart, {1}, MutableKey{{}, Bytes(65)}).has_value());
}

TEST(DhtNode, requests_are_bounded_and_can_be_cancelled) {
  Config config = reachable();
  config.bootstrap = {kPeer};
  DhtNode node(kStart, config, RandomSource({}));
  for (std::uint64_t i = 0; i < kMaxRequests; ++i) {
    EXPECT_TRUE(node.find(kStart, {i}, NodeId{}).has_value());
  }
  const auto refused = node.find(kStart, {1000}, NodeId{});
  ASSERT_FALSE(refused.has_value());
  EXPECT_EQ(refused.error().code, ErrorCode::limit_exceeded);
  EXPECT_TRUE(node.cancel({3}));
  EXPECT_FALSE(node.cancel({3}));
  EXPECT_TRUE(node.find(kStart, {1000}, NodeId{}).has_value());
}

TEST(DhtNode, alone_it_asks_ever_more_seldom) {
  Config config;
  config.bootstrap = {kPeer};
  DhtNode node(kStart, config, RandomSource({}));
  Instant now = kStart;
  std::vector<Instant> tries;
  while (now < kStart + std::chrono::hours(24)) {
    now = std::max(now, node.next_wakeup());
    node.on_wakeup(now);
    for (const auto& datagram : drain(node)) {
      EXPECT_EQ(datagram.to, kPeer);
      tries.push_back(now);
    }
  }
  ASSERT_GE(tries.size(), 24U);
  EXPECT_LE(tries.size(), 40U);
  EXPECT_GE(tries[1] - tries[0], kFirstBootstrapPause);
  EXPECT_LE(tries[1] - tries[0], kFirstBootstrapPause + seconds(10));
  EXPECT_GE(tries.back() - tries[tries.size() - 2], kLongestBootstrapPause);
  EXPECT_TRUE(event_of<Lonely>(node).has_value());
}

TEST(DhtNode, who_loses_all_nodes_between_two_looks_around_looks_at_once) {
  Peers peers;
  peers.see(kHome);
  DhtNode node(kStart, reachable(), RandomSource({}));
  Instant now = peers.meet(node, kStart) + seconds(10);
  peers.play(node, now, now + seconds(10));
  ASSERT_EQ(node.table().usable(), Peers::kPeers);
  // For a while nothing gets through, and it is a time of many questions.
  RandomSource random({});
  for (std::uint64_t request = 1; request <= 20; ++request, now = now + seconds(2)) {
    ASSERT_TRUE(node.find(now, RequestId{request}, NodeId::random(random)));
    Peers().play(node, now, now + seconds(2));
  }
  ASSERT_EQ(node.table().usable(), 0U);
  peers.play(node, now, now + kTestEvery + seconds(10));
  EXPECT_GE(node.table().usable(), kFewNodes);
}

TEST(DhtNode, when_most_were_silent_once_the_bootstrap_hosts_are_asked) {
  Peers peers;
  peers.see(kHome);
  Config config = reachable();
  config.bootstrap = {kOther};
  DhtNode node(kStart, config, RandomSource({}));
  Instant now = peers.meet(node, kStart) + seconds(10);
  peers.play(node, now, now + seconds(10));
  now = now + seconds(10);
  const auto asks_host = [](const Datagram& datagram) { return datagram.to == kOther; };
  ASSERT_TRUE(node.find(now, {1}, node.id()));
  ASSERT_TRUE(std::ranges::none_of(drain(node), asks_host));
  // As sybils do, all of them leave.
  Peers().play(node, now, now + kSearchLife);
  now = now + kSearchLife;
  ASSERT_GT(node.table().size(), kFewNodes);
  ASSERT_LT(node.table().usable(), kFewNodes);
  ASSERT_TRUE(node.find(now, {2}, node.id()));
  EXPECT_TRUE(std::ranges::any_of(drain(node), asks_host));
}

TEST(DhtNode, after_a_node_that_is_silent_another_is_tested_at_once) {
  Peers peers;
  peers.see(kHome);
  DhtNode node(kStart, reachable(), RandomSource({}));
  Instant now = peers.meet(node, kStart);
  peers.play(node, now, now + 2 * kTestEvery);
  now = now + 2 * kTestEvery;
  const std::size_t before = peers.answers();
  peers.leave_but(4);
  // A test of each, and with the first silences it looks around, after 10, 20, 40 s once more.
  EXPECT_LE(peers.play(node, now, now + 2 * kTestEvery), 5 * Peers::kPeers);
  EXPECT_GT(peers.answers(), before);
}

TEST(DhtNode, bootstrap_hosts_can_be_told_later) {
  DhtNode node(kStart, reachable(), RandomSource({}));
  node.on_wakeup(kStart);
  EXPECT_TRUE(drain(node).empty());
  node.set_bootstrap(kStart + seconds(1), {kPeer});
  ASSERT_EQ(node.next_wakeup(), kStart + seconds(1));
  node.on_wakeup(kStart + seconds(1));
  const auto asked = drain(node);
  ASSERT_EQ(asked.size(), 1U);
  EXPECT_EQ(asked[0].to, kPeer);
}

TEST(DhtNode, what_was_saved_makes_bootstrap_hosts_unnecessary) {
  SavedTable saved{peer_id(Address::v4(99, 1, 1, 1, 1)), Address::v4(99, 1, 1, 1, 0), {}};
  saved.contacts.push_back({peer_id(kPeer), kPeer});
  DhtNode node(kStart, {}, RandomSource({}), encode(saved));
  EXPECT_EQ(node.id(), saved.id);
  EXPECT_EQ(node.external_address(), saved.external);
  node.on_wakeup(kStart);
  answer_all(node, kStart, kPeer);
  EXPECT_EQ(node.table().size(), 1U);
  EXPECT_EQ(decode_saved_table(node.save()), saved);
}

RC_GTEST_PROP(DhtNode, whatever_arrives_it_stays_within_its_bounds, ()) {
  DhtNode node(kStart, reachable(), RandomSource({}));
  std::array<std::byte, 32> seed{};
  seed[0] = static_cast<std::byte>(*rc::gen::inRange(0, 256));
  RandomSource random(seed);
  Instant now = kStart;
  const std::vector<Bytes> seeds{query_bytes(Ping{}), query_bytes(Get{NodeId{}, 4, {}}),
                                 query_bytes(PutMutable{Bytes(8), item_of(1, "one"), 0}),
                                 query_bytes(GetPeers{NodeId{}, {}})};
  std::uint64_t in = 0;
  std::uint64_t out = 0;
  for (int i = 0; i < 200; ++i) {
    Bytes bytes = seeds[static_cast<std::size_t>(random.below(seeds.size()))];
    const std::uint64_t flips = random.below(3);
    for (std::uint64_t flip = 0; flip < flips; ++flip) {
      const auto at = static_cast<std::size_t>(random.below(bytes.size()));
      bytes[at] = static_cast<std::byte>(random.below(256));
    }
    const auto network = static_cast<std::uint8_t>(random.below(20));
    node.handle_datagram(now, Address::v4(20, 3, network, 1, 6881), bytes);
    ++in;
    out += drain(node).size();
    now = now + std::chrono::milliseconds(random.below(500));
    if (node.next_wakeup() <= now) node.on_wakeup(now);
    node.check_invariants();
  }
  RC_ASSERT(node.table().size() == 0U);
  RC_ASSERT(out <= 2 * in + 64);
}

// --- helpers ---------------------------------------------------------------------------------

Config reachable() {
  Config config;
  config.reachable = true;
  return config;
}

NodeId peer_id(const Address& address) {
  RandomSource random({});
  return id_for(address, std::to_integer<std::uint8_t>(address.ip[2]), random);
}

Bytes query_bytes(Request request, const Address& from, bool read_only) {
  return encode(
      {to_bytes(as_byte_view("tt")), {}, {}, Query{peer_id(from), read_only, std::move(request)}});
}

std::uint64_t dropped(const DhtNode& node, Drop reason) {
  EXPECT_FALSE(to_string(reason).empty());
  return node.drops()[static_cast<std::size_t>(reason)];
}

std::vector<Datagram> drain(DhtNode& node) {
  std::vector<Datagram> all;
  while (auto datagram = node.poll_transmit()) all.push_back(std::move(*datagram));
  return all;
}

std::optional<Message> answer_of(DhtNode& node, Instant now, const Address& from, ByteView bytes) {
  drain(node);
  node.handle_datagram(now, from, bytes);
  for (const Datagram& datagram : drain(node)) {
    EXPECT_EQ(datagram.to, from);
    auto message = decode(datagram.bytes);
    if (!std::holds_alternative<Query>(message->body)) return *message;
  }
  return std::nullopt;
}

Response response_to(DhtNode& node, Instant now, const Address& from, const Request& request) {
  const auto answer = answer_of(node, now, from, query_bytes(request, from));
  const auto* response = answer ? std::get_if<Response>(&answer->body) : nullptr;
  EXPECT_NE(response, nullptr);
  return response != nullptr ? *response : Response{};
}

ErrorNumber error_to(DhtNode& node, Instant now, const Address& from, const Request& request) {
  const auto answer = answer_of(node, now, from, query_bytes(request, from));
  const auto* error = answer ? std::get_if<ErrorReply>(&answer->body) : nullptr;
  EXPECT_NE(error, nullptr);
  return error != nullptr ? static_cast<ErrorNumber>(error->number) : ErrorNumber::generic;
}

void answer_all(DhtNode& node, Instant now, const Address& peer, Response response,
                std::optional<Address> external) {
  if (response.id == NodeId{}) response.id = peer_id(peer);
  for (const Datagram& datagram : drain(node)) {
    const auto message = decode(datagram.bytes);
    if (datagram.to != peer || !std::holds_alternative<Query>(message->body)) continue;
    node.handle_datagram(now, peer, encode({message->transaction, {}, external, response}));
  }
}

Instant Peers::meet(DhtNode& node, Instant now) {
  for (std::size_t i = 0; i < kPeers; ++i, now = now + seconds(1)) {
    node.handle_datagram(now, peer(i), query_bytes(Ping{}, peer(i)));
    answer(node, now);
  }
  return now;
}

std::size_t Peers::play(DhtNode& node, Instant now, Instant end) {
  std::size_t asked = 0;
  for (; now < end; now = now + std::chrono::milliseconds(100)) {
    if (node.next_wakeup() <= now) node.on_wakeup(now);
    asked += answer(node, now);
  }
  return asked;
}

std::size_t Peers::answer(DhtNode& node, Instant now) {
  std::size_t asked = 0;
  for (auto all = drain(node); !all.empty(); all = drain(node)) {
    for (const Datagram& datagram : all) {
      const auto message = decode(datagram.bytes);
      if (!std::holds_alternative<Query>(message->body)) continue;
      ++asked;
      const Address& seen = seen_[std::to_integer<std::size_t>(datagram.to.ip[2])];
      if (seen.is_unspecified()) continue;
      ++answers_;
      Response response;
      response.id = peer_id(datagram.to);
      node.handle_datagram(now, datagram.to, encode({message->transaction, {}, seen, response}));
    }
  }
  return asked;
}

MutableItem item_of(std::int64_t seq, std::string_view text) {
  RandomSource random({});
  const KeyPair key = KeyPair::random(random);
  return sign_item(key, {}, seq, string_value(as_byte_view(text)));
}

template <class T>
std::optional<T> event_of(DhtNode& node) {
  while (const auto event = node.poll_event()) {
    if (const auto* found = std::get_if<T>(&*event)) return *found;
  }
  return std::nullopt;
}

}  // namespace
}  // namespace kith::dht
