#include "sim/cli/output_paths.h"

#include <fmt/core.h>

#include <filesystem>

#include "engine/base/text.h"

namespace kith::sim {
namespace {

namespace fs = std::filesystem;

// As many as Linux follows.
constexpr int kMostLinks = 40;

bool same_file(const std::string& one, const std::string& other) {
  std::error_code ignored;
  if (fs::exists(one, ignored) && fs::exists(other, ignored)) {
    return fs::is_regular_file(one, ignored) && fs::equivalent(one, other, ignored);
  }
  return file_named(one) == file_named(other);
}

Result<void> check_pair(const NamedFile& output, const NamedFile& other) {
  if (!same_file(output.path, other.path)) return {};
  return failure(ErrorCode::invalid_argument,
                 fmt::format("{} {} is the same file as {}.", output.name, printable(output.path),
                             other.name));
}

}  // namespace

std::string file_named(const std::string& path) {
  std::error_code error;
  fs::path file = path;
  for (int links = 0; links < kMostLinks && fs::is_symlink(file, error); ++links) {
    file = file.parent_path() / fs::read_symlink(file, error);
  }
  const fs::path whole = fs::absolute(file, error);
  const fs::path directory = fs::canonical(whole.parent_path(), error);
  return (error ? whole : directory / whole.filename()).string();
}

Result<void> check_outputs(const std::vector<NamedFile>& outputs,
                           const std::vector<NamedFile>& others) {
  for (auto output = outputs.begin(); output != outputs.end(); ++output) {
    for (const NamedFile& other : others) {
      if (const auto distinct = check_pair(*output, other); !distinct) return distinct;
    }
    for (auto other = outputs.begin(); other != output; ++other) {
      if (const auto distinct = check_pair(*output, *other); !distinct) return distinct;
    }
  }
  return {};
}

}  // namespace kith::sim
