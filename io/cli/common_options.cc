#include "io/cli/common_options.h"

#include <CLI/CLI.hpp>
#include <limits>

#include "io/cli/argument_values.h"

namespace kith::cli {
namespace {

// Room for the start of an engine with many records, and some of its run.
constexpr std::uint64_t kLeastRecordingBytes = 65536;

}  // namespace

void ProgramOptions::add_record_to(CLI::App& command) {
  CLI::Option* record =
      command
          .add_option("--record", record_,
                      "Record everything, secrets included, to a new file for kith-sim replay")
          ->type_name("FILE");
  command
      .add_option("--record-limit", record_limit_bytes_,
                  "The recording ends at this size: 1073741824 (default), or such as 500MB")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::Range(kLeastRecordingBytes, std::numeric_limits<std::uint64_t>::max()))
      ->needs(record);
}

void ProgramOptions::add_to(CLI::App& program) {
  program.require_subcommand(1);
  program.fallthrough();  // global options may follow the command
  program.set_version_flag("--version", program.get_name() + " " KITH_VERSION);
  program.add_option("--home", home_, "Where this device lives (default: $KITH_HOME or ~/.kith)")
      ->type_name("DIR");
  program.add_flag("--json", json_, "Standard output carries JSON objects, one per line");
  program.add_option("--log", log_, "Log to standard error: " + LogFilter::topics())
      ->type_name("FILTER");
}

Result<GlobalOptions> ProgramOptions::parsed() const {
  auto home = home_directory(home_);
  if (!home) return tl::unexpected(home.error());
  auto log = LogFilter::parse(log_);
  if (!log) return tl::unexpected(log.error());
  GlobalOptions global{*home, json_, *log};
  if (!record_.empty()) global.record = RecordArguments{record_, record_limit_bytes_};
  return global;
}

CLI::Option* add_listen(CLI::App& command, std::string& typed) {
  return command.add_option("--listen", typed, "Where to listen, as IP:PORT; port 0: any")
      ->type_name("ADDR");
}

CLI::Option* add_at(CLI::App& command, std::vector<std::string>& typed) {
  return command
      .add_option("--at", typed, "Where the other device is, as IP:PORT; may be repeated")
      ->type_name("ADDR")
      ->allow_extra_args(false);
}

}  // namespace kith::cli
