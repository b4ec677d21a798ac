#include "io/cli/record_option.h"

#include <CLI/CLI.hpp>
#include <limits>

namespace kith::cli {
namespace {

// Room for the start of an engine with many records, and some of its run.
constexpr std::uint64_t kLeastRecordingBytes = 65536;

}  // namespace

void RecordOption::add_to(CLI::App& command) {
  CLI::Option* record =
      command
          .add_option("--record", path_,
                      "Record everything, secrets included, to a new file for kith-sim replay")
          ->type_name("FILE");
  command
      .add_option("--record-limit", limit_bytes_,
                  "The recording ends at this size: 1073741824 (default), or such as 500MB")
      ->type_name("SIZE")
      ->transform(CLI::AsSizeValue(false))
      ->check(CLI::Range(kLeastRecordingBytes, std::numeric_limits<std::uint64_t>::max()))
      ->needs(record);
}

std::optional<RecordArguments> RecordOption::arguments() const {
  if (path_.empty()) return std::nullopt;
  return RecordArguments{path_, limit_bytes_};
}

}  // namespace kith::cli
