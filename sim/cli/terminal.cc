#include "sim/cli/terminal.h"

#include <errno.h>
#include <fmt/core.h>

namespace kith::sim {

void print(std::FILE* to, const std::string& text) {
  std::fputs(text.c_str(), to);
  std::fflush(to);
}

std::string_view program_name() { return program_invocation_short_name; }

std::string shell_quoted(std::string_view text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:";
  if (text.find_first_not_of(kPlain) == std::string_view::npos) return std::string(text);
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'') {
      result += "'\\''";
    } else {
      result += c;
    }
  }
  return result + "'";
}

void complain(std::string_view text) {
  print(stderr, fmt::format("{}: {}\n", program_name(), text));
}

int ended(int code) {
  if (std::fflush(stdout) == 0 && std::ferror(stdout) == 0) return code;
  complain("Standard output could not be written: some of what was printed is lost.");
  return kUnusable;
}

int refuse(const Error& error) {
  complain(error.message);
  if (!error.hint.empty()) print(stderr, error.hint + "\n");
  return kUnusable;
}

}  // namespace kith::sim
