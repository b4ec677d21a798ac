#include "io/cli/questions.h"

#include <unistd.h>

#include <optional>
#include <utility>

namespace kith::cli {
namespace {

bool means_yes(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  constexpr std::string_view kSpace = " \t\r";
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string::npos) return false;
  const std::string_view word =
      std::string_view(text).substr(first, text.find_last_not_of(kSpace) + 1 - first);
  return word == "y" || word == "yes";
}

}  // namespace

bool somebody_is_there() { return isatty(STDIN_FILENO) == 1; }

void Questions::ask(std::string text, Answer answer) {
  waiting_.push_back({std::move(text), std::move(answer)});
  if (waiting_.size() == 1) ask_first();
}

void Questions::cancel() {
  waiting_.clear();
  lines_.cancel();
}

void Questions::ask_first() {
  output_.question(waiting_.front().text + " [y/N]");
  lines_.read([this](const std::optional<std::string>& line) { on_line(line.value_or("")); });
}

void Questions::on_line(const std::string& line) {
  const Question answered = std::move(waiting_.front());
  waiting_.pop_front();
  answered.answer(means_yes(line));
  if (!waiting_.empty()) ask_first();
}

}  // namespace kith::cli
