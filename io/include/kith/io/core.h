#pragma once

// A device with real sockets, files and clocks: what an application embeds.
//
//   boost::asio::io_context context;
//   auto core = kith::io::Core::open(context, {.home = "/home/me/.kith"});   // Result
//   auto events = (*core)->events([](const kith::Event& event) { ... });
//   (*core)->init_networking([&](Result<std::vector<Address>> bound) { ... });
//   context.run();
//
// Functions that take a `token` are Boost.Asio asynchronous operations: a callback, a future
// (boost::asio::use_future) and a coroutine (boost::asio::use_awaitable) all work. They complete
// with a Result; bad input and failure come as its Error and never as an exception. Completions and
// events are posted: none runs within the call that caused it.
//
// Every function may be called from any thread; commands of one thread take effect in the order
// they were given. `context` outlives the Core and is run by the application, in one thread or
// more; the Core keeps it running until stop() has completed.

#include <atomic>
#include <boost/asio/async_result.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kith/address.h"
#include "kith/command.h"
#include "kith/engine.h"
#include "kith/event.h"
#include "kith/ids.h"
#include "kith/io/application.h"
#include "kith/io/completion.h"
#include "kith/io/effect_hook.h"
#include "kith/io/recording_options.h"
#include "kith/result.h"
#include "kith/time.h"

namespace kith::io {

// How a device is opened.
struct CoreOptions {
  // The directory of this device's key, name and records. Created with mode 0700, and a new
  // identity in it, if absent.
  std::string home{};
  // What other devices show. Empty: as stored in the home, at first the host name. Otherwise it is
  // stored there.
  std::string device_name{};
  // What init_networking binds. Port 0: the system chooses, if possible one port for all of these.
  // An address of a family this system lacks is skipped as long as another one can be bound.
  std::vector<Address> listen = {Address{.family = Address::Family::ipv4},
                                 Address{.family = Address::Family::ipv6}};
  // Threads for files and hashing; 0: at least four, and one for each processor.
  std::size_t worker_threads = 0;
  // Told around effects (kith/io/effect_hook.h); outlives the Core.
  EffectHook* effects = &no_effect_hook;
  // Records everything that goes into the engine, for `kith-sim replay`. The file holds every
  // secret of the device and every byte it receives or reads.
  std::optional<RecordingOptions> record{};
  // Lifetimes and timeouts of the engine, and the application's own protocols. Its device_name is
  // set from the one above.
  Config engine{};
};

// Who this home is and whom it knows.
struct HomeView {
  DeviceId id;
  std::string name;
  std::vector<DeviceSummary> devices;
};

// Reads a home without networking, also while another process networks with it. Creates the home
// and its identity if absent. Errors as Core::open, except already_exists.
Result<HomeView> inspect_home(const CoreOptions& options);

// How to pair.
struct PairingOptions {
  // Answers PairingConfirmationNeeded with yes, unseen by a person.
  bool confirm_automatically = false;
  // Names the request, for cancel() before the operation completes; from Core::new_request().
  // 0: the core chooses one.
  RequestId request;
};

// A pairing that has begun.
struct PairingCode {
  RequestId request;               // for await_paired() and cancel()
  std::vector<std::string> words;  // twelve
  Duration expires_in{};
};

// A pairing that has succeeded.
struct PairedDevice {
  DeviceId device;
  std::string name;
};

// How to send files.
struct ShareOptions {
  RequestId request;        // as in PairingOptions
  std::string destination;  // subdirectory of the receiver's inbox; empty: the inbox itself
};

// A transfer on its way.
struct StartedTransfer {
  RequestId request;  // for await_transfer() and cancel()
  TransferId transfer;
  std::uint64_t bytes_total = 0;
};

// A transfer that is durable at the receiver.
struct FinishedTransfer {
  TransferId transfer;
  std::uint64_t bytes = 0;
  Duration elapsed{};
};

// How to send a message.
struct MessageOptions {
  RequestId request;                     // as in PairingOptions, though it cannot be cancelled
  std::optional<MessageId> correlation;  // the message this one answers
};

// A message that is durable here.
struct QueuedMessage {
  RequestId request;  // for await_delivered()
  MessageId message;  // the same on both devices
};

// How to connect.
struct ConnectOptions {
  RequestId request;               // as in PairingOptions
  std::vector<Address> addresses;  // where to try, together with those of add_device_address()
};

// Counts by name: the engine's, and those of sockets under "udp/".
using Counters = std::map<std::string, std::uint64_t>;

// Takes every event of a Core.
using EventHandler = std::function<void(const Event&)>;

class Session;

// Keeps an event handler subscribed until it is destroyed. If another thread runs the context the
// handler may still be running there at that moment.
class Subscription {
 public:
  // Shared with the session that calls it.
  struct Subscriber {
    EventHandler handler;
    std::atomic<bool> wanted{true};
  };

  Subscription() = default;
  // From Core::events().
  explicit Subscription(std::shared_ptr<Subscriber> subscriber)
      : subscriber_(std::move(subscriber)) {}
  Subscription(Subscription&&) noexcept = default;
  Subscription& operator=(Subscription&& other) noexcept {
    end();
    subscriber_ = std::move(other.subscriber_);
    return *this;
  }
  ~Subscription() { end(); }

  // Does at once what destruction does.
  void end() {
    if (subscriber_) subscriber_->wanted = false;
    subscriber_.reset();
  }

 private:
  std::shared_ptr<Subscriber> subscriber_;
};

// One device, its home and its sockets.
class Core {
 public:
  // Takes the home for this process and loads it; no socket is opened yet.
  // Errors: already_exists (another process networks with this home; the message names its pid),
  // permission_denied and io_error (the message names the path), corrupt (key or records damaged;
  // nothing is overwritten), limit_exceeded (written by a newer version of kith), and those of
  // Recording::create and Engine::make.
  static Result<std::unique_ptr<Core>> open(boost::asio::io_context& context,
                                            const CoreOptions& options);

  // Ends at once unless stop() has completed: waits for file operations that run, drops those that
  // are queued, and completes outstanding operations with `cancelled`. From any thread, also from a
  // completion or an event handler.
  ~Core();
  Core(const Core&) = delete;
  Core& operator=(const Core&) = delete;

  DeviceId id() const;
  const std::string& name() const;

  // A request id nobody else uses.
  RequestId new_request();

  // All that the engine tells, in order, from now on; one handler call at a time. Handlers may call
  // any function of the Core, must not block, and an exception they throw leaves context.run().
  [[nodiscard]] Subscription events(EventHandler handler);

  // Opens the listening sockets. -> Result<std::vector<Address>>, the addresses bound.
  // Errors: already_exists (port taken), permission_denied, invalid_argument.
  template <class Token>
  auto init_networking(Token&& token) {
    return start<Result<std::vector<Address>>>(&Core::begin_init_networking, token);
  }

  // Shows a code. -> Result<PairingCode>; await_paired() tells how it ends.
  // Errors: already_exists (a pairing is under way).
  template <class Token>
  auto start_pairing_as_initiator(PairingOptions options, Token&& token) {
    return start<Result<PairingCode>>(&Core::begin_pairing_as_initiator, token, options);
  }

  // -> Result<PairedDevice>. Errors: timed_out (the code expired), cancelled, refused (a person
  // said no), not_found (no such request, or it was awaited before).
  template <class Token>
  auto await_paired(RequestId request, Token&& token) {
    return start<Result<PairedDevice>>(&Core::begin_await_paired, token, request);
  }

  // Joins with the twelve words the other device shows, trying `addresses`, best first.
  // -> Result<PairedDevice>. Errors: invalid_argument and corrupt (the words, before anything is
  // sent; see parse_pairing_words), refused (wrong, used or expired code, or a person said no),
  // unreachable, timed_out, connection_lost, cancelled.
  template <class Token>
  auto start_pairing_as_joiner(std::string words, std::vector<Address> addresses,
                               PairingOptions options, Token&& token) {
    return start<Result<PairedDevice>>(&Core::begin_pairing_as_joiner, token, std::move(words),
                                       std::move(addresses), options);
  }

  // A person's answer to PairingConfirmationNeeded.
  void confirm_pairing(RequestId request, bool accept);

  // Sends files and directories, given as absolute paths, to a paired device.
  // -> Result<StartedTransfer> once it is on its way; await_transfer() tells how it ends.
  // Errors: invalid_argument (a relative path, none at all), not_found (no such device or path),
  // refused, unreachable, and what TransferFailed may carry.
  template <class Token>
  auto share_with_device(std::vector<std::string> paths, DeviceId device, ShareOptions options,
                         Token&& token) {
    return start<Result<StartedTransfer>>(&Core::begin_share, token, std::move(paths), device,
                                          std::move(options));
  }

  // -> Result<FinishedTransfer>, when all of it is durable at the receiver. Errors: what
  // TransferFailed carries, not_found (no such request, or it was awaited before).
  template <class Token>
  auto await_transfer(RequestId request, Token&& token) {
    return start<Result<FinishedTransfer>>(&Core::begin_await_transfer, token, request);
  }

  // Connects to a device under a protocol of CoreOptions::engine.protocols; see
  // kith/io/application.h. -> Result<Connection>. Errors: not_found (no such protocol),
  // permission_denied (not paired, or blocked), refused (by the other device, or another device is
  // there), unreachable, limit_exceeded, cancelled.
  template <class Token>
  auto connect(std::string alpn, DeviceId device, ConnectOptions options, Token&& token) {
    return start<Result<Connection>>(&Core::begin_connect, token, std::move(alpn), device,
                                     std::move(options));
  }

  // Takes the connections of devices under such a protocol, until the Service is destroyed.
  [[nodiscard]] Service serve(std::string alpn);

  // Ends a pairing, a share or a connect; its operation completes with `cancelled`.
  void cancel(RequestId request);
  // Ends a transfer in either direction.
  void cancel_transfer(TransferId transfer);
  // The answer to a TransferOffered that needs a decision.
  void answer_transfer(TransferId transfer, bool accept);

  // Until it is called every incoming transfer is refused. Errors: invalid_argument (the inbox is
  // not an absolute path), not_found, permission_denied (not a writable directory).
  Result<void> set_receive_policy(SetReceivePolicy::Accept accept, const std::string& inbox);

  // Queues JSON in UTF-8, at most 64 KiB, for a paired device: kept across restarts until the
  // device has it, whether or not anybody waits. -> Result<QueuedMessage> once it is durable here;
  // await_delivered() tells when it is there. Errors: permission_denied (not paired),
  // invalid_argument, limit_exceeded (1,024 wait for this device), no_space, io_error.
  template <class Token>
  auto send_message(DeviceId device, std::string body, MessageOptions options, Token&& token) {
    return start<Result<QueuedMessage>>(&Core::begin_message, token, device, std::move(body),
                                        options);
  }

  // -> Result<MessageId>, when the device has stored the message: it will not be lost there. While
  // the device cannot be reached the events MessagesDelayed say so, and this goes on waiting.
  // Errors: not_found (no such request, or it was awaited before), cancelled (the device was
  // removed or blocked; or this device stops, and the message goes out in another run).
  template <class Token>
  auto await_delivered(RequestId request, Token&& token) {
    return start<Result<MessageId>>(&Core::begin_await_delivered, token, request);
  }

  // The next message from any device, in order for each sender. -> Result<MessageReceived>. Errors:
  // cancelled. The first call begins taking messages; they come as events as well. What is not
  // acknowledged comes again in the next run, and 1,024 of one device not acknowledged hold up its
  // others.
  template <class Token>
  auto receive_message(Token&& token) {
    return start<Result<MessageReceived>>(&Core::begin_receive_message, token);
  }

  // The application has done what it had to with a message. Durable when stop() has completed.
  void acknowledge_message(DeviceId device, MessageId message);

  // Where a device may be reached, besides what is known; until the Core ends.
  void add_device_address(DeviceId device, const Address& address);
  // Forgets a device and cuts its connections.
  void remove_device(DeviceId device);
  // Refuses a device from now on, across restarts.
  void block_device(DeviceId device);

  // -> std::vector<DeviceSummary>
  template <class Token>
  auto devices(Token&& token) {
    return start<std::vector<DeviceSummary>>(&Core::begin_devices, token);
  }

  // -> Counters
  template <class Token>
  auto counters(Token&& token) {
    return start<Counters>(&Core::begin_counters, token);
  }

  // Ends what is under way, tells connected peers, waits until records are stored and closes the
  // sockets. -> Result<void>; io_error if a record could not be stored. Everything outstanding
  // completes with `cancelled` first; operations begun later complete with `cancelled`.
  template <class Token>
  auto stop(Token&& token) {
    return start<Result<void>>(&Core::begin_stop, token);
  }

 private:
  explicit Core(std::shared_ptr<Session> session);

  void begin_init_networking(Completion<Result<std::vector<Address>>> done);
  void begin_pairing_as_initiator(Completion<Result<PairingCode>> done, PairingOptions options);
  void begin_await_paired(Completion<Result<PairedDevice>> done, RequestId request);
  void begin_pairing_as_joiner(Completion<Result<PairedDevice>> done, const std::string& words,
                               std::vector<Address> addresses, PairingOptions options);
  void begin_share(Completion<Result<StartedTransfer>> done, std::vector<std::string> paths,
                   DeviceId device, ShareOptions options);
  void begin_await_transfer(Completion<Result<FinishedTransfer>> done, RequestId request);
  void begin_message(Completion<Result<QueuedMessage>> done, DeviceId device, std::string body,
                     MessageOptions options);
  void begin_await_delivered(Completion<Result<MessageId>> done, RequestId request);
  void begin_receive_message(Completion<Result<MessageReceived>> done);
  void begin_connect(Completion<Result<Connection>> done, std::string alpn, DeviceId device,
                     ConnectOptions options);
  void begin_devices(Completion<std::vector<DeviceSummary>> done);
  void begin_counters(Completion<Counters> done);
  void begin_stop(Completion<Result<void>> done);

  boost::asio::io_context& context() const;

  // Turns `token` into a Completion and hands it to `begin` with the arguments.
  template <class Value, class Begin, class Token, class... Args>
  auto start(Begin begin, Token& token, Args... args) {
    return boost::asio::async_initiate<Token, void(Value)>(
        [this, begin](auto handler, auto... values) {
          (this->*begin)(Completion<Value>(context(), std::move(handler)), std::move(values)...);
        },
        token, std::move(args)...);
  }

  std::shared_ptr<Session> session_;
};

}  // namespace kith::io
