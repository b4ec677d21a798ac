#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <chrono>

#include "io/base/entropy.h"
#include "io/cli/network_command.h"
#include "io/echo/commands.h"
#include "io/echo/pattern.h"

namespace kith::echo {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kPieceBytes = 1u << 18;

// A peer that is there, as its keep-alives say, and sends nothing back.
constexpr std::chrono::seconds kPatience{30};

std::uint64_t random_salt() {
  std::array<std::byte, 8> bytes{};
  io::fill_with_entropy(bytes);
  std::uint64_t salt = 0;
  for (const std::byte byte : bytes) salt = salt << 8 | std::to_integer<std::uint64_t>(byte);
  return salt;
}

// Writes and reads at the same time, each at its own pace.
class Dial final : public cli::NetworkCommand {
 public:
  Dial(const cli::GlobalOptions& global, const DialArguments& arguments, EchoOutput& output)
      : NetworkCommand(global, output.common()), arguments_(arguments), echo_output_(output) {
    options_.engine.protocols = {{kAlpn, Access::anyone}};
  }

 private:
  void begin() override {
    begun_ = Clock::now();
    core().connect(kAlpn, arguments_.device, {.request = {}, .addresses = arguments_.at},
                   [this](Result<io::Connection> connected) {
                     if (!connected) return fail(connected.error(), cli::Origin::peer);
                     times_.connected = Clock::now() - begun_;
                     connection_ = std::move(*connected);
                     open();
                   });
  }

  void open() {
    connection_.open_stream([this](Result<io::Stream> opened) {
      if (!opened) return fail(opened.error(), cli::Origin::peer);
      stream_ = std::move(*opened);
      opened_ = Clock::now();
      await_progress();
      write();
      read();
    });
  }

  void write() {
    if (sent_ == arguments_.bytes) {
      return stream_.finish([this](const Result<void>& finished) {
        if (!finished) fail(finished.error(), cli::Origin::peer);
      });
    }
    Bytes piece(
        static_cast<std::size_t>(std::min<std::uint64_t>(kPieceBytes, arguments_.bytes - sent_)));
    pattern_.fill(sent_, piece);
    sent_ += piece.size();
    stream_.write(SharedBytes(std::move(piece)), [this](const Result<void>& written) {
      if (!written) return fail(written.error(), cli::Origin::peer);
      write();
    });
  }

  void read() {
    stream_.read(kPieceBytes, [this](const Result<SharedBytes>& read_now) {
      if (!read_now) return fail(read_now.error(), cli::Origin::peer);
      if (read_now->empty()) return end();
      if (echoed_ == 0) times_.first_byte = Clock::now() - begun_;
      if (read_now->size() > arguments_.bytes - echoed_ ||
          !pattern_.matches(echoed_, read_now->view())) {
        return differs();
      }
      echoed_ += read_now->size();
      await_progress();
      read();
    });
  }

  void end() {
    if (echoed_ != arguments_.bytes) return differs();
    stalled_.cancel();
    echo_output_.echoed({echoed_, connection_.peer(), Clock::now() - opened_}, times_);
    finish();
  }

  void differs() {
    fail({ErrorCode::corrupt,
          fmt::format("What came back is not what was sent, after {} bytes.", echoed_),
          "The other device speaks this protocol wrongly."},
         cli::Origin::peer);
  }

  void await_progress() {
    stalled_.expires_after(kPatience);
    stalled_.async_wait([this](const boost::system::error_code& error) {
      if (error) return;
      fail({ErrorCode::timed_out,
            fmt::format("Nothing came back for {} s, after {} bytes.", kPatience.count(), echoed_),
            "Check that the other device is echoing."},
           cli::Origin::peer);
    });
  }

  DialArguments arguments_;
  EchoOutput& echo_output_;
  Pattern pattern_{random_salt()};
  io::Connection connection_;
  io::Stream stream_;
  std::uint64_t sent_ = 0;
  std::uint64_t echoed_ = 0;  // and found right
  Clock::time_point begun_;
  Clock::time_point opened_;
  DialTimes times_;
  boost::asio::steady_timer stalled_{context()};
};

}  // namespace

cli::ExitCode run_command(const cli::GlobalOptions& global, const DialArguments& arguments,
                          EchoOutput& output) {
  return Dial(global, arguments, output).run();
}

}  // namespace kith::echo
