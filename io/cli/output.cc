#include "io/cli/output.h"

#include "engine/base/text.h"

namespace kith::cli {
namespace {

std::string sentence(const std::string& text) {
  return text.empty() || text.ends_with('.') ? text : text + ".";
}

}  // namespace

void write_text(std::FILE* to, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), to);
  std::fflush(to);
}

std::string error_line(const Error& error) {
  std::string line = "kith: " + sentence(error.message);
  if (!error.hint.empty()) line += " " + sentence(error.hint);
  return printable(line);
}

}  // namespace kith::cli
