#include "engine/crypto/cpace.h"

#include <sodium.h>

#include <algorithm>
#include <string_view>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/sodium.h"

namespace kith {
namespace cpace {
namespace {

constexpr std::string_view kDsi = "CPaceRistretto255";
constexpr std::string_view kDsiIsk = "CPaceRistretto255_ISK";
constexpr std::string_view kMacDsi = "CPaceMac";

static_assert(Hash::size() == crypto_hash_sha512_BYTES);
constexpr std::size_t kHashBlockBytes = 128;  // H.s_in_bytes of SHA-512

static_assert(CPaceShare{}.size() == crypto_core_ristretto255_BYTES);
static_assert(Scalar::size() == crypto_core_ristretto255_SCALARBYTES);
static_assert(CPaceTag{}.size() == crypto_auth_hmacsha512_BYTES);

// The length encoding of prepend_len: LEB128, seven bits at a time, least significant first.
struct Length {
  std::array<std::byte, 10> encoded;
  std::size_t size = 0;
  explicit Length(std::size_t value) {
    do {
      const std::size_t more = value > 0x7f ? 0x80 : 0;
      encoded[size++] = static_cast<std::byte>((value & 0x7f) | more);
      value >>= 7;
    } while (value != 0);
  }
  ByteView view() const { return std::span(encoded).first(size); }
};

std::size_t prefixed_size(std::size_t size) { return Length(size).size + size; }

Hash sha512(std::initializer_list<ByteView> parts) {
  crypto_hash_sha512_state state;
  crypto_hash_sha512_init(&state);
  for (const ByteView part : parts) {
    crypto_hash_sha512_update(&state, uchars(part), part.size());
  }
  Hash hash;
  crypto_hash_sha512_final(&state, uchars_out(hash.writable()));
  sodium_memzero(&state, sizeof state);
  return hash;
}

}  // namespace

Bytes prepend_len(ByteView string) { return lv_cat({string}); }

Bytes lv_cat(std::initializer_list<ByteView> strings) {
  std::size_t total = 0;
  for (const ByteView string : strings) total += prefixed_size(string.size());
  Bytes out;
  out.reserve(total);  // no reallocation leaves a copy of a secret behind
  for (const ByteView string : strings) {
    const Length length(string.size());
    out.insert(out.end(), length.view().begin(), length.view().end());
    out.insert(out.end(), string.begin(), string.end());
  }
  return out;
}

Bytes generator_string(ByteView prs, ByteView ci, ByteView sid) {
  // The padding fills the first block of the hash, so that hashing a short password takes the same
  // steps whatever its length, and those steps do not depend on the session.
  const std::size_t used = 1 + prefixed_size(prs.size()) + prefixed_size(kDsi.size());
  const Bytes padding(kHashBlockBytes > used ? kHashBlockBytes - used : 0);
  return lv_cat({as_byte_view(kDsi), prs, padding, ci, sid});
}

Element calculate_generator(ByteView prs, ByteView ci, ByteView sid) {
  Bytes string = generator_string(prs, ci, sid);
  const Hash hash = sha512({string});
  wipe(string);
  Element generator;
  KITH_CHECK(crypto_core_ristretto255_from_hash(uchars_out(generator.writable()),
                                                uchars(hash.view())) == 0);
  return generator;
}

Scalar sample_scalar(RandomSource& random) {
  // As the draft recommends for this group: 252 uniform bits, which is below the group order.
  Scalar scalar;
  random.fill(scalar.writable());
  scalar.writable()[31] &= std::byte{0x0f};
  return scalar;
}

std::optional<Element> scalar_mult_vfy(ByteView y, ByteView g) {
  KITH_CHECK(y.size() == Scalar::size());
  if (g.size() != Element::size()) return std::nullopt;
  Element product;
  const int failed =
      crypto_scalarmult_ristretto255(uchars_out(product.writable()), uchars(y), uchars(g));
  if (failed != 0) return std::nullopt;
  return product;
}

Bytes transcript_ir(ByteView ya, ByteView ada, ByteView yb, ByteView adb) {
  return lv_cat({ya, ada, yb, adb});
}

Hash intermediate_session_key(ByteView sid, const Element& k, ByteView transcript) {
  const ByteView dsi = as_byte_view(kDsiIsk);
  return sha512({Length(dsi.size()).view(), dsi, Length(sid.size()).view(), sid,
                 Length(k.size()).view(), k.view(), transcript});
}

Hash mac_key(ByteView sid, ByteView isk) { return sha512({as_byte_view(kMacDsi), sid, isk}); }

CPaceTag authenticator(const Hash& mac_key, ByteView share, ByteView associated_data) {
  const Bytes message = lv_cat({share, associated_data});
  crypto_auth_hmacsha512_state state;
  crypto_auth_hmacsha512_init(&state, uchars(mac_key.view()), mac_key.size());
  crypto_auth_hmacsha512_update(&state, uchars(message), message.size());
  CPaceTag tag;
  crypto_auth_hmacsha512_final(&state, uchars_out(tag));
  sodium_memzero(&state, sizeof state);
  return tag;
}

}  // namespace cpace

CPace::CPace(CPaceRole role, const Inputs& inputs, ByteView associated_data, RandomSource& random)
    : role_(role),
      session_(to_bytes(inputs.session)),
      associated_data_(to_bytes(associated_data)),
      scalar_(SecretKey::copy_of(cpace::sample_scalar(random).view())) {
  const cpace::Element generator =
      cpace::calculate_generator(inputs.password, inputs.channel, inputs.session);
  const auto share = cpace::scalar_mult_vfy(scalar_.view(), generator.view());
  // Fails for a scalar or a generator of zero only: once in 2^252.
  KITH_CHECK(share.has_value());
  std::ranges::copy(share->view(), share_.begin());
}

Result<CPaceAgreement, CPaceError> CPace::agree(ByteView peer_share,
                                                ByteView peer_associated_data) && {
  KITH_CHECK(!std::exchange(spent_, true));
  // Our own share sent back would come with our own tag sent back, and that would be right.
  if (std::ranges::equal(peer_share, share_)) return tl::unexpected(CPaceError::invalid_share);
  const auto shared = cpace::scalar_mult_vfy(scalar_.view(), peer_share);
  if (!shared) return tl::unexpected(CPaceError::invalid_share);
  wipe(scalar_.writable());

  const Bytes transcript =
      role_ == CPaceRole::initiator
          ? cpace::transcript_ir(share_, associated_data_, peer_share, peer_associated_data)
          : cpace::transcript_ir(peer_share, peer_associated_data, share_, associated_data_);
  const cpace::Hash isk = cpace::intermediate_session_key(session_, *shared, transcript);
  const cpace::Hash mac_key = cpace::mac_key(session_, isk.view());
  const CPaceTag expected_tag = cpace::authenticator(mac_key, peer_share, peer_associated_data);
  CPaceAgreement agreement;
  agreement.key_ = CPaceKey::copy_of(isk.view());
  agreement.own_tag_ = cpace::authenticator(mac_key, share_, associated_data_);
  std::ranges::copy(expected_tag, agreement.expected_tag_.writable().begin());
  return agreement;
}

Result<CPaceKey, CPaceError> CPaceAgreement::confirm(ByteView peer_tag) && {
  KITH_CHECK(!std::exchange(spent_, true));
  if (!equal_in_constant_time(peer_tag, expected_tag_.view())) {
    return tl::unexpected(CPaceError::wrong_confirmation);
  }
  return std::move(key_);
}

}  // namespace kith
