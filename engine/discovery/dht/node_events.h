#pragma once

// What a node of the DHT is asked for, says and counts.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/discovery/dht/item.h"
#include "engine/discovery/dht/node_id.h"
#include "engine/discovery/dht/standing.h"
#include "kith/address.h"
#include "kith/bytes.h"
#include "kith/ids.h"
#include "kith/time.h"

namespace kith::dht {

struct Datagram {
  Address to;
  Bytes bytes;
};

struct ImmutableItem {
  Bytes value;  // bencoded
  friend bool operator==(const ImmutableItem&, const ImmutableItem&) = default;
};
using Item = std::variant<ImmutableItem, MutableItem>;

struct ImmutableKey {
  NodeId target;
};
struct MutableKey {
  DeviceId key;
  Bytes salt;
};

// --- events ----------------------------------------------------------------------------------

// A valid item, later than any that this request has found before. More may follow.
struct Found {
  RequestId request;
  Item item;
};
struct GetDone {
  RequestId request;
  std::optional<Item> item;  // the one with the highest sequence number
  std::size_t answered = 0;  // nodes
  std::size_t queries = 0;
  std::size_t hops = 0;  // to the first that had it
};
struct PutDone {
  struct Refused {
    std::int64_t error = 0;  // ErrorNumber, or one of another's own
    std::size_t nodes = 0;
  };
  RequestId request;
  std::size_t stored = 0;  // nodes that said they have it
  std::vector<Refused> refused;
  // Valid and later than what was to be put, which then is not sent: put again with a higher
  // number.
  std::optional<MutableItem> newer;
  std::size_t queries = 0;
};
struct FindDone {
  RequestId request;
  std::vector<Contact> closest;
  std::size_t queries = 0;
  std::size_t hops = 0;
};
struct StandingChanged {
  Standing standing = Standing::hidden;
};
struct Moved {  // others see this node at another address, and its id has followed
  Address external;
  NodeId id;
};
struct Bootstrapped {
  std::size_t nodes = 0;
};
struct Lonely {  // no node answers
  Instant next_try;
};
using Event =
    std::variant<Found, GetDone, PutDone, FindDone, StandingChanged, Moved, Bootstrapped, Lonely>;

// --- what is dropped -------------------------------------------------------------------------

enum class Drop : std::uint8_t {
  bad_source,         // port 0, another family, or an address nobody in the internet has
  bad_bencode,        // not the one form
  bad_message,        // a field is missing or wrong
  unexpected_answer,  // to nothing asked there
  wrong_id,           // another node answered, or one with our id
  bad_value,          // an item with a wrong signature, key or hash
  hidden,             // a query while this node answers none
  host_rate,          // more queries than one host may send
  total_rate,         // more queries than are answered in all
  reply_budget,       // an answer to somebody who has not proven his address
  calls_full,         // too many queries wait for answers
  queue_full,         // the socket takes nothing
};
inline constexpr std::size_t kDrops = 12;
using DropCounts = std::array<std::uint64_t, kDrops>;

std::string_view to_string(Drop reason);

}  // namespace kith::dht
