#pragma once

// What the tests of whole transfers expect at the end.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/transfer/loopback.h"

namespace kith::transfer {

// Nothing is left open, held or half done, on either device.
inline void expect_quiet(Loopback& loop) {
  for (int side = 0; side < 2; ++side) {
    auto& device = loop.device(side);
    EXPECT_EQ(device.protocol->transfers_in_progress(), 0u);
    EXPECT_EQ(device.disk.open_handles(), 0u);
    EXPECT_EQ(loop.uncredited(side), 0u);
    for (const auto& path : device.disk.paths_below("/inbox")) {
      EXPECT_EQ(path.find(kStagingPrefix), path.npos) << path;
    }
  }
}

inline void expect_completed(Loopback& loop) {
  for (int side = 0; side < 2; ++side) {
    const auto failed = loop.device(side).all<TransferFailed>();
    EXPECT_TRUE(failed.empty()) << failed[0].error.message;
    EXPECT_EQ(loop.device(side).all<TransferCompleted>().size(), 1u);
    EXPECT_THAT(loop.device(side).protocol->counters(), testing::IsEmpty());
  }
  expect_quiet(loop);
}

// One failure with this code, and no success.
inline void expect_failed(Loopback& loop, int side, ErrorCode code) {
  const auto failed = loop.device(side).all<TransferFailed>();
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(to_string(failed[0].error.code), to_string(code)) << failed[0].error.message;
  EXPECT_FALSE(failed[0].error.message.empty());
  EXPECT_TRUE(loop.device(side).all<TransferCompleted>().empty());
  EXPECT_EQ(failed[0].direction,
            side == Loopback::kAlice ? TransferDirection::sending : TransferDirection::receiving);
}

// Fails the test if a name appears in the inbox whose content is not, whole and durable, what lies
// under that name in Alice's /home now.
inline void watch_publications(Loopback& loop) {
  const std::map<std::string, MemoryDisk::Shape> sources = loop.alice().disk.tree("/home");
  loop.after_file_op = [&loop, sources](int side, const ProtocolOutput& effect, bool succeeded) {
    const auto* rename = std::get_if<FileRename>(&effect);
    if (side != Loopback::kBob || rename == nullptr || !succeeded) return;
    const auto at = rename->to.base + "/" + rename->to.relative;
    const auto& disk = loop.bob().disk;
    const auto name = at.substr(at.rfind('/'));
    const auto published = disk.tree(at);
    std::size_t expected = 0;
    for (const auto& [path, shape] : sources) {
      if (path != name && path.rfind(name + "/", 0) != 0) continue;
      ++expected;
      const auto below = path.substr(name.size());
      ASSERT_EQ(published.count(below), 1u) << path;
      EXPECT_EQ(published.at(below).content, shape.content) << path;
      EXPECT_TRUE(below.empty() || disk.durable(at + below)) << path;
    }
    EXPECT_EQ(published.size(), expected);
  };
}

// A tree with everything that is special: empty files and directories, names that are not UTF-8,
// modes that lock their owner out, files on both sides of every boundary.
inline void make_album(MemoryDisk& disk, const std::string& path, std::uint64_t seed = 5) {
  disk.add_directory(path, 0750);
  disk.add_directory(path + "/empty", 0700);
  disk.add_directory(path + "/deep");
  disk.add_directory(path + "/deep/er", 0500);
  disk.add_directory(path + "/deep/er/est", 0711);
  disk.add_file(path + "/deep/er/est/bottom", test_content(seed, 10), 0444);
  disk.add_file(path + "/\xff\xfe\x1b[31m", test_content(seed + 1, 4096));
  disk.add_file(path + "/nothing", {});
  disk.add_file(path + "/large", test_content(seed + 2, (2u << 20) + 17), 0600);
  disk.add_file(path + "/one piece", test_content(seed + 3, 1u << 20));
  for (int i = 0; i < 12; ++i) {
    disk.add_file(path + "/deep/" + std::to_string(i),
                  test_content(seed + 4, static_cast<std::size_t>(i) * 999));
  }
}

}  // namespace kith::transfer
