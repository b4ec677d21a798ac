#pragma once

// Lines of standard input, read while the network goes on.

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <optional>
#include <string>

namespace kith::cli {

class LineReader {
 public:
  // Longer lines than a person or a script has reason to write end the reading.
  static constexpr std::size_t kLongestLine = 4096;

  // Absent at the end of the input and when reading fails.
  using Handler = std::function<void(std::optional<std::string>)>;

  explicit LineReader(boost::asio::io_context& context) : input_(context) {}

  // One line, without its line feed. One read at a time.
  void read(Handler handler);

  // Gives up a read that waits; its handler is not called.
  void cancel();

 private:
  void on_read(const boost::system::error_code& error, std::size_t length, const Handler& handler);

  boost::asio::posix::stream_descriptor input_;
  std::string buffer_;
};

}  // namespace kith::cli
