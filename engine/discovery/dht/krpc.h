#pragma once

// The messages of the DHT (BEP 5, 32, 42, 43, 44) as plain structs, and their one encoding.
//
//   query     {"a": {"id", ...}, "q": name, "ro": 1, "t": transaction, "v": client, "y": "q"}
//   response  {"ip": who asked, "r": {"id", ...}, "t", "v", "y": "r"}
//   error     {"e": [code, text], "t", "v", "y": "e"}
//
// Keys that are not known are passed over, wherever they stand. A field of the wrong type or size
// refuses the message; of a query it also says what its sender may be told.
//
// It does not own: whether a message fits what was asked, or who may ask.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <variant>
#include <vector>

#include "engine/discovery/dht/bencode.h"
#include "engine/discovery/dht/item.h"
#include "engine/discovery/dht/node_id.h"

namespace kith::dht {

// Transactions of others are echoed as they came; BEP 5 has 2 bytes, some clients 4 or 8.
inline constexpr std::size_t kMaxTransactionBytes = 20;
inline constexpr std::size_t kMaxTokenBytes = 64;
// Contacts and peers taken from one message: more than a datagram of most clients holds.
inline constexpr std::size_t kMaxContacts = 32;
inline constexpr std::size_t kMaxErrorText = 128;

// "KI" and a version, as clients name themselves in the outer `v`.
inline constexpr std::array<std::byte, 4> kClient{std::byte{'K'}, std::byte{'I'}, std::byte{0},
                                                  std::byte{1}};

// BEP 5 and BEP 44.
enum class ErrorNumber : std::int64_t {
  generic = 201,
  server = 202,
  protocol = 203,  // malformed, bad arguments, bad token
  unknown_method = 204,
  value_too_big = 205,
  bad_signature = 206,
  salt_too_big = 207,
  cas_mismatch = 301,
  seq_too_old = 302,
};
std::string_view text_of(ErrorNumber number);

struct Want {  // BEP 32: the families asked for; neither for the one the query came by
  bool v4 = false;
  bool v6 = false;
  friend bool operator==(const Want&, const Want&) = default;
};

struct Ping {
  friend bool operator==(const Ping&, const Ping&) = default;
};
struct FindNode {
  NodeId target;
  Want want;
  friend bool operator==(const FindNode&, const FindNode&) = default;
};
struct GetPeers {
  NodeId info_hash;
  Want want;
  friend bool operator==(const GetPeers&, const GetPeers&) = default;
};
struct AnnouncePeer {
  NodeId info_hash;
  std::uint16_t port = 0;
  bool implied_port = false;
  Bytes token;
  friend bool operator==(const AnnouncePeer&, const AnnouncePeer&) = default;
};
struct Get {
  NodeId target;
  std::optional<std::int64_t> seq;  // only a later one is wanted
  Want want;
  friend bool operator==(const Get&, const Get&) = default;
};
struct PutImmutable {
  Bytes token;
  Bytes value;  // bencoded
  friend bool operator==(const PutImmutable&, const PutImmutable&) = default;
};
struct PutMutable {
  Bytes token;
  MutableItem item;
  std::optional<std::int64_t> cas;  // the sequence number it shall replace
  friend bool operator==(const PutMutable&, const PutMutable&) = default;
};
using Request = std::variant<Ping, FindNode, GetPeers, AnnouncePeer, Get, PutImmutable, PutMutable>;

struct Query {
  NodeId id;
  bool read_only = false;  // BEP 43: the sender answers nothing
  Request request;
  friend bool operator==(const Query&, const Query&) = default;
};

struct Response {
  NodeId id;
  std::vector<Contact> nodes;  // both families; `nodes` and `nodes6` on the wire
  std::vector<Address> peers;  // `values`
  std::optional<Bytes> token;
  std::optional<Bytes> value;  // bencoded
  std::optional<DeviceId> key;
  std::optional<std::int64_t> seq;
  std::optional<Signature> signature;
  // Which of the two is there even without a contact in it.
  Want lists;
  friend bool operator==(const Response&, const Response&) = default;
};

struct ErrorReply {
  std::int64_t number = 0;
  std::string text;
  friend bool operator==(const ErrorReply&, const ErrorReply&) = default;
};

struct Message {
  Bytes transaction;
  std::optional<std::array<std::byte, 4>> client;  // the outer `v`
  std::optional<Address> external;                 // `ip`, BEP 42
  std::variant<Query, Response, ErrorReply> body;
  friend bool operator==(const Message&, const Message&) = default;
};

Bytes encode(const Message& message);

struct Refused {
  std::optional<bencode::Refusal> bencode;  // otherwise it was no message, or a field was wrong
  // Of a query that can be answered: what to say, and to which transaction.
  Bytes transaction;
  std::optional<ErrorNumber> answer;
};

tl::expected<Message, Refused> decode(ByteView datagram);

}  // namespace kith::dht
