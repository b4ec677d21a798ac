#include "io/echo/arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "engine/base/text.h"
#include "io/cli/argument_values.h"
#include "io/cli/record_option.h"

namespace kith::echo {
namespace {

constexpr std::uint64_t kDefaultBytes = 1u << 20;
// More than anyone waits for, and exact as a number in JSON.
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 53;

struct Typed {
  std::string home;
  bool json = false;
  std::string log;
  std::string listen;
  std::string id;
  std::vector<std::string> at;
  std::uint64_t bytes = kDefaultBytes;
  cli::RecordOption record;
};

struct Commands {
  CLI::App* listen = nullptr;
  CLI::App* dial = nullptr;
};

Commands define(CLI::App& app, Typed& typed) {
  app.require_subcommand(1);
  app.fallthrough();  // global options may follow the command
  app.set_version_flag("--version", "kith-echo " KITH_VERSION);
  app.add_option("--home", typed.home, "Where this device lives (default: $KITH_HOME or ~/.kith)")
      ->type_name("DIR");
  app.add_flag("--json", typed.json, "Standard output carries JSON objects, one per line");
  app.add_option("--log", typed.log, "Log to standard error: " + cli::LogFilter::topics())
      ->type_name("FILTER");

  Commands commands;
  commands.listen = app.add_subcommand("listen", "Send back whatever any device sends");
  commands.listen->add_option("--listen", typed.listen, "Where to listen, as IP:PORT; port 0: any")
      ->type_name("ADDR");
  commands.dial = app.add_subcommand("dial", "Send bytes to a device and check what comes back");
  commands.dial->add_option("id", typed.id, "The id of the device")->type_name("ID")->required();
  commands.dial->add_option("--at", typed.at, "Where the device is, as IP:PORT; may be repeated")
      ->type_name("ADDR")
      ->allow_extra_args(false)
      ->required();
  commands.dial->add_option("--bytes", typed.bytes, "How many bytes to send (default: 1048576)")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{0}, kMostBytes));
  for (CLI::App* command : {commands.listen, commands.dial}) typed.record.add_to(*command);
  return commands;
}

Result<CommandArguments> listen_arguments(const Typed& typed) {
  if (typed.listen.empty()) return ListenArguments{};
  return cli::address_argument("--listen", typed.listen)
      .map([](const Address& listen) -> CommandArguments { return ListenArguments{listen}; });
}

Result<CommandArguments> dial_arguments(const Typed& typed) {
  const auto device = DeviceId::parse(typed.id);
  if (!device) {
    return cli::usage(fmt::format("'{}' is not the id of a device.", printable(typed.id)),
                      "Use the 64 hexadecimal digits that the other device prints.");
  }
  return cli::peer_addresses(typed.at).map([&](std::vector<Address> at) -> CommandArguments {
    return DialArguments{*device, std::move(at), typed.bytes};
  });
}

Result<Invocation> invocation(const Typed& typed, const Commands& commands) {
  auto home = cli::home_directory(typed.home);
  if (!home) return tl::unexpected(home.error());
  auto log = cli::LogFilter::parse(typed.log);
  if (!log) return tl::unexpected(log.error());
  auto command = commands.dial->parsed() ? dial_arguments(typed) : listen_arguments(typed);
  if (!command) return tl::unexpected(command.error());
  cli::GlobalOptions global{*home, typed.json, *log};
  global.record = typed.record.arguments();
  return Invocation{std::move(global), std::move(*command)};
}

}  // namespace

Result<std::variant<Invocation, cli::HelpText>> parse_arguments(int argc, const char* const* argv) {
  CLI::App app{"Echoes bytes between devices, also between strangers.", "kith-echo"};
  Typed typed;
  const Commands commands = define(app, typed);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return cli::HelpText{app.help()};
  } catch (const CLI::CallForVersion& version) {
    return cli::HelpText{std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    return cli::usage(error.what(), "Run 'kith-echo --help' to see what it takes.");
  }
  auto parsed = invocation(typed, commands);
  if (!parsed) return tl::unexpected(parsed.error());
  return std::variant<Invocation, cli::HelpText>(std::move(*parsed));
}

}  // namespace kith::echo
