// Connects to an echoing device (kith-echo listen, or iroh) again and again, one byte each, and
// tells what each took. For bench/connect/run.py, which reads the processor time in between.
//
//   kith-connect HOME ID ADDR N
//
// Standard output: {"event":"ready"} when it has connected some times uncounted, then, after one
// line on standard input, N times {"event":"connected","connect_seconds":…,"first_byte_seconds":…},
// then {"event":"done"}. It ends with standard input.

#include <fmt/format.h>
#include <unistd.h>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>
#include <string_view>

#include "kith/io/core.h"

namespace {

using boost::asio::awaitable;
using boost::asio::use_awaitable;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kAlpn = "kith/echo/1";
constexpr int kUncounted = 20;

struct Peer {
  kith::DeviceId id;
  kith::Address address;
};

[[noreturn]] void give_up(std::string_view what) {
  fmt::print(stderr, "kith-connect: {}\n", what);
  std::exit(EXIT_FAILURE);
}

template <class Value>
Value need(kith::Result<Value> result) {
  if (!result) give_up(result.error().message);
  return std::move(*result);
}
void need(const kith::Result<void>& result) {
  if (!result) give_up(result.error().message);
}

void say(std::string_view line) {
  fmt::print("{}\n", line);
  std::fflush(stdout);
}

double seconds(Clock::duration duration) { return std::chrono::duration<double>(duration).count(); }

awaitable<void> connect_once(kith::io::Core& core, const Peer& peer, bool counted) {
  kith::io::ConnectOptions where;
  where.addresses.push_back(peer.address);
  const auto begun = Clock::now();
  auto connection =
      need(co_await core.connect(std::string(kAlpn), peer.id, std::move(where), use_awaitable));
  const auto connected = Clock::now();
  auto stream = need(co_await connection.open_stream(use_awaitable));
  need(co_await stream.write(kith::SharedBytes(kith::Bytes(1)), use_awaitable));
  const auto echoed = need(co_await stream.read(1, use_awaitable));
  if (echoed.size() != 1) give_up("the byte did not come back");
  if (!counted) co_return;
  say(fmt::format(R"({{"event":"connected","connect_seconds":{},"first_byte_seconds":{}}})",
                  seconds(connected - begun), seconds(Clock::now() - begun)));
}

awaitable<void> wait_for_line(boost::asio::posix::stream_descriptor& input) {
  std::string line;
  co_await boost::asio::async_read_until(input, boost::asio::dynamic_buffer(line), '\n',
                                         use_awaitable);
}

awaitable<void> measure(boost::asio::io_context& context, kith::io::Core& core, Peer peer, int n) {
  boost::asio::posix::stream_descriptor input(context, ::dup(STDIN_FILENO));
  for (int i = 0; i < kUncounted; ++i) co_await connect_once(core, peer, false);
  say(R"({"event":"ready"})");
  co_await wait_for_line(input);
  for (int i = 0; i < n; ++i) co_await connect_once(core, peer, true);
  say(R"({"event":"done"})");
  co_await wait_for_line(input);
  context.stop();
}

int number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1) {
    give_up("N is a number from 1");
  }
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) give_up("usage: kith-connect HOME ID ADDR N");
  const Peer peer{need(kith::DeviceId::parse(argv[2])), need(kith::Address::parse(argv[3]))};
  const int n = number(argv[4]);
  boost::asio::io_context context(1);
  kith::io::CoreOptions options;
  options.home = argv[1];
  options.engine.protocols = {{std::string(kAlpn), kith::Access::anyone}};
  const auto core = need(kith::io::Core::open(context, options));
  boost::asio::co_spawn(context, measure(context, *core, peer, n), [](std::exception_ptr failed) {
    if (failed) give_up("standard input ended too early");
  });
  context.run();
}
