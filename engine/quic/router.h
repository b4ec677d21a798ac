#pragma once

// Which connection a datagram is for: by its destination connection id (RFC 9000 section 5.2), or
// by the token at the end of a stateless reset (section 10.3.1).

#include <ngtcp2/ngtcp2.h>

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "engine/base/random.h"
#include "kith/bytes.h"
#include "kith/ids.h"

namespace kith::quic {

// Length of the connection ids chosen here: room for 2^32 of them without a likely collision, and
// short, since every packet carries one.
inline constexpr std::size_t kConnectionIdBytes = 8;

using ResetToken = std::array<std::uint8_t, NGTCP2_STATELESS_RESET_TOKENLEN>;

class Router {
 public:
  // `reset_key` as in EndpointConfig.
  explicit Router(RandomSource& random,
                  const std::optional<std::array<std::byte, 32>>& reset_key = {});

  // A fresh connection id that leads to `connection`.
  ngtcp2_cid new_id(RandomSource& random, ConnectionId connection);
  // An id the peer chose: a client's first destination. False if it leads elsewhere already.
  bool add(const ngtcp2_cid& cid, ConnectionId connection);
  void remove(const ngtcp2_cid& cid);
  std::optional<ConnectionId> find(ByteView cid) const;

  // A peer ends `connection` with this token when it has lost its state.
  void add_reset_token(const ResetToken& token, ConnectionId connection);
  void remove_reset_token(const ResetToken& token);
  std::optional<ConnectionId> find_by_reset_token(ByteView datagram) const;

  // The token a peer will believe from us for a connection id chosen here. It follows from a key
  // drawn at random when the endpoint was made, so it means nothing after a restart.
  ResetToken reset_token_for(const ngtcp2_cid& cid) const;

  void remove_all(ConnectionId connection);
  std::size_t size() const { return by_cid_.size(); }
  void check_invariants() const;

 private:
  struct Cid {
    std::uint8_t size = 0;
    std::array<std::byte, NGTCP2_MAX_CIDLEN> bytes{};
    friend auto operator<=>(const Cid&, const Cid&) = default;
  };
  // Tokens are looked up by a keyed hash: the time it takes tells nothing about them.
  using TokenHash = std::uint64_t;

  static Cid cid_of(ByteView bytes);
  static Cid cid_of(const ngtcp2_cid& cid);
  TokenHash hash_of(const std::uint8_t* token) const;

  struct Names {
    std::vector<Cid> cids;
    std::vector<TokenHash> tokens;
  };
  std::map<Cid, ConnectionId> by_cid_;
  std::map<TokenHash, ConnectionId> by_token_;
  std::map<ConnectionId, Names> names_;
  std::array<std::byte, 32> reset_key_;
  std::array<std::byte, 16> hash_key_;
};

}  // namespace kith::quic
