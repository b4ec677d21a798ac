#pragma once

// --record and --record-limit, which every command that networks has.

#include <CLI/App.hpp>
#include <cstdint>
#include <optional>
#include <string>

#include "io/cli/arguments.h"
#include "kith/io/recording_options.h"

namespace kith::cli {

class RecordOption {
 public:
  // Of one command or several, of which one is parsed. The option outlives them.
  void add_to(CLI::App& command);
  // Nothing if it was not given.
  std::optional<RecordArguments> arguments() const;

 private:
  std::string path_;
  std::uint64_t limit_bytes_ = io::kDefaultRecordingLimitBytes;
};

}  // namespace kith::cli
