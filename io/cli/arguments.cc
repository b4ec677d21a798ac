#include "io/cli/arguments.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string_view>

#include "io/cli/argument_values.h"
#include "io/cli/record_option.h"

namespace kith::cli {
namespace {

constexpr int kLongestExpirySeconds = 300;  // DESIGN section 6: words are valid for 5 minutes

// What CLI11 fills in: texts whose meaning is checked afterwards.
struct Typed {
  std::string home;
  bool json = false;
  std::string log;
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
  RecordOption record;
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

void define_global(CLI::App& app, Typed& typed) {
  app.require_subcommand(1);
  app.fallthrough();  // global options may follow the command
  app.set_version_flag("--version", "kith " KITH_VERSION);
  app.add_option("--home", typed.home, "Where this device lives (default: $KITH_HOME or ~/.kith)")
      ->type_name("DIR");
  app.add_flag("--json", typed.json, "Standard output carries JSON objects, one per line");
  app.add_option("--log", typed.log, "Log to standard error: " + LogFilter::topics())
      ->type_name("FILTER");
}

void add_listen(CLI::App* command, Typed& typed) {
  command->add_option("--listen", typed.listen, "Where to listen, as IP:PORT; port 0: any")
      ->type_name("ADDR");
}

void add_at(CLI::App* command, Typed& typed) {
  command->add_option("--at", typed.at, "Where the other device is, as IP:PORT; may be repeated")
      ->type_name("ADDR")
      ->allow_extra_args(false);
}

void define_pairing(CLI::App& app, Typed& typed, Commands& commands) {
  commands.pair = app.add_subcommand("pair", "Show twelve words that another device can join with");
  add_listen(commands.pair, typed);
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
  add_at(commands.join, typed);
  commands.join->add_flag("--yes", typed.yes, "Confirm without asking");
}

void define_transfer(CLI::App& app, Typed& typed, Commands& commands) {
  commands.receive = app.add_subcommand("receive", "Receive files from paired devices");
  add_listen(commands.receive, typed);
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
  add_at(commands.send, typed);
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
  add_at(commands.message, typed);
}

Commands define(CLI::App& app, Typed& typed) {
  Commands commands;
  define_global(app, typed);
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
    typed.record.add_to(*command);
  }
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
  return DevicesArguments{};
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
  auto home = home_directory(typed.home);
  if (!home) return tl::unexpected(home.error());
  auto log = LogFilter::parse(typed.log);
  if (!log) return tl::unexpected(log.error());
  auto command = command_arguments(typed, commands);
  if (!command) return tl::unexpected(command.error());
  GlobalOptions global{*home, typed.json, *log};
  global.record = typed.record.arguments();
  return Invocation{std::move(global), std::move(*command)};
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
