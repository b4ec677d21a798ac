#include "sim/scenario/read_file.h"

#include <fmt/core.h>

#include <array>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <string_view>
#include <system_error>

namespace kith::sim {
namespace {

namespace fs = std::filesystem;

// Ten times a scenario with as many devices, steps and faults as there can be.
constexpr std::size_t kLargestFile = 256u << 20;
constexpr std::size_t kPart = 64u << 10;

}  // namespace

Result<std::string> read_file(const std::string& path) {
  const auto cannot = [&path](std::string_view why) {
    return failure(ErrorCode::not_found, fmt::format("Cannot read {}: {}.", path, why));
  };
  std::error_code wrong;
  const fs::file_status status = fs::status(path, wrong);
  if (wrong) return cannot(wrong.message());
  if (fs::is_directory(status)) return cannot("it is a directory");
  errno = 0;
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return cannot(std::generic_category().message(errno));
  std::string text;
  std::array<char, kPart> part;
  while (stream.read(part.data(), part.size()) || stream.gcount() > 0) {
    text.append(part.data(), static_cast<std::size_t>(stream.gcount()));
    if (text.size() > kLargestFile) {
      return cannot(fmt::format("it has more than {} bytes", kLargestFile));
    }
  }
  if (stream.bad()) return cannot(std::generic_category().message(errno));
  if (text.empty()) return cannot("it is empty");
  return text;
}

}  // namespace kith::sim
