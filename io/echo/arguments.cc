#include "io/echo/arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "engine/base/text.h"
#include "io/cli/argument_values.h"
#include "io/cli/common_options.h"

namespace kith::echo {
namespace {

constexpr std::uint64_t kDefaultBytes = 1u << 20;
// More than anyone waits for, and exact as a number in JSON.
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 53;

struct Typed {
  cli::ProgramOptions program;
  std::string listen;
  std::string id;
  std::vector<std::string> at;
  std::uint64_t bytes = kDefaultBytes;
};

struct Commands {
  CLI::App* listen = nullptr;
  CLI::App* dial = nullptr;
};

Commands define(CLI::App& app, Typed& typed) {
  typed.program.add_to(app);

  Commands commands;
  commands.listen = app.add_subcommand("listen", "Send back whatever any device sends");
  cli::add_listen(*commands.listen, typed.listen);
  commands.dial = app.add_subcommand("dial", "Send bytes to a device and check what comes back");
  commands.dial->add_option("id", typed.id, "The id of the device")->type_name("ID")->required();
  cli::add_at(*commands.dial, typed.at)->required();
  commands.dial->add_option("--bytes", typed.bytes, "How many bytes to send (default: 1048576)")
      ->type_name("N")
      ->check(CLI::Range(std::uint64_t{0}, kMostBytes));
  for (CLI::App* command : {commands.listen, commands.dial}) typed.program.add_record_to(*command);
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
  auto global = typed.program.parsed();
  if (!global) return tl::unexpected(global.error());
  auto command = commands.dial->parsed() ? dial_arguments(typed) : listen_arguments(typed);
  if (!command) return tl::unexpected(command.error());
  return Invocation{std::move(*global), std::move(*command)};
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
