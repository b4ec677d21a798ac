#pragma once

// Files for devices to send, made from the seed of the run.

#include <cstdint>
#include <string>

#include "engine/base/random.h"
#include "sim/disk/virtual_disk.h"
#include "sim/scenario/json_reader.h"

namespace kith::sim {

// One file, or a directory with many.
struct ContentSpec {
  std::string name;  // of the file or the directory
  bool tree = false;
  std::uint64_t size_bytes = 0;  // of the file
  // Of a tree: files in directories that nest, each file of a size drawn up to most_bytes.
  std::uint64_t files = 0;
  std::uint64_t directories = 0;
  std::uint64_t most_bytes = 0;
};

// What one device may send in one step: it lies in memory, with the sender and with the receiver.
inline constexpr std::uint64_t kMostContentBytes = 1ull << 30;
inline constexpr std::uint64_t kMostContentFiles = 100'000;

ContentSpec read_content(JsonObject keys);

// Refuses what no file can be named.
void check_file_name(const JsonValue& name);

// Makes it beneath `directory`; the path of the whole.
std::string make_content(const ContentSpec& spec, VirtualDisk& disk, const std::string& directory,
                         RandomSource random);

}  // namespace kith::sim
