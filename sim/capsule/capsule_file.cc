#include "sim/capsule/capsule_file.h"

#include <fmt/core.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <span>

#include "engine/base/text.h"
#include "sim/replay/file_source.h"
#include "sim/replay/whole_file.h"

namespace kith::sim {
namespace {

// More than the scenario of ten thousand devices takes, a hundred times over.
constexpr std::size_t kMostBytes = std::size_t{1} << 30;

tl::unexpected<Error> cannot_create(const std::string& path, int error) {
  return failure(error == EEXIST ? ErrorCode::already_exists : ErrorCode::io_error,
                 fmt::format("Cannot create {}: {}.", printable(path), std::strerror(error)));
}

}  // namespace

Result<void> check_capsule_path(const std::string& path) {
  std::error_code ignored;
  if (std::filesystem::symlink_status(path, ignored).type() !=
      std::filesystem::file_type::not_found) {
    return cannot_create(path, EEXIST);
  }
  const int error = check_directory_of(path);
  if (error == 0) return {};
  return cannot_create(path, error);
}

Result<void> write_capsule(const Capsule& capsule, const std::string& path) {
  const int error = write_whole_file(path, encode_capsule(capsule), Existing::kept);
  if (error == 0) return {};
  return cannot_create(path, error);
}

Result<Capsule> read_capsule(const std::string& path) {
  auto source = FileSource::open(path);
  if (!source) return tl::unexpected(source.error());
  Bytes bytes;
  std::array<std::byte, 65536> piece;
  for (std::size_t size = source->read(piece); size > 0 && bytes.size() <= kMostBytes;
       size = source->read(piece)) {
    bytes.insert(bytes.end(), piece.begin(), piece.begin() + static_cast<std::ptrdiff_t>(size));
  }
  auto capsule = decode_capsule(bytes);
  if (capsule) return capsule;
  return failure(capsule.error().code,
                 fmt::format("{} {}.", printable(path), capsule.error().message));
}

bool is_capsule(const std::string& path) {
  std::error_code ignored;
  if (!std::filesystem::is_regular_file(path, ignored)) return false;
  auto source = FileSource::open(path);
  if (!source) return false;
  std::array<std::byte, 8> beginning{};
  return looks_like_capsule(std::span(beginning).first(source->read(beginning)));
}

}  // namespace kith::sim
