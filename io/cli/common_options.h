#pragma once

// Options that several commands or programs have.

#include <CLI/App.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "io/cli/arguments.h"
#include "kith/io/recording_options.h"

namespace kith::cli {

// --home, --json, --log and --version of a program, and --record of those of its commands that
// network. Holds what is typed, and outlives the CLI::App it was added to.
class ProgramOptions {
 public:
  void add_to(CLI::App& program);
  void add_record_to(CLI::App& command);
  Result<GlobalOptions> parsed() const;

 private:
  std::string home_;
  bool json_ = false;
  std::string log_;
  std::string record_;
  std::uint64_t record_limit_bytes_ = io::kDefaultRecordingLimitBytes;
};

// What is typed goes to `typed`, which outlives the command.
CLI::Option* add_listen(CLI::App& command, std::string& typed);
CLI::Option* add_at(CLI::App& command, std::vector<std::string>& typed);

}  // namespace kith::cli
