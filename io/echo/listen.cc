#include <chrono>
#include <memory>

#include "io/cli/network_command.h"
#include "io/cli/reachable_addresses.h"
#include "io/echo/commands.h"

namespace kith::echo {
namespace {

using Clock = std::chrono::steady_clock;

// Much of what arrives at once on a fast link, so that it goes back by few writes.
constexpr std::size_t kReadBytes = 1u << 18;

// One peer, for as long as it or a stream of its is served.
struct Peer {
  io::Connection connection;
};

// One stream: what is read is written back before more is read, so that a peer that does not take
// its echo is not read from either.
class Echo : public std::enable_shared_from_this<Echo> {
 public:
  Echo(std::shared_ptr<Peer> peer, io::Stream stream, EchoOutput& output)
      : peer_(std::move(peer)), stream_(std::move(stream)), output_(output) {}

  void read() {
    stream_.read(kReadBytes, [self = shared_from_this()](Result<SharedBytes> read) {
      if (read) self->on_read(std::move(*read));
    });
  }

 private:
  void on_read(SharedBytes bytes) {
    if (bytes.empty()) return finish();
    bytes_ += bytes.size();
    stream_.write(std::move(bytes), [self = shared_from_this()](const Result<void>& written) {
      if (written) self->read();
    });
  }

  void finish() {
    stream_.finish([self = shared_from_this()](const Result<void>& finished) {
      if (!finished) return;
      self->output_.echoed(
          {self->bytes_, self->peer_->connection.peer(), Clock::now() - self->begun_});
    });
  }

  std::shared_ptr<Peer> peer_;
  io::Stream stream_;
  EchoOutput& output_;
  std::uint64_t bytes_ = 0;
  Clock::time_point begun_ = Clock::now();
};

class Listen final : public cli::NetworkCommand {
 public:
  Listen(const cli::GlobalOptions& global, const ListenArguments& arguments, EchoOutput& output)
      : NetworkCommand(global, output.common()), echo_output_(output) {
    if (arguments.listen) options_.listen = {*arguments.listen};
    options_.engine.protocols = {{kAlpn, Access::anyone}};
  }

 private:
  void begin() override {
    service_ = core().serve(kAlpn);
    accept();
    core().init_networking([this](const Result<std::vector<Address>>& bound) {
      if (!bound) return fail(bound.error(), cli::Origin::device);
      echo_output_.listening(core().id(),
                             cli::reachable_addresses(*bound, cli::machine_addresses()));
    });
  }

  void accept() {
    service_.accept([this](Result<io::Connection> accepted) {
      if (!accepted) return fail(accepted.error(), cli::Origin::device);
      echo_output_.accepted(accepted->peer());
      accept_stream(std::make_shared<Peer>(Peer{std::move(*accepted)}));
      accept();
    });
  }

  void accept_stream(const std::shared_ptr<Peer>& peer) {
    peer->connection.accept_stream([this, peer](Result<io::Stream> stream) {
      if (!stream) return;  // the peer has left
      std::make_shared<Echo>(peer, std::move(*stream), echo_output_)->read();
      accept_stream(peer);
    });
  }

  EchoOutput& echo_output_;
  io::Service service_;
};

}  // namespace

cli::ExitCode run_command(const cli::GlobalOptions& global, const ListenArguments& arguments,
                          EchoOutput& output) {
  return Listen(global, arguments, output).run();
}

}  // namespace kith::echo
