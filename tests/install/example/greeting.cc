// Two devices over loopback: they pair with twelve words, and then one greets the other in a
// protocol of this program's own. Usage: greeting DIRECTORY, for the homes of the two.

#include <kith/io/core.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace {

using boost::asio::awaitable;
using boost::asio::use_awaitable;
using kith::io::Connection;
using kith::io::Core;
using kith::io::Stream;

constexpr const char* kGreeting = "example/greeting/1";
constexpr std::size_t kLongestGreeting = 1024;

// Here a failure has nobody to tell and ends the program.
template <class T>
T must(kith::Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message + " " + result.error().hint);
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

std::unique_ptr<Core> open(boost::asio::io_context& context, const std::string& home) {
  kith::io::CoreOptions options;
  options.home = home;
  options.listen = {kith::Address::v4(127, 0, 0, 1, 0)};
  options.engine.protocols = {{kGreeting, kith::Access::paired}};
  return must(Core::open(context, options));
}

kith::SharedBytes shared(const std::string& text) {
  return kith::SharedBytes(kith::to_bytes(kith::as_byte_view(text)));
}

// All that the other device writes on a stream, up to a limit.
awaitable<std::string> read_all(Stream& stream) {
  std::string text;
  while (text.size() < kLongestGreeting) {
    const auto piece = must(co_await stream.read(kLongestGreeting, use_awaitable));
    if (piece.empty()) break;
    text += kith::as_text(piece.view());
  }
  co_return text;
}

awaitable<void> host(Core& core) {
  kith::io::Service greetings = core.serve(kGreeting);
  Connection guest = must(co_await greetings.accept(use_awaitable));
  Stream stream = must(co_await guest.accept_stream(use_awaitable));
  const std::string name = co_await read_all(stream);
  must(co_await stream.write(shared("Welcome, " + name + "!"), use_awaitable));
  must(co_await stream.finish(use_awaitable));
  // The guest leaves when it has read that.
  const auto left = co_await guest.accept_stream(use_awaitable);
  if (left) throw std::runtime_error("the guest has opened a second stream");
}

awaitable<void> guest(Core& core, kith::DeviceId host, std::vector<kith::Address> addresses) {
  kith::io::ConnectOptions at;
  at.addresses = std::move(addresses);
  Connection connection =
      must(co_await core.connect(kGreeting, host, std::move(at), use_awaitable));
  Stream stream = must(co_await connection.open_stream(use_awaitable));
  must(co_await stream.write(shared("Ben"), use_awaitable));
  must(co_await stream.finish(use_awaitable));
  std::cout << co_await read_all(stream) << "\n";
}

awaitable<void> meet(Core& anna, Core& ben) {
  const auto addresses = must(co_await anna.init_networking(use_awaitable));
  must(co_await ben.init_networking(use_awaitable));

  // Each device has a person in front of it, who reads the words out or types them, and compares
  // the fingerprint before confirming. Here nobody is asked.
  kith::io::PairingOptions unseen;
  unseen.confirm_automatically = true;
  const auto code = must(co_await anna.start_pairing_as_initiator(unseen, use_awaitable));
  std::string words;
  for (const std::string& word : code.words) words += word + " ";
  must(co_await ben.start_pairing_as_joiner(words, addresses, unseen, use_awaitable));
  must(co_await anna.await_paired(code.request, use_awaitable));

  boost::asio::co_spawn(co_await boost::asio::this_coro::executor, host(anna),
                        [](const std::exception_ptr& failed) {
                          if (failed) std::rethrow_exception(failed);
                        });
  co_await guest(ben, anna.id(), addresses);
  must(co_await ben.stop(use_awaitable));
  must(co_await anna.stop(use_awaitable));
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  const std::string directory = argv[1];
  boost::asio::io_context context;
  try {
    const auto anna = open(context, directory + "/anna");
    const auto ben = open(context, directory + "/ben");
    boost::asio::co_spawn(context, meet(*anna, *ben), [](const std::exception_ptr& failed) {
      if (failed) std::rethrow_exception(failed);
    });
    context.run();
  } catch (const std::exception& failed) {
    std::cerr << failed.what() << "\n";
    return 1;
  }
}
