#include "sim/cli/terminal.h"

#include <fmt/core.h>

namespace kith::sim {

void print(std::FILE* to, const std::string& text) {
  std::fputs(text.c_str(), to);
  std::fflush(to);
}

void complain(std::string_view text) { print(stderr, fmt::format("kith-sim: {}\n", text)); }

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
