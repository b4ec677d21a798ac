#include "engine/base/random.h"

#include <sodium.h>

#include <algorithm>
#include <initializer_list>

#include "engine/base/check.h"
#include "engine/base/sodium.h"

namespace kith {
namespace {

using Key = std::array<std::byte, 32>;

// Keyed BLAKE2b-256. A purpose is followed by a NUL, so no purpose continues into another's data.
Key derive(const Key& key, std::string_view purpose, std::initializer_list<ByteView> data) {
  crypto_generichash_state state;
  constexpr std::byte kEnd{0};
  Key out;
  KITH_CHECK(crypto_generichash_init(&state, uchars(key), key.size(), out.size()) == 0);
  const auto absorb = [&state](ByteView part) {
    crypto_generichash_update(&state, uchars(part), part.size());
  };
  absorb(as_byte_view(purpose));
  absorb({&kEnd, 1});
  for (const ByteView part : data) absorb(part);
  crypto_generichash_final(&state, uchars_out(out), out.size());
  sodium_memzero(&state, sizeof state);
  return out;
}

std::array<std::byte, 8> little_endian(std::uint64_t value) {
  std::array<std::byte, 8> out;
  for (std::byte& byte : out) {
    byte = static_cast<std::byte>(value & 0xff);
    value >>= 8;
  }
  return out;
}

constexpr std::uint8_t kForkByLabel = 0;
constexpr std::uint8_t kForkByIndex = 1;

}  // namespace

RandomSource::RandomSource(const std::array<std::byte, 32>& seed) {
  ensure_sodium();
  key_ = derive(seed, "kith random draws", {});
  root_ = derive(seed, "kith random forks", {});
  used_ = output_.size();
}

RandomSource::~RandomSource() { wipe(); }

RandomSource::RandomSource(RandomSource&& other) noexcept
    : key_(other.key_),
      root_(other.root_),
      output_(other.output_),
      used_(other.used_),
      live_(other.live_) {
  other.wipe();
}

RandomSource& RandomSource::operator=(RandomSource&& other) noexcept {
  if (this == &other) return *this;
  key_ = other.key_;
  root_ = other.root_;
  output_ = other.output_;
  used_ = other.used_;
  live_ = other.live_;
  other.wipe();
  return *this;
}

RandomSource RandomSource::fork(std::string_view label) const {
  return fork_from(kForkByLabel, 0, label);
}

RandomSource RandomSource::fork(std::string_view label, std::uint64_t index) const {
  return fork_from(kForkByIndex, index, label);
}

RandomSource RandomSource::fork_from(std::uint8_t kind, std::uint64_t index,
                                     std::string_view label) const {
  KITH_CHECK(live_);
  const std::byte kind_byte{kind};
  Key seed = derive(root_, "fork", {{&kind_byte, 1}, little_endian(index), as_byte_view(label)});
  RandomSource child(seed);
  sodium_memzero(seed.data(), seed.size());
  return child;
}

void RandomSource::mix(ByteView entropy) {
  KITH_CHECK(live_);
  key_ = derive(key_, "mix", {entropy});
  root_ = derive(root_, "mix", {entropy});
  // Output made before is not handed out any more: two copies of one machine would share it.
  sodium_memzero(output_.data(), output_.size());
  used_ = output_.size();
}

void RandomSource::fill(std::span<std::byte> out) {
  KITH_CHECK(live_);
  while (!out.empty()) {
    if (used_ == output_.size()) refill();
    const std::size_t take = std::min(out.size(), output_.size() - used_);
    std::byte* const from = output_.data() + used_;
    std::copy_n(from, take, out.begin());
    std::fill_n(from, take, std::byte{0});
    used_ += take;
    out = out.subspan(take);
  }
}

void RandomSource::refill() {
  constexpr std::array<unsigned char, crypto_stream_chacha20_NONCEBYTES> kNonce{};
  std::array<std::byte, kRefillBytes> stream;
  crypto_stream_chacha20(uchars_out(stream), stream.size(), kNonce.data(), uchars(key_));
  std::copy_n(stream.begin(), key_.size(), key_.begin());
  std::copy_n(stream.begin() + static_cast<std::ptrdiff_t>(key_.size()), output_.size(),
              output_.begin());
  sodium_memzero(stream.data(), stream.size());
  used_ = 0;
}

std::uint64_t RandomSource::next_u64() {
  constexpr std::size_t kWidth = sizeof(std::uint64_t);
  std::array<std::byte, kWidth> drawn;
  if (live_ && output_.size() - used_ >= kWidth) {  // as fill() does, but with a constant size
    std::byte* const from = output_.data() + used_;
    std::copy_n(from, kWidth, drawn.begin());
    std::fill_n(from, kWidth, std::byte{0});
    used_ += kWidth;
  } else {
    fill(drawn);
  }
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kWidth; ++i) {
    value |= std::to_integer<std::uint64_t>(drawn[i]) << (8 * i);  // little-endian everywhere
  }
  return value;
}

std::uint64_t RandomSource::below(std::uint64_t bound) {
  KITH_CHECK(bound > 0);
  for (;;) {
    const std::uint64_t value = next_u64();
    // The first 2^64 mod bound values are refused, so that what remains divides evenly. That is
    // less than bound, so the division is rarely needed.
    if (value >= bound || value >= (0 - bound) % bound) return value % bound;
  }
}

bool RandomSource::chance(std::uint32_t numerator, std::uint32_t denominator) {
  KITH_CHECK(denominator > 0 && numerator <= denominator);
  return below(denominator) < numerator;
}

void RandomSource::wipe() {
  sodium_memzero(key_.data(), key_.size());
  sodium_memzero(root_.data(), root_.size());
  sodium_memzero(output_.data(), output_.size());
  live_ = false;
}

}  // namespace kith
