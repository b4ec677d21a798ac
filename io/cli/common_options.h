#pragma once

// Options that several commands or programs have.

#include <CLI/App.hpp>
#include <cstdint>
#include <string>
#include <vector>

#include "io/cli/arguments.h"
#include "kith/io/recording_options.h"

namespace kith::cli {

// --home, --json, --log and --version of a program, and what its commands that network have in
// common. Holds what is typed, and outlives the CLI::App it was added to.
class ProgramOptions {
 public:
  void add_to(CLI::App& program);
  void add_record_to(CLI::App& command);
  // --no-mdns, --no-dht, --bootstrap, --interface, --visible, --public-addresses: of a program
  // whose commands look for devices and are found.
  void add_discovery_to(CLI::App& command);
  Result<GlobalOptions> parsed() const;

 private:
  std::string home_;
  bool json_ = false;
  std::string log_;
  std::string record_;
  std::uint64_t record_limit_bytes_ = io::kDefaultRecordingLimitBytes;
  bool discovers_ = false;
  bool no_mdns_ = false;
  bool no_dht_ = false;
  Discovery discovery_;
};

// What is typed goes to `typed`, which outlives the command.
CLI::Option* add_listen(CLI::App& command, std::string& typed);
CLI::Option* add_at(CLI::App& command, std::vector<std::string>& typed);

}  // namespace kith::cli
