#include "sim/scenario/content.h"

#include <fmt/core.h>

#include <array>
#include <vector>

#include "engine/transfer/names.h"

namespace kith::sim {
namespace {

constexpr std::int64_t kNanosecondsPerSecond = 1'000'000'000;
// Times of files lie in 2020, whole seconds and not.
constexpr std::int64_t kFirstModifiedNs = 1'577'836'800 * kNanosecondsPerSecond;
constexpr std::uint64_t kModifiedRangeNs = 365ull * 86'400 * 1'000'000'000;

std::int64_t draw_time(RandomSource& random) {
  return kFirstModifiedNs + static_cast<std::int64_t>(random.below(kModifiedRangeNs));
}

void make_file(VirtualDisk& disk, const std::string& path, std::uint64_t size_bytes,
               RandomSource& random) {
  constexpr std::array<std::uint32_t, 3> kModes{0644, 0600, 0755};
  Bytes content(static_cast<std::size_t>(size_bytes));
  random.fill(content);
  const std::uint32_t mode = kModes[static_cast<std::size_t>(random.below(kModes.size()))];
  disk.make_file(path, content, mode, draw_time(random));
}

void make_tree(const ContentSpec& spec, VirtualDisk& disk, const std::string& root,
               RandomSource& random) {
  std::vector<std::string> directories{root};
  for (std::uint64_t i = 0; i < spec.directories; ++i) {
    const auto parent = static_cast<std::size_t>(random.below(directories.size()));
    directories.push_back(fmt::format("{}/directory-{}", directories[parent], i));
  }
  for (const std::string& directory : directories) {
    disk.make_directory(directory, 0755, draw_time(random));
  }
  for (std::uint64_t i = 0; i < spec.files; ++i) {
    const auto parent = static_cast<std::size_t>(random.below(directories.size()));
    make_file(disk, fmt::format("{}/file-{}", directories[parent], i),
              random.below(spec.most_bytes + 1), random);
  }
}

}  // namespace

ContentSpec read_content(JsonObject keys) {
  ContentSpec spec;
  spec.tree = keys.has("tree");
  if (spec.tree == keys.has("file")) keys.refuse("needs either \"file\" or \"tree\"");
  const JsonValue name = keys.at(spec.tree ? "tree" : "file");
  spec.name = name.text();
  check_file_name(name);
  if (spec.tree) {
    spec.files = keys.at("files").integer(0, kMostContentFiles);
    spec.directories = keys.integer_or("directories", 0, kMostContentFiles, 0);
    spec.most_bytes = keys.at("most_bytes").integer(0, kMostContentBytes);
    if (spec.files != 0 && spec.most_bytes > kMostContentBytes / spec.files) {
      keys.refuse("most_bytes",
                  fmt::format("all files together may have at most {} bytes", kMostContentBytes));
    }
  } else {
    spec.size_bytes = keys.at("size_bytes").integer(0, kMostContentBytes);
  }
  keys.done();
  return spec;
}

void check_file_name(const JsonValue& name) {
  if (const auto fault = transfer::check_name(name.text())) {
    name.refuse(fmt::format("must be the name of a file: {}", transfer::to_string(*fault)));
  }
}

std::string make_content(const ContentSpec& spec, VirtualDisk& disk, const std::string& directory,
                         RandomSource random) {
  const std::string path = fmt::format("{}/{}", directory, spec.name);
  if (spec.tree) {
    make_tree(spec, disk, path, random);
  } else {
    make_file(disk, path, spec.size_bytes, random);
  }
  return path;
}

}  // namespace kith::sim
