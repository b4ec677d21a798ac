#pragma once

// The command line, parsed and checked: what is wrong with it is found before anything is opened.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "io/cli/log.h"
#include "kith/address.h"
#include "kith/command.h"
#include "kith/io/effect_hook.h"
#include "kith/result.h"
#include "kith/time.h"

namespace kith::cli {

// What --record asks for; commands that network have it.
struct RecordArguments {
  std::string path;  // as typed
  std::uint64_t limit_bytes = 0;
};

struct GlobalOptions {
  std::string home;  // absolute
  bool json = false;
  LogFilter log;
  io::EffectHook* effects = &io::no_effect_hook;  // of whoever embeds the program
  std::optional<RecordArguments> record{};
  Discovery discovery{};
};

struct IdArguments {};
struct DevicesArguments {
  enum class Action { list, nearby, remove, block };
  Action action = Action::list;
  std::string device;  // a name or an id
};
struct PairArguments {
  std::optional<Address> listen;
  bool yes = false;
  Duration expires = std::chrono::minutes(5);
};
struct JoinArguments {
  std::vector<std::string> words;  // as typed; {"-"}: to be read from standard input
  std::vector<Address> at;
  bool yes = false;
};
struct ReceiveArguments {
  std::optional<Address> listen;
  std::string inbox;  // absolute
  bool once = false;
  SetReceivePolicy::Accept accept = SetReceivePolicy::Accept::ask;
};
struct SendArguments {
  std::vector<std::string> paths;  // as typed
  std::string to;                  // a name or an id
  std::vector<Address> at;
  std::string destination;
};
struct MessageArguments {
  std::string to;    // a name or an id
  std::string body;  // as typed; "-": to be read from standard input
  std::vector<Address> at;
};

using CommandArguments = std::variant<IdArguments, DevicesArguments, PairArguments, JoinArguments,
                                      ReceiveArguments, SendArguments, MessageArguments>;

struct Invocation {
  GlobalOptions global;
  CommandArguments command;
};
struct HelpText {  // asked for by --help or --version
  std::string text;
};

// Errors: invalid_argument, with a hint that names the help to read.
Result<std::variant<Invocation, HelpText>> parse_arguments(int argc, const char* const* argv);

}  // namespace kith::cli
