#pragma once

// What an application says and hears of a recording.

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "kith/result.h"

namespace kith::io {

// Room for transfers of some hundred megabytes, and little enough for most disks.
inline constexpr std::uint64_t kDefaultRecordingLimitBytes = std::uint64_t{1} << 30;

// How a recording ended.
struct RecordingReport {
  // What a replay of the file gives, unless that could not be written.
  std::uint64_t steps = 0;
  std::array<std::byte, 32> trace_hash{};
  // Why it ended before the device did: limit_exceeded (it replays up to there), no_space,
  // io_error.
  std::optional<Error> early;
};

// Where a recording goes.
struct RecordingOptions {
  std::string path;  // must not exist yet
  std::uint64_t limit_bytes = kDefaultRecordingLimitBytes;
  // Told once. Called while the engine may run: it must neither block nor call the Core.
  std::function<void(const RecordingReport&)> on_ended;
};

}  // namespace kith::io
