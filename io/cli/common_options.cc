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

void ProgramOptions::add_discovery_to(CLI::App& command) {
  discovers_ = true;
  command.add_flag("--no-mdns", no_mdns_, "Neither look nor be seen on the local network")
      ->envname("KITH_NO_MDNS");
  command.add_flag("--no-dht", no_dht_, "Neither look nor be found in the Mainline DHT")
      ->envname("KITH_NO_DHT");
  command
      .add_option("--bootstrap", discovery_.bootstrap,
                  "Enter the DHT here instead of at its public hosts; may be repeated")
      ->type_name("HOST:PORT")
      ->allow_extra_args(false);
  command
      .add_option("--dht-port", discovery_.dht_port,
                  "Serve the DHT at this port, which others can reach")
      ->type_name("PORT");
  command
      .add_option("--interface", discovery_.interfaces,
                  "Use multicast DNS on this interface only; may be repeated")
      ->type_name("NAME")
      ->allow_extra_args(false);
  command.add_flag("--visible", discovery_.visible,
                   "Show this device's name to everyone on the local network");
  command.add_flag("--public-addresses", discovery_.public_addresses,
                   "Let everyone read this device's addresses in the DHT");
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
  if (discovers_) {
    for (const std::string& host : discovery_.bootstrap) {
      if (const auto good = check_host_and_port("--bootstrap", host); !good) {
        return tl::unexpected(good.error());
      }
    }
    global.discovery = discovery_;
    global.discovery.mdns = !no_mdns_;
    global.discovery.dht = !no_dht_;
  }
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
