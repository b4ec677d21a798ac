#include "io/cli/argument_values.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <string_view>

#include "engine/base/host_port.h"
#include "engine/base/text.h"

namespace kith::cli {
namespace {

std::string one_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  std::replace(text.begin(), text.end(), '\n', ' ');
  return printable(text);
}

}  // namespace

tl::unexpected<Error> usage(std::string message, std::string hint) {
  return failure(ErrorCode::invalid_argument, one_line(std::move(message)), std::move(hint));
}

Result<std::string> absolute_directory(const std::string& option, const std::string& path) {
  if (path.empty()) return usage(fmt::format("{} is empty.", option), "Name a directory.");
  std::error_code error;
  const std::filesystem::path full = std::filesystem::absolute(path, error);
  if (error) {
    return failure(ErrorCode::io_error,
                   "The current directory cannot be read: " + error.message() + ".",
                   fmt::format("Give {} as an absolute path.", option));
  }
  return full.lexically_normal().native();
}

Result<std::string> home_directory(const std::string& typed) {
  if (!typed.empty()) return absolute_directory("--home", typed);
  if (const char* home = std::getenv("KITH_HOME"); home != nullptr && *home != '\0') {
    return absolute_directory("KITH_HOME", home);
  }
  if (const char* user = std::getenv("HOME"); user != nullptr && *user != '\0') {
    return absolute_directory("HOME", std::string(user) + "/.kith");
  }
  return usage("There is no home for this device.", "Say --home DIR, or set HOME or KITH_HOME.");
}

Result<Address> address_argument(const std::string& option, const std::string& text) {
  auto parsed = Address::parse(text);
  if (!parsed) {
    return usage(fmt::format("{}: '{}' is not an address and port.", option, printable(text)),
                 "Write 192.0.2.1:4433 or [2001:db8::1]:4433.");
  }
  return *parsed;
}

Result<void> check_host_and_port(const std::string& option, const std::string& text) {
  if (parse_host_port(text)) return {};
  return usage(fmt::format("{} {} is not a host and a port.", option, printable(text)),
               "Write it as HOST:PORT, such as router.example.org:6881.");
}

Result<std::vector<Address>> peer_addresses(const std::vector<std::string>& texts) {
  std::vector<Address> all;
  for (const std::string& text : texts) {
    auto parsed = address_argument("--at", text);
    if (!parsed) return tl::unexpected(parsed.error());
    if (parsed->port == 0 || parsed->is_unspecified()) {
      return usage(fmt::format("--at: nothing can be reached at {}.", printable(text)),
                   "Use an address that the other device prints.");
    }
    all.push_back(*parsed);
  }
  return all;
}

bool wants_json(int argc, const char* const* argv) {
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--") return false;
    if (argument == "--json") return true;
  }
  return false;
}

}  // namespace kith::cli
