#include "io/cli/arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string_view>

#include "io/cli/argument_values.h"
#include "io/cli/common_options.h"

namespace kith::cli {
namespace {

constexpr int kLongestExpirySeconds = 300;  // DESIGN section 6: words are valid for 5 minutes

// What CLI11 fills in: texts whose meaning is checked afterwards.
struct Typed {
  ProgramOptions program;
  std::string listen;
  std::vector<std::string> at;
  bool yes = false;
  int expires = kLongestExpirySeconds;
  std::vector<std::string> words;
  std::string inbox = ".";
  bool once = false;
  std::string accept = "ask";
  std::vector<std::string> paths;
  std::string to;
  std::string body;
  std::string destination;
  std::string device;
  bool nearby = false;
};

struct Commands {
  CLI::App* id = nullptr;
  CLI::App* devices = nullptr;
  CLI::App* remove = nullptr;
  CLI::App* block = nullptr;
  CLI::App* pair = nullptr;
  CLI::App* join = nullptr;
  CLI::App* receive = nullptr;
  CLI::App* send = nullptr;
  CLI::App* message = nullptr;
};

void define_pairing(CLI::App& app, Typed& typed, Commands& commands) {
  commands.pair = app.add_subcommand("pair", "Show twelve words that another device can join with");
  add_listen(*commands.pair, typed.listen);
  commands.pair->add_flag("--yes", typed.yes, "Confirm without asking");
  commands.pair
      ->add_option("--expires", typed.expires,
                   "How long the words are valid, at most 300 (default)")
      ->type_name("SECONDS")
      ->check(CLI::Range(1, kLongestExpirySeconds));

  commands.join = app.add_subcommand("join", "Pair with the device that shows these words");
  commands.join
      ->add_option("words", typed.words, "The twelve words, quoted or not; - reads standard input")
      ->type_name("WORDS")
      ->required();
  add_at(*commands.join, typed.at);
  commands.join->add_flag("--yes", typed.yes, "Confirm without asking");
}

void define_transfer(CLI::App& app, Typed& typed, Commands& commands) {
  commands.receive = app.add_subcommand("receive", "Receive files from paired devices");
  add_listen(*commands.receive, typed.listen);
  commands.receive
      ->add_option("--inbox", typed.inbox, "Where files go (default: the current directory)")
      ->type_name("DIR");
  commands.receive->add_flag("--once", typed.once, "End after one transfer");
  commands.receive
      ->add_option("--accept", typed.accept,
                   "all, ask (default) or none; ask without a terminal is none")
      ->type_name("WHAT")
      ->check(CLI::IsMember({"all", "ask", "none"}));

  commands.send = app.add_subcommand("send", "Send files and directories to a paired device");
  commands.send->add_option("path", typed.paths, "What to send")->type_name("PATH")->required();
  commands.send->add_option("--to", typed.to, "The device, by name or id")
      ->type_name("NAME|ID")
      ->required();
  add_at(*commands.send, typed.at);
  commands.send
      ->add_option("--dest", typed.destination, "Subdirectory of the receiver's inbox to put it in")
      ->type_name("SUBDIR");
}

void define_message(CLI::App& app, Typed& typed, Commands& commands) {
  commands.message = app.add_subcommand("message", "Send a message to a paired device");
  commands.message->add_option("device", typed.to, "The device, by name or id")
      ->type_name("NAME|ID")
      ->required();
  commands.message->add_option("body", typed.body, "The message; - reads standard input")
      ->type_name("JSON")
      ->required();
  add_at(*commands.message, typed.at);
}

Commands define(CLI::App& app, Typed& typed) {
  Commands commands;
  typed.program.add_to(app);
  commands.id = app.add_subcommand("id", "Show who this device is");
  define_pairing(app, typed, commands);
  commands.devices = app.add_subcommand("devices", "List the devices this one knows");
  commands.devices->require_subcommand(0, 1);
  commands.remove = commands.devices->add_subcommand("remove", "Forget a device");
  commands.block = commands.devices->add_subcommand("block", "Refuse a device from now on");
  for (CLI::App* command : {commands.remove, commands.block}) {
    command->add_option("device", typed.device, "The device, by name or id")
        ->type_name("NAME|ID")
        ->required();
  }
  define_transfer(app, typed, commands);
  define_message(app, typed, commands);
  for (CLI::App* command :
       {commands.pair, commands.join, commands.receive, commands.send, commands.message}) {
    typed.program.add_record_to(*command);
    typed.program.add_discovery_to(*command);
  }
  commands.devices->add_flag("--nearby", typed.nearby,
                             "Look for two seconds who is on the local network, and how");
  return commands;
}

Result<std::optional<Address>> listen_address(const Typed& typed) {
  if (typed.listen.empty()) return std::nullopt;
  auto parsed = address_argument("--listen", typed.listen);
  if (!parsed) return tl::unexpected(parsed.error());
  return *parsed;
}

Result<CommandArguments> devices_arguments(const Typed& typed, const Commands& commands) {
  using Action = DevicesArguments::Action;
  if (commands.remove->parsed()) return DevicesArguments{Action::remove, typed.device};
  if (commands.block->parsed()) return DevicesArguments{Action::block, typed.device};
  return DevicesArguments{typed.nearby ? Action::nearby : Action::list, ""};
}

Result<CommandArguments> pair_arguments(const Typed& typed) {
  return listen_address(typed).map([&](std::optional<Address> listen) -> CommandArguments {
    return PairArguments{listen, typed.yes, std::chrono::seconds(typed.expires)};
  });
}

Result<CommandArguments> join_arguments(const Typed& typed) {
  return peer_addresses(typed.at).map([&](std::vector<Address> at) -> CommandArguments {
    return JoinArguments{typed.words, std::move(at), typed.yes};
  });
}

Result<CommandArguments> receive_arguments(const Typed& typed) {
  using Accept = SetReceivePolicy::Accept;
  auto listen = listen_address(typed);
  if (!listen) return tl::unexpected(listen.error());
  auto inbox = absolute_directory("--inbox", typed.inbox);
  if (!inbox) return tl::unexpected(inbox.error());
  const Accept accept = typed.accept == "all"   ? Accept::all
                        : typed.accept == "ask" ? Accept::ask
                                                : Accept::none;
  return ReceiveArguments{*listen, *inbox, typed.once, accept};
}

Result<CommandArguments> send_arguments(const Typed& typed) {
  return peer_addresses(typed.at).map([&](std::vector<Address> at) -> CommandArguments {
    return SendArguments{typed.paths, typed.to, std::move(at), typed.destination};
  });
}

Result<CommandArguments> message_arguments(const Typed& typed) {
  return peer_addresses(typed.at).map([&](std::vector<Address> at) -> CommandArguments {
    return MessageArguments{typed.to, typed.body, std::move(at)};
  });
}

Result<CommandArguments> command_arguments(const Typed& typed, const Commands& commands) {
  if (commands.devices->parsed()) return devices_arguments(typed, commands);
  if (commands.pair->parsed()) return pair_arguments(typed);
  if (commands.join->parsed()) return join_arguments(typed);
  if (commands.receive->parsed()) return receive_arguments(typed);
  if (commands.send->parsed()) return send_arguments(typed);
  if (commands.message->parsed()) return message_arguments(typed);
  return IdArguments{};
}

Result<Invocation> invocation(const Typed& typed, const Commands& commands) {
  auto global = typed.program.parsed();
  if (!global) return tl::unexpected(global.error());
  auto command = command_arguments(typed, commands);
  if (!command) return tl::unexpected(command.error());
  return Invocation{std::move(*global), std::move(*command)};
}

// The innermost command that was named, for the hint: "kith pair --help".
std::string command_line_of(const CLI::App& app) {
  std::string line = "kith";
  const CLI::App* current = &app;
  while (true) {
    const auto named = current->get_subcommands();
    if (named.empty()) return line;
    current = named.front();
    line += " " + current->get_name();
  }
}

}  // namespace

Result<std::variant<Invocation, HelpText>> parse_arguments(int argc, const char* const* argv) {
  CLI::App app{"Pairs your devices with twelve words and moves files between them.", "kith"};
  Typed typed;
  const Commands commands = define(app, typed);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    return HelpText{app.help()};
  } catch (const CLI::CallForVersion& version) {
    return HelpText{std::string(version.what()) + "\n"};
  } catch (const CLI::ParseError& error) {
    return usage(error.what(),
                 fmt::format("Run '{} --help' to see what it takes.", command_line_of(app)));
  }
  auto parsed = invocation(typed, commands);
  if (!parsed) return tl::unexpected(parsed.error());
  return std::variant<Invocation, HelpText>(std::move(*parsed));
}

}  // namespace kith::cli
