#include "io/cli/line_reader.h"

#include <fcntl.h>
#include <unistd.h>

#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/read_until.hpp>
#include <utility>

namespace kith::cli {
namespace {

// Asio makes a descriptor non-blocking, and that flag belongs to the open file, which a shell and
// other programs share. So the terminal or pipe is opened once more; what cannot be (a socket) is
// duplicated.
int open_standard_input() {
  const int again = ::open("/dev/stdin", O_RDONLY | O_NOCTTY | O_CLOEXEC);
  return again >= 0 ? again : ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
}

}  // namespace

void LineReader::read(Handler handler) {
  if (!input_.is_open()) {
    boost::system::error_code error;
    const int descriptor = open_standard_input();
    if (descriptor >= 0) input_.assign(descriptor, error);
    if (descriptor < 0 || error) return handler(std::nullopt);
  }
  boost::asio::async_read_until(
      input_, boost::asio::dynamic_buffer(buffer_, kLongestLine), '\n',
      [this, kept = std::move(handler)](const boost::system::error_code& error,
                                        std::size_t length) { on_read(error, length, kept); });
}

void LineReader::cancel() {
  boost::system::error_code ignored;
  input_.close(ignored);
}

void LineReader::on_read(const boost::system::error_code& error, std::size_t length,
                         const Handler& handler) {
  if (error == boost::asio::error::operation_aborted) return;
  if (!error) {
    std::string line = buffer_.substr(0, length - 1);
    buffer_.erase(0, length);
    return handler(std::move(line));
  }
  // The last line of a file may lack its line feed.
  if (error == boost::asio::error::eof && !buffer_.empty()) {
    return handler(std::exchange(buffer_, {}));
  }
  handler(std::nullopt);
}

}  // namespace kith::cli
