#include "io/cli/words_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <csignal>
#include <functional>
#include <optional>
#include <utility>

#include "engine/words/bip39.h"
#include "io/cli/line_reader.h"

namespace kith::cli {
namespace {

std::size_t count_words(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n\v\f";
  std::size_t count = 0;
  for (std::size_t at = text.find_first_not_of(kSpace); at != std::string_view::npos; ++count) {
    at = text.find_first_not_of(kSpace, std::min(text.find_first_of(kSpace, at), text.size()));
  }
  return count;
}

class WordsReader {
 public:
  Result<std::string> run() {
    signals_.async_wait([this](const boost::system::error_code& error, int) {
      if (!error) finish(failure(ErrorCode::cancelled, "Interrupted while reading the words."));
    });
    next_line();
    context_.run();
    return std::move(*result_);
  }

 private:
  void next_line() {
    lines_.read([this](std::optional<std::string> line) {
      if (line) words_ += *line + "\n";
      if (!line || count_words(words_) >= words::kPairingWords) return finish(words_);
      next_line();
    });
  }

  void finish(Result<std::string> result) {
    if (result_) return;
    result_ = std::move(result);
    lines_.cancel();
    signals_.cancel();
  }

  boost::asio::io_context context_;
  boost::asio::signal_set signals_{context_, SIGINT, SIGTERM};
  LineReader lines_{context_};
  std::string words_;
  std::optional<Result<std::string>> result_;
};

}  // namespace

Result<std::string> gather_words(const std::vector<std::string>& arguments) {
  if (arguments == std::vector<std::string>{"-"}) return WordsReader().run();
  return fmt::format("{}", fmt::join(arguments, " "));
}

Result<void> check_words(std::string_view words) {
  const auto entropy = words::to_entropy(words, words::kPairingWords);
  if (!entropy) return tl::unexpected(words::to_error(entropy.error()));
  return {};
}

}  // namespace kith::cli
