#include "engine/discovery/dht/krpc.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <string>

namespace kith::dht {
namespace {

NodeId id_of(std::string_view text);
Bytes bytes_of(std::string_view text);
RandomSource any_source();
Address any_address(RandomSource& random);
Message any_message();
Request any_request(RandomSource& random);
Response any_response(RandomSource& random);
std::optional<ErrorNumber> answer_to(std::string_view text);
bool accepted(std::string_view text);

RC_GTEST_PROP(Krpc, what_is_written_is_read_back, ()) {
  const Message message = any_message();
  const auto decoded = decode(encode(message));
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == message);
}

RC_GTEST_PROP(Krpc, unknown_keys_are_passed_over, ()) {
  const Message message = any_message();
  Bytes bytes = encode(message);
  const ByteView extra = as_byte_view("1:!ld1:xi1eee");
  bytes.insert(bytes.begin() + 1, extra.begin(), extra.end());
  const auto decoded = decode(bytes);
  RC_ASSERT(decoded.has_value());
  RC_ASSERT(*decoded == message);
}

// BEP 5, "DHT queries": its example packets.
TEST(Krpc, the_examples_of_bep_5_are_written_exactly) {
  const NodeId querying = id_of("abcdefghij0123456789");
  const NodeId queried = id_of("mnopqrstuvwxyz123456");
  const auto query = [&](Request request) {
    return std::string(as_text(encode({bytes_of("aa"), {}, {}, Query{querying, false, request}})));
  };
  EXPECT_EQ(query(Ping{}), "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe");
  EXPECT_EQ(query(FindNode{queried, {}}),
            "d1:ad2:id20:abcdefghij01234567896:target20:mnopqrstuvwxyz123456e"
            "1:q9:find_node1:t2:aa1:y1:qe");
  EXPECT_EQ(query(GetPeers{queried, {}}),
            "d1:ad2:id20:abcdefghij01234567899:info_hash20:mnopqrstuvwxyz123456e"
            "1:q9:get_peers1:t2:aa1:y1:qe");
  EXPECT_EQ(query(AnnouncePeer{queried, 6881, true, bytes_of("aoeusnth")}),
            "d1:ad2:id20:abcdefghij012345678912:implied_porti1e9:info_hash20:mnopqrstuvwxyz123456"
            "4:porti6881e5:token8:aoeusnthe1:q13:announce_peer1:t2:aa1:y1:qe");
  Response pong;
  pong.id = queried;
  EXPECT_EQ(as_text(encode({bytes_of("aa"), {}, {}, pong})),
            "d1:rd2:id20:mnopqrstuvwxyz123456e1:t2:aa1:y1:re");
  EXPECT_EQ(as_text(encode({bytes_of("aa"), {}, {}, ErrorReply{201, "A Generic Error Ocurred"}})),
            "d1:eli201e23:A Generic Error Ocurrede1:t2:aa1:y1:ee");
}

TEST(Krpc, the_peers_of_bep_5_are_read) {
  const auto message =
      decode(as_byte_view("d1:rd2:id20:abcdefghij01234567895:token8:aoeusnth6:valuesl6:axje.u6:"
                          "idhtnmee1:t2:aa1:y1:re"));
  ASSERT_TRUE(message.has_value());
  const auto& response = std::get<Response>(message->body);
  ASSERT_EQ(response.peers.size(), 2U);
  EXPECT_EQ(response.peers[0].to_string(), "97.120.106.101:11893");
  EXPECT_EQ(as_text(*response.token), "aoeusnth");
}

TEST(Krpc, items_and_extensions_stand_where_the_beps_put_them) {
  MutableItem item{{}, bytes_of("s"), 4, bytes_of("2:hi"), {}};
  item.key.bytes.fill(std::byte{'k'});
  item.signature.fill(std::byte{'g'});
  const Query put{id_of("abcdefghij0123456789"), true, PutMutable{bytes_of("tk"), item, 3}};
  std::array<std::byte, 4> client{std::byte{'K'}, std::byte{'I'}, std::byte{0}, std::byte{1}};
  const Bytes bytes = encode({bytes_of("aa"), client, {}, put});
  EXPECT_EQ(as_text(bytes),
            "d1:ad3:casi3e2:id20:abcdefghij01234567891:k32:" + std::string(32, 'k') +
                "4:salt1:s3:seqi4e3:sig64:" + std::string(64, 'g') +
                "5:token2:tk1:v2:hie1:q3:put2:roi1e1:t2:aa1:v4:KI" + std::string(1, '\0') + "\x01" +
                "1:y1:qe");
  Response response;
  response.id = id_of("abcdefghij0123456789");
  response.lists.v4 = true;
  const Bytes answered =
      encode({bytes_of("aa"), {}, Address::v4(97, 98, 99, 100, 0x6566), response});
  EXPECT_EQ(as_text(answered),
            "d2:ip6:abcdef1:rd2:id20:abcdefghij01234567895:nodes0:e1:t2:aa1:y1:re");
}

TEST(Krpc, a_query_that_is_wrong_says_what_its_sender_may_be_told) {
  const std::string id = "2:id20:abcdefghij0123456789";
  const auto query = [](const std::string& arguments, const std::string& method) {
    return "d1:ad" + arguments + "e1:q" + std::to_string(method.size()) + ":" + method +
           "1:t2:aa1:y1:qe";
  };
  const std::string signature = "3:sig64:" + std::string(64, 'g');
  const std::string key = "1:k32:" + std::string(32, 'k');
  EXPECT_EQ(answer_to(query(id, "ping")), std::nullopt);
  EXPECT_EQ(answer_to(query(id, "vote")), ErrorNumber::unknown_method);
  EXPECT_EQ(answer_to(query("", "ping")), ErrorNumber::protocol);
  EXPECT_EQ(answer_to(query("2:id19:abcdefghij012345678", "ping")), ErrorNumber::protocol);
  EXPECT_EQ(answer_to(query(id, "find_node")), ErrorNumber::protocol);
  EXPECT_EQ(answer_to(query(id + "6:target3:abc", "get")), ErrorNumber::protocol);
  EXPECT_EQ(answer_to(query(id, "put")), ErrorNumber::protocol);
  EXPECT_EQ(answer_to(query(id + "5:token1:t1:v1001:" + std::string(1001, 'a'), "put")),
            ErrorNumber::value_too_big);
  EXPECT_EQ(answer_to(query(id + "5:token1:t1:v995:" + std::string(995, 'a'), "put")),
            std::nullopt);
  EXPECT_EQ(answer_to(query(id + key + "4:salt65:" + std::string(65, 's') + "3:seqi1e" + signature +
                                "5:token1:t1:v1:a",
                            "put")),
            ErrorNumber::salt_too_big);
  EXPECT_EQ(answer_to(query(id + key + "3:seqi-1e" + signature + "5:token1:t1:v1:a", "put")),
            ErrorNumber::protocol);
  EXPECT_EQ(answer_to(query(id + key + "3:seqi1e5:token1:t1:v1:a", "put")), ErrorNumber::protocol);
  EXPECT_EQ(answer_to(query(id + "9:info_hash20:mnopqrstuvwxyz1234564:porti65536e5:token1:t",
                            "announce_peer")),
            ErrorNumber::protocol);
  EXPECT_EQ(answer_to("d1:q4:ping1:t2:aa1:y1:qe"), ErrorNumber::protocol);
}

TEST(Krpc, what_is_no_message_is_answered_by_nothing) {
  for (const char* text :
       {"", "i1e", "le", "de", "d1:t2:aae", "d1:y1:qe", "d1:t2:aa1:y1:xe", "d1:t2:aa1:y1:re",
        "d1:rd2:id3:abce1:t2:aa1:y1:re", "d1:eli201e1:x", "d1:ele1:t2:aa1:y1:ee",
        "d1:rd2:id20:abcdefghij01234567895:nodes3:abce1:t2:aa1:y1:re",
        "d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t21:aaaaaaaaaaaaaaaaaaaaa1:y1:qe"}) {
    EXPECT_FALSE(accepted(text)) << text;
    EXPECT_EQ(answer_to(text), std::nullopt) << text;
  }
}

NodeId id_of(std::string_view text) {
  NodeId id;
  const ByteView bytes = as_byte_view(text);
  std::copy(bytes.begin(), bytes.end(), id.bytes.begin());
  return id;
}

Bytes bytes_of(std::string_view text) { return to_bytes(as_byte_view(text)); }

RandomSource any_source() {
  std::array<std::byte, 32> seed{};
  seed[0] = static_cast<std::byte>(*rc::gen::inRange(0, 256));
  seed[1] = static_cast<std::byte>(*rc::gen::inRange(0, 256));
  return RandomSource(seed);
}

Address any_address(RandomSource& random) {
  Address address;
  address.family = random.below(2) == 0 ? Address::Family::ipv4 : Address::Family::ipv6;
  const std::size_t length = address.family == Address::Family::ipv4 ? 4 : 16;
  random.fill(std::span(address.ip).first(length));
  address.port = static_cast<std::uint16_t>(random.below(65536));
  return address;
}

Bytes any_bytes(RandomSource& random, std::size_t max) {
  Bytes bytes(static_cast<std::size_t>(random.below(max + 1)));
  random.fill(bytes);
  return bytes;
}

Request any_request(RandomSource& random) {
  const NodeId target = NodeId::random(random);
  const Want want{random.below(2) == 0, random.below(2) == 0};
  Bytes token = any_bytes(random, kMaxTokenBytes);
  const Bytes value = string_value(any_bytes(random, 900));
  std::optional<std::int64_t> number;
  if (random.below(2) == 0) number = static_cast<std::int64_t>(random.below(1000));
  switch (random.below(7)) {
    case 0:
      return Ping{};
    case 1:
      return FindNode{target, want};
    case 2:
      return GetPeers{target, want};
    case 3:
      return AnnouncePeer{target, 6881, want.v4, std::move(token)};
    case 4:
      return Get{target, number, want};
    case 5:
      return PutImmutable{std::move(token), value};
    default: {
      MutableItem item{{random.bytes<32>()}, any_bytes(random, kMaxSaltBytes), 0, value, {}};
      item.seq = static_cast<std::int64_t>(random.below(std::uint64_t{1} << 63));
      random.fill(item.signature);
      return PutMutable{std::move(token), std::move(item), number};
    }
  }
}

Response any_response(RandomSource& random) {
  Response response;
  response.id = NodeId::random(random);
  // Contacts are read back family by family.
  for (const auto family : {Address::Family::ipv4, Address::Family::ipv6}) {
    const std::uint64_t count = random.below(9);
    for (std::uint64_t i = 0; i < count; ++i) {
      const NodeId id = NodeId::random(random);
      Address address = any_address(random);
      while (address.family != family) address = any_address(random);
      response.nodes.push_back({id, address});
    }
    (family == Address::Family::ipv4 ? response.lists.v4 : response.lists.v6) = count > 0;
  }
  const std::uint64_t peers = random.below(4);
  for (std::uint64_t i = 0; i < peers; ++i) response.peers.push_back(any_address(random));
  if (random.below(2) == 0) response.token = any_bytes(random, kMaxTokenBytes);
  if (random.below(2) == 0) response.value = string_value(any_bytes(random, 500));
  if (random.below(2) == 0) response.key = DeviceId{random.bytes<32>()};
  if (random.below(2) == 0) response.seq = static_cast<std::int64_t>(random.below(1000));
  if (random.below(2) == 0) random.fill(response.signature.emplace());
  return response;
}

Message any_message() {
  RandomSource random = any_source();
  Message message;
  message.transaction = any_bytes(random, kMaxTransactionBytes);
  if (random.below(2) == 0) message.client = random.bytes<4>();
  if (random.below(2) == 0) message.external = any_address(random);
  switch (random.below(3)) {
    case 0: {
      const NodeId id = NodeId::random(random);
      const bool read_only = random.below(2) == 0;
      message.body = Query{id, read_only, any_request(random)};
      break;
    }
    case 1:
      message.body = any_response(random);
      break;
    default:
      message.body = ErrorReply{static_cast<std::int64_t>(random.below(400)), "text"};
  }
  return message;
}

std::optional<ErrorNumber> answer_to(std::string_view text) {
  const auto message = decode(as_byte_view(text));
  return message ? std::nullopt : message.error().answer;
}

bool accepted(std::string_view text) { return decode(as_byte_view(text)).has_value(); }

}  // namespace
}  // namespace kith::dht
