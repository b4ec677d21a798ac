// Datagrams that belong to no connection: new clients, strangers, and peers of connections that
// are forgotten. Every answer is shorter than what it answers, or of a size that RFC 9000 allows
// before the address is validated.

#include <ngtcp2/ngtcp2_crypto.h>

#include <algorithm>

#include "engine/base/check.h"
#include "engine/base/sodium.h"
#include "engine/quic/endpoint_state.h"
#include "engine/quic/timestamp.h"

namespace kith::quic {
namespace {

// RFC 9000 section 20.1.
constexpr std::uint64_t kInvalidToken = 0x0b;

// A Retry is answered at once; a token that took longer comes from somewhere else.
constexpr Duration kRetryTokenLifetime = std::chrono::seconds(10);

// Answers to datagrams of nobody are limited, whatever arrives (RFC 9000 section 10.3.3).
constexpr std::uint64_t kAnswersPerSecond = 1000;
constexpr std::uint64_t kMaxAnswersAtOnce = 256;

// RFC 9000 section 10.3: a reset looks like the smallest short packets, and is shorter than what
// caused it, so that two endpoints that have both forgotten do not answer each other for ever.
constexpr std::size_t kResetBytes = 42;
constexpr std::size_t kMinResetBytes = 21;

}  // namespace

void Endpoint::State::handle_stranger(const Arrival& arrival, const ngtcp2_version_cid& header) {
  if ((std::to_integer<std::uint8_t>(arrival.bytes[0]) & 0x80) != 0) {
    return handle_initial(arrival);
  }
  if (const auto id = router_.find_by_reset_token(arrival.bytes)) return deliver(*id, arrival);
  send_stateless_reset(arrival, header);
}

void Endpoint::State::handle_initial(const Arrival& arrival) {
  ngtcp2_pkt_hd initial;
  if (ngtcp2_accept(&initial, uchars(arrival.bytes), arrival.bytes.size()) != 0) {
    return count("packet_of_unknown_connection");
  }
  std::optional<AddressProof> proof;
  if (judge_token(arrival, initial, proof) == TokenVerdict::invalid) {
    count("retry_token_invalid");
    return send_refusal(arrival, initial, kInvalidToken);
  }
  if (live_ >= config_.max_connections || handshakes_ >= config_.max_handshakes) {
    count(live_ >= config_.max_connections ? "connection_limit_reached"
                                           : "handshake_limit_reached");
    return send_refusal(arrival, initial, kConnectionRefused);
  }
  if (!proof && handshakes_ >= config_.retry_above_handshakes) return send_retry(arrival, initial);
  accept(arrival, initial, proof);
}

void Endpoint::State::accept(const Arrival& arrival, const ngtcp2_pkt_hd& initial,
                             const std::optional<AddressProof>& proof) {
  const ConnectionId id{++next_id_};
  auto connection = Connection::accept(shared_, id, arrival.now, arrival.path, initial, proof);
  KITH_CHECK(connection != nullptr);
  connection->receive(arrival.now, arrival.path, arrival.interface, arrival.ecn, arrival.bytes);
  if (connection->ending() && connection->ending()->nothing_began) {
    const bool retry = connection->ending()->retry_wanted;
    router_.remove_all(id);
    if (retry) return send_retry(arrival, initial);
    return count("initial_dropped");
  }
  Entry& entry = connections_[id];
  entry.connection = std::move(connection);
  entry.counted_as_handshake = true;
  ++handshakes_;
  ++live_;
  settle(arrival.now, id);
}

Endpoint::State::TokenVerdict Endpoint::State::judge_token(
    const Arrival& arrival, const ngtcp2_pkt_hd& initial,
    std::optional<AddressProof>& proof) const {
  // Tokens of another kind, or from before a restart, are as good as none.
  if (initial.tokenlen == 0 || initial.token[0] != NGTCP2_CRYPTO_TOKEN_MAGIC_RETRY2) {
    return TokenVerdict::none;
  }
  const ngtcp2_addr& remote = arrival.path.get()->remote;
  ngtcp2_cid original;
  const int rv = ngtcp2_crypto_verify_retry_token2(
      &original, initial.token, initial.tokenlen, uchars(retry_key_), retry_key_.size(),
      initial.version, remote.addr, remote.addrlen, &initial.dcid, to_duration(kRetryTokenLifetime),
      to_timestamp(arrival.now));
  if (rv != 0) return TokenVerdict::invalid;
  proof = AddressProof{original, std::as_bytes(std::span(initial.token, initial.tokenlen))};
  return TokenVerdict::valid;
}

// --- answers ------------------------------------------------------------------------------------

bool Endpoint::State::may_answer(Instant now) {
  const std::int64_t elapsed = answers_counted_at_.ns == std::numeric_limits<std::int64_t>::min()
                                   ? 1'000'000'000
                                   : (now - answers_counted_at_).count();
  const auto earned = static_cast<std::uint64_t>(std::min<std::int64_t>(elapsed, 1'000'000'000)) *
                      kAnswersPerSecond / 1'000'000'000;
  if (earned > 0) {
    answers_left_ = std::min(answers_left_ + earned, kMaxAnswersAtOnce);
    answers_counted_at_ = now;
  }
  if (answers_left_ == 0) {
    count("answer_rate_limited");
    return false;
  }
  --answers_left_;
  return true;
}

void Endpoint::State::send_retry(const Arrival& arrival, const ngtcp2_pkt_hd& initial) {
  ngtcp2_cid source;
  const auto drawn = random_.bytes<kConnectionIdBytes>();
  ngtcp2_cid_init(&source, uchars(drawn), drawn.size());
  const ngtcp2_addr& remote = arrival.path.get()->remote;
  std::array<std::uint8_t, NGTCP2_CRYPTO_MAX_RETRY_TOKENLEN2> token;
  const ngtcp2_ssize token_size = ngtcp2_crypto_generate_retry_token2(
      token.data(), uchars(retry_key_), retry_key_.size(), initial.version, remote.addr,
      remote.addrlen, &source, &initial.dcid, to_timestamp(arrival.now));
  KITH_CHECK(token_size > 0);

  Stray stray{arrival.path, Ecn::not_ect, arrival.interface, Bytes(NGTCP2_MAX_UDP_PAYLOAD_SIZE)};
  const ngtcp2_ssize size = ngtcp2_crypto_write_retry(
      uchars_out(stray.bytes), stray.bytes.size(), initial.version, &initial.scid, &source,
      &initial.dcid, token.data(), static_cast<std::size_t>(token_size));
  KITH_CHECK(size > 0);
  stray.bytes.resize(static_cast<std::size_t>(size));
  count("retry_sent");
  push_stray(std::move(stray));
}

void Endpoint::State::send_version_negotiation(const Arrival& arrival,
                                               const ngtcp2_version_cid& header) {
  if (!may_answer(arrival.now)) return;
  constexpr std::uint32_t kVersions[] = {NGTCP2_PROTO_VER_V1};
  constexpr std::size_t kMaxBytes = 1 + 4 + 2 * (1 + 255) + sizeof kVersions;
  Stray stray{arrival.path, Ecn::not_ect, arrival.interface, Bytes(kMaxBytes)};
  const auto unused_bits = static_cast<std::uint8_t>(random_.below(64));
  const ngtcp2_ssize size = ngtcp2_pkt_write_version_negotiation(
      uchars_out(stray.bytes), stray.bytes.size(), unused_bits, header.scid, header.scidlen,
      header.dcid, header.dcidlen, kVersions, std::size(kVersions));
  KITH_CHECK(size > 0);
  stray.bytes.resize(static_cast<std::size_t>(size));
  count("version_negotiation_sent");
  push_stray(std::move(stray));
}

void Endpoint::State::send_stateless_reset(const Arrival& arrival,
                                           const ngtcp2_version_cid& header) {
  count("packet_of_unknown_connection");
  if (arrival.bytes.size() <= kMinResetBytes || !may_answer(arrival.now)) return;
  ngtcp2_cid cid;
  ngtcp2_cid_init(&cid, header.dcid, header.dcidlen);
  const ResetToken token = router_.reset_token_for(cid);
  const std::size_t size = std::min(kResetBytes, arrival.bytes.size() - 1);
  const auto noise = random_.bytes<kResetBytes>();
  Stray stray{arrival.path, Ecn::not_ect, arrival.interface, Bytes(size)};
  const ngtcp2_ssize written = ngtcp2_pkt_write_stateless_reset(
      uchars_out(stray.bytes), size, token.data(), uchars(noise), size - token.size());
  KITH_CHECK(written == static_cast<ngtcp2_ssize>(size));
  count("stateless_reset_sent");
  push_stray(std::move(stray));
}

void Endpoint::State::send_refusal(const Arrival& arrival, const ngtcp2_pkt_hd& initial,
                                   std::uint64_t code) {
  if (!may_answer(arrival.now)) return;
  Stray stray{arrival.path, Ecn::not_ect, arrival.interface, Bytes(NGTCP2_MAX_UDP_PAYLOAD_SIZE)};
  const ngtcp2_ssize size = ngtcp2_crypto_write_connection_close(
      uchars_out(stray.bytes), stray.bytes.size(), initial.version, &initial.scid, &initial.dcid,
      code, nullptr, 0);
  if (size <= 0) return;
  stray.bytes.resize(static_cast<std::size_t>(size));
  push_stray(std::move(stray));
}

}  // namespace kith::quic
