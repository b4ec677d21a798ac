#pragma once

// Questions to the person at the terminal, one at a time, while the network goes on.

#include <boost/asio/io_context.hpp>
#include <deque>
#include <functional>
#include <string>

#include "io/cli/line_reader.h"
#include "io/cli/output.h"

namespace kith::cli {

// Whether somebody can be asked: standard input is a terminal.
bool somebody_is_there();

class Questions {
 public:
  using Answer = std::function<void(bool yes)>;

  Questions(boost::asio::io_context& context, Output& output) : lines_(context), output_(output) {}

  // `text` without line feeds. Anything but "y" or "yes" is a no, the end of the input too.
  void ask(std::string text, Answer answer);

  // Gives up all questions; their answers are not called.
  void cancel();

 private:
  struct Question {
    std::string text;
    Answer answer;
  };

  void ask_first();
  void on_line(const std::string& line);

  LineReader lines_;
  Output& output_;
  std::deque<Question> waiting_;
};

}  // namespace kith::cli
