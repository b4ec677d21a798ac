#include "engine/quic/router.h"

#include <ngtcp2/ngtcp2_crypto.h>
#include <sodium.h>

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/sodium.h"

namespace kith::quic {

Router::Router(RandomSource& random, const std::optional<std::array<std::byte, 32>>& reset_key)
    : reset_key_(reset_key ? *reset_key : random.bytes<32>()), hash_key_(random.bytes<16>()) {
  static_assert(sizeof hash_key_ == crypto_shorthash_KEYBYTES);
  ensure_sodium();
}

Router::Cid Router::cid_of(ByteView bytes) {
  KITH_CHECK(bytes.size() <= NGTCP2_MAX_CIDLEN);
  Cid cid;
  cid.size = static_cast<std::uint8_t>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), cid.bytes.begin());
  return cid;
}

Router::Cid Router::cid_of(const ngtcp2_cid& cid) {
  return cid_of(std::as_bytes(std::span(cid.data, cid.datalen)));
}

Router::TokenHash Router::hash_of(const std::uint8_t* token) const {
  std::array<unsigned char, crypto_shorthash_BYTES> out;
  crypto_shorthash(out.data(), token, NGTCP2_STATELESS_RESET_TOKENLEN, uchars(hash_key_));
  TokenHash hash = 0;
  for (const unsigned char byte : out) hash = hash << 8 | byte;
  return hash;
}

ngtcp2_cid Router::new_id(RandomSource& random, ConnectionId connection) {
  for (;;) {
    ngtcp2_cid cid;
    const auto bytes = random.bytes<kConnectionIdBytes>();
    ngtcp2_cid_init(&cid, uchars(bytes), bytes.size());
    if (add(cid, connection)) return cid;
  }
}

bool Router::add(const ngtcp2_cid& cid, ConnectionId connection) {
  const Cid name = cid_of(cid);
  if (!by_cid_.emplace(name, connection).second) return false;
  names_[connection].cids.push_back(name);
  return true;
}

void Router::remove(const ngtcp2_cid& cid) {
  const auto found = by_cid_.find(cid_of(cid));
  if (found == by_cid_.end()) return;
  std::erase(names_[found->second].cids, found->first);
  by_cid_.erase(found);
}

std::optional<ConnectionId> Router::find(ByteView cid) const {
  if (cid.size() > NGTCP2_MAX_CIDLEN) return std::nullopt;
  const auto found = by_cid_.find(cid_of(cid));
  if (found == by_cid_.end()) return std::nullopt;
  return found->second;
}

void Router::add_reset_token(const ResetToken& token, ConnectionId connection) {
  const TokenHash hash = hash_of(token.data());
  if (by_token_.emplace(hash, connection).second) names_[connection].tokens.push_back(hash);
}

void Router::remove_reset_token(const ResetToken& token) {
  const auto found = by_token_.find(hash_of(token.data()));
  if (found == by_token_.end()) return;
  std::erase(names_[found->second].tokens, found->first);
  by_token_.erase(found);
}

std::optional<ConnectionId> Router::find_by_reset_token(ByteView datagram) const {
  if (datagram.size() < NGTCP2_STATELESS_RESET_TOKENLEN) return std::nullopt;
  const ByteView tail = datagram.last(NGTCP2_STATELESS_RESET_TOKENLEN);
  const auto found = by_token_.find(hash_of(uchars(tail)));
  if (found == by_token_.end()) return std::nullopt;
  return found->second;
}

ResetToken Router::reset_token_for(const ngtcp2_cid& cid) const {
  ResetToken token;
  KITH_CHECK(ngtcp2_crypto_generate_stateless_reset_token(token.data(), uchars(reset_key_),
                                                          reset_key_.size(), &cid) == 0);
  return token;
}

void Router::remove_all(ConnectionId connection) {
  const auto found = names_.find(connection);
  if (found == names_.end()) return;
  for (const Cid& cid : found->second.cids) by_cid_.erase(cid);
  for (const TokenHash hash : found->second.tokens) by_token_.erase(hash);
  names_.erase(found);
}

void Router::check_invariants() const {
  std::size_t cids = 0;
  std::size_t tokens = 0;
  for (const auto& [connection, names] : names_) {
    cids += names.cids.size();
    tokens += names.tokens.size();
    for (const Cid& cid : names.cids) KITH_CHECK(by_cid_.at(cid) == connection);
    for (const TokenHash hash : names.tokens) KITH_CHECK(by_token_.at(hash) == connection);
  }
  KITH_CHECK(cids == by_cid_.size() && tokens == by_token_.size());
}

}  // namespace kith::quic
