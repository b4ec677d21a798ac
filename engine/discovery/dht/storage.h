#pragma once

// What this node keeps for others (BEP 44).
//
//   put --token was checked--> signature, cas, seq --> kept for 2 hours --again--> 2 hours more
//
// Nothing unsigned and nothing older than what is kept changes anything. Where there is no room the
// item farthest from our own id goes, which others are nearer to; a network fills only a part.
//
// It does not own: tokens, or who may ask.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <variant>

#include "engine/discovery/dht/item.h"
#include "engine/discovery/dht/krpc.h"
#include "kith/time.h"

namespace kith::dht {

inline constexpr Duration kItemLife = std::chrono::hours(2);  // BEP 44
inline constexpr std::size_t kMaxItems = 1024;      // with values of 1000 bytes 1.2 MiB of memory
inline constexpr std::size_t kItemsPerPrefix = 64;  // one network, at most a 16th of the room

struct Stored {
  Bytes value;                           // bencoded
  std::optional<MutableItem> signed_by;  // of mutable ones, without the value
  Instant at;
  Prefix from;
};

class Storage {
 public:
  explicit Storage(const NodeId& own) : own_(own) {}

  const Stored* find(Instant now, const NodeId& target) const;
  // Empty if it is kept now; otherwise what its sender is told.
  std::optional<ErrorNumber> put(Instant now, const Address& from, const PutImmutable& put);
  std::optional<ErrorNumber> put(Instant now, const Address& from, const PutMutable& put);

  void expire(Instant now);
  void move_to(const NodeId& own) { own_ = own; }

  std::size_t size() const { return items_.size(); }
  std::size_t value_bytes() const;

 private:
  std::optional<ErrorNumber> keep(const NodeId& target, Stored item);

  NodeId own_;
  std::map<NodeId, Stored> items_;
  std::map<Prefix, std::size_t> counts_;
};

}  // namespace kith::dht
