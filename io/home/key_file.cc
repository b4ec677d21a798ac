#include "io/home/key_file.h"

#include <fmt/core.h>
#include <sodium.h>

#include <algorithm>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/text.h"
#include "engine/crypto/blake3.h"
#include "io/base/entropy.h"
#include "io/base/private_file.h"

namespace kith::io {
namespace {

constexpr std::string_view kMagic("KITHKEY\0", 8);
constexpr std::uint32_t kVersion = 1;
constexpr std::size_t kCoveredBytes = 8 + 4 + 32;  // magic, version, key
constexpr std::size_t kFileBytes = kCoveredBytes + 32;
// Room for formats to come, so that they are told from damage.
constexpr std::size_t kMaxFileBytes = 4096;
constexpr unsigned kModeOfOthers = 0077;

constexpr std::string_view kKeepHint =
    "Put back a copy of it, or use another home; with another key this would be another device.";

tl::unexpected<Error> damaged(const std::string& path, std::string_view what) {
  return failure(ErrorCode::corrupt, fmt::format("The key file {} {}.", printable(path), what),
                 std::string(kKeepHint));
}

// Freed memory must not keep the key.
class WipedBytes {
 public:
  explicit WipedBytes(Bytes& bytes) : bytes_(bytes) {}
  ~WipedBytes() { sodium_memzero(bytes_.data(), bytes_.size()); }
  WipedBytes(const WipedBytes&) = delete;
  WipedBytes& operator=(const WipedBytes&) = delete;

 private:
  Bytes& bytes_;
};

Result<void> create_key(const std::string& home) {
  MasterKey key;
  fill_with_entropy(key.bytes);
  Bytes encoded = encode_key_file(key);
  const WipedBytes wiped(encoded);
  sodium_memzero(key.bytes.data(), key.bytes.size());
  auto written = write_private_file(home, "key", encoded, IfPresent::keep);
  // Another process was faster: its key is this home's.
  if (!written && written.error().code == ErrorCode::already_exists) return {};
  return written;
}

}  // namespace

Bytes encode_key_file(const MasterKey& key) {
  ByteWriter writer;
  writer.bytes(as_byte_view(kMagic)).u32(kVersion).bytes(key.bytes);
  writer.bytes(blake3(writer.view()).bytes);
  return std::move(writer).take();
}

Result<MasterKey> decode_key_file(ByteView bytes, const std::string& path) {
  ByteReader reader(bytes);
  const auto magic = reader.bytes(kMagic.size());
  if (!magic) return damaged(path, "is cut short");
  if (as_text(*magic) != kMagic) return damaged(path, "is not a key file of kith");
  const auto version = reader.u32();
  if (!version) return damaged(path, "is cut short");
  if (*version != kVersion) {
    return failure(ErrorCode::limit_exceeded,
                   fmt::format("The key file {} was written by a newer kith (format {}, this one "
                               "reads {}).",
                               printable(path), *version, kVersion),
                   "Install the newer kith again, or use another home.");
  }
  if (bytes.size() < kFileBytes) return damaged(path, "is cut short");
  const ByteView key = *reader.bytes(sizeof(MasterKey::bytes));
  const bool intact = bytes.size() == kFileBytes &&
                      std::ranges::equal(reader.rest(), blake3(bytes.first(kCoveredBytes)).bytes);
  if (!intact) return damaged(path, "is damaged");
  MasterKey result;
  std::copy(key.begin(), key.end(), result.bytes.begin());
  return result;
}

Result<MasterKey> load_or_create_key(const std::string& home) {
  const std::string path = home + "/key";
  auto file = read_private_file(path, kMaxFileBytes);
  if (file && !*file) {
    if (auto created = create_key(home); !created) return tl::unexpected(created.error());
    file = read_private_file(path, kMaxFileBytes);
  }
  if (!file) return tl::unexpected(file.error());
  if (!*file) return failure(ErrorCode::io_error, fmt::format("{} vanished.", printable(path)));
  const WipedBytes wiped((*file)->bytes);
  if (((*file)->mode & kModeOfOthers) != 0) {
    return failure(ErrorCode::permission_denied,
                   fmt::format("Other users may read the key file {} (mode {:04o}).",
                               printable(path), (*file)->mode),
                   fmt::format("If nobody did, run: chmod 600 {}", printable(path)));
  }
  return decode_key_file((*file)->bytes, path);
}

}  // namespace kith::io
