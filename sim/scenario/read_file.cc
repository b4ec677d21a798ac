#include "sim/scenario/read_file.h"

#include <fmt/core.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

namespace kith::sim {
namespace {

namespace fs = std::filesystem;

// Ten times a scenario with as many devices, steps and faults as there can be.
constexpr std::uintmax_t kLargestFile = 256u << 20;

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const auto cannot = [&path](std::string_view why) {
    return failure(ErrorCode::not_found, fmt::format("Cannot read {}: {}.", path, why));
  };
  std::error_code wrong;
  const fs::file_status status = fs::status(path, wrong);
  if (wrong) return cannot(wrong.message());
  if (fs::is_directory(status)) return cannot("it is a directory");
  if (!fs::is_regular_file(status)) return cannot("it is no regular file");
  const std::uintmax_t size = fs::file_size(path, wrong);
  if (wrong) return cannot(wrong.message());
  if (size == 0) return cannot("it is empty");
  if (size > kLargestFile) return cannot(fmt::format("it has more than {} bytes", kLargestFile));
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  std::string text(static_cast<std::size_t>(size), '\0');
  if (!stream.read(text.data(), static_cast<std::streamsize>(size))) {
    return cannot(errno != 0 ? std::generic_category().message(errno) : "it ends too early");
  }
  return text;
}

}  // namespace kith::sim
