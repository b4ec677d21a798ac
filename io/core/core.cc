#include "kith/io/core.h"

#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "engine/base/text.h"
#include "io/base/system_error.h"
#include "io/core/make_engine.h"
#include "io/core/session.h"
#include "io/home/home.h"
#include "io/home/home_lock.h"
#include "io/recording/recording.h"
#include "io/store/database.h"

namespace kith::io {
namespace {

bool is_absolute(std::string_view path) { return path.starts_with('/'); }

tl::unexpected<Error> not_absolute(std::string_view what, std::string_view path) {
  return failure(ErrorCode::invalid_argument,
                 fmt::format("{} {} is not an absolute path.", what, printable(path)));
}

Result<void> check_inbox(const std::string& inbox) {
  if (!is_absolute(inbox)) return not_absolute("The inbox", inbox);
  struct stat info;
  if (::stat(inbox.c_str(), &info) != 0) return system_failure(errno, "receive into", inbox);
  if (!S_ISDIR(info.st_mode)) return system_failure(ENOTDIR, "receive into", inbox);
  if (::access(inbox.c_str(), W_OK | X_OK) != 0) {
    return system_failure(errno, "receive into", inbox);
  }
  return {};
}

Result<void> check_paths(const std::vector<std::string>& paths) {
  if (paths.empty()) return failure(ErrorCode::invalid_argument, "There is nothing to send.");
  for (const std::string& path : paths) {
    if (!is_absolute(path)) return not_absolute("What is to be sent,", path);
  }
  return {};
}

}  // namespace

Result<std::unique_ptr<Core>> Core::open(boost::asio::io_context& context,
                                         const CoreOptions& options) {
  auto home = open_home(options.home, options.device_name);
  if (!home) return tl::unexpected(home.error());
  auto lock = HomeLock::take(home->directory);
  if (!lock) return tl::unexpected(lock.error());
  auto database = Database::open(home->store_path(), Database::Access::write);
  if (!database) return tl::unexpected(database.error());
  const auto restored = database->load_all();
  if (!restored) return tl::unexpected(restored.error());

  std::unique_ptr<Recording> recording;
  if (options.record) {
    auto created = Recording::create(*options.record);
    if (!created) return tl::unexpected(created.error());
    recording = std::move(*created);
  }
  auto engine = make_engine(options.engine, *home, *restored, recording.get());
  if (!engine) return tl::unexpected(engine.error());
  auto session = std::make_shared<Session>(context, std::move(*lock), printable(home->device_name),
                                           options.listen);
  DriverOptions driver;
  driver.worker_threads = options.worker_threads;
  driver.effects = options.effects;
  session->start(RecordedEngine(std::move(*engine), std::move(recording)), std::move(*database),
                 options.engine.protocols, driver);
  return std::unique_ptr<Core>(new Core(std::move(session)));
}

Core::Core(std::shared_ptr<Session> session) : session_(std::move(session)) {}

Core::~Core() { session_->end_now(); }

boost::asio::io_context& Core::context() const { return session_->context(); }
DeviceId Core::id() const { return session_->id(); }
const std::string& Core::name() const { return session_->name(); }
RequestId Core::new_request() { return session_->new_request(); }

Subscription Core::events(EventHandler handler) {
  auto subscriber = std::make_shared<Subscription::Subscriber>();
  subscriber->handler = std::move(handler);
  session_->post([subscriber](Session& session) { session.add_subscriber(subscriber); });
  return Subscription(std::move(subscriber));
}

// --- operations ---------------------------------------------------------------------------------

void Core::begin_init_networking(Completion<Result<std::vector<Address>>> done) {
  session_->post([done = std::move(done)](Session& session) mutable {
    session.init_networking(std::move(done));
  });
}

void Core::begin_pairing_as_initiator(Completion<Result<PairingCode>> done,
                                      PairingOptions options) {
  session_->post([done = std::move(done), options](Session& session) mutable {
    const RequestId request =
        options.request == RequestId{} ? session.new_request() : options.request;
    Requests::Pairing pairing;
    pairing.begun = std::move(done);
    session.start_pairing(StartPairing{request}, request, std::move(pairing),
                          options.confirm_automatically);
  });
}

void Core::begin_await_paired(Completion<Result<PairedDevice>> done, RequestId request) {
  session_->post([done = std::move(done), request](Session& session) mutable {
    session.await_paired(request, std::move(done));
  });
}

void Core::begin_pairing_as_joiner(Completion<Result<PairedDevice>> done, const std::string& words,
                                   std::vector<Address> addresses, PairingOptions options) {
  const auto entropy = parse_pairing_words(words);
  if (!entropy) return done(tl::unexpected(entropy.error()));
  JoinPairing join{options.request, *entropy, std::move(addresses)};
  session_->post(
      [done = std::move(done), join = std::move(join), options](Session& session) mutable {
        if (join.request == RequestId{}) join.request = session.new_request();
        const RequestId request = join.request;
        Requests::Pairing pairing;
        pairing.ended = std::move(done);
        session.start_pairing(std::move(join), request, std::move(pairing),
                              options.confirm_automatically);
      });
}

void Core::begin_share(Completion<Result<StartedTransfer>> done, std::vector<std::string> paths,
                       DeviceId device, ShareOptions options) {
  const auto checked = check_paths(paths);
  if (!checked) return done(tl::unexpected(checked.error()));
  ShareWithDevice command{options.request, device, std::move(paths),
                          std::move(options.destination)};
  session_->post([done = std::move(done), command = std::move(command)](Session& session) mutable {
    if (command.request == RequestId{}) command.request = session.new_request();
    Requests::Share share;
    share.begun = std::move(done);
    session.start_share(std::move(command), std::move(share));
  });
}

void Core::begin_await_transfer(Completion<Result<FinishedTransfer>> done, RequestId request) {
  session_->post([done = std::move(done), request](Session& session) mutable {
    session.await_transfer(request, std::move(done));
  });
}

void Core::begin_message(Completion<Result<QueuedMessage>> done, DeviceId device, std::string body,
                         MessageOptions options) {
  SendMessage command{options.request, device, std::move(body), options.correlation};
  session_->post([done = std::move(done), command = std::move(command)](Session& session) mutable {
    if (command.request == RequestId{}) command.request = session.new_request();
    Requests::Message message;
    message.begun = std::move(done);
    session.send_message(std::move(command), std::move(message));
  });
}

void Core::begin_await_delivered(Completion<Result<MessageId>> done, RequestId request) {
  session_->post([done = std::move(done), request](Session& session) mutable {
    session.await_delivered(request, std::move(done));
  });
}

void Core::begin_receive_message(Completion<Result<MessageReceived>> done) {
  session_->post([done = std::move(done)](Session& session) mutable {
    session.receive_message(std::move(done));
  });
}

void Core::begin_connect(Completion<Result<Connection>> done, std::string alpn, DeviceId device,
                         ConnectOptions options) {
  Connect command{options.request, std::move(alpn), device, std::move(options.addresses)};
  session_->post([done = std::move(done), command = std::move(command)](Session& session) mutable {
    if (command.request == RequestId{}) command.request = session.new_request();
    session.connect(std::move(command), std::move(done));
  });
}

Service Core::serve(std::string alpn) {
  const std::uint64_t number = new_request().value;
  session_->post([alpn, number](Session& session) { session.applications().serve(alpn, number); });
  return {SessionRef(session_, context()), std::move(alpn), number};
}

void Core::begin_devices(Completion<std::vector<DeviceSummary>> done) {
  session_->post([done = std::move(done)](Session& session) mutable { done(session.devices()); });
}

void Core::begin_counters(Completion<Counters> done) {
  session_->post([done = std::move(done)](Session& session) mutable { done(session.counters()); });
}

void Core::begin_stop(Completion<Result<void>> done) {
  session_->post(
      [done = std::move(done)](Session& session) mutable { session.stop(std::move(done)); });
}

// --- commands -----------------------------------------------------------------------------------

void Core::confirm_pairing(RequestId request, bool accept) {
  session_->post([=](Session& session) { session.give(ConfirmPairing{request, accept}); });
}

void Core::cancel(RequestId request) {
  session_->post([=](Session& session) { session.give(Cancel{request}); });
}

void Core::cancel_transfer(TransferId transfer) {
  session_->post([=](Session& session) { session.give(CancelTransfer{transfer}); });
}

void Core::answer_transfer(TransferId transfer, bool accept) {
  session_->post([=](Session& session) { session.give(AnswerTransfer{transfer, accept}); });
}

Result<void> Core::set_receive_policy(SetReceivePolicy::Accept accept, const std::string& inbox) {
  if (accept != SetReceivePolicy::Accept::none) {
    if (auto checked = check_inbox(inbox); !checked) return checked;
  }
  session_->post([=](Session& session) { session.give(SetReceivePolicy{accept, inbox}); });
  return {};
}

void Core::acknowledge_message(DeviceId device, MessageId message) {
  session_->post([=](Session& session) { session.acknowledge_message(device, message); });
}

void Core::add_device_address(DeviceId device, const Address& address) {
  session_->post([=](Session& session) { session.give(AddDeviceAddress{device, address}); });
}

void Core::remove_device(DeviceId device) {
  session_->post([=](Session& session) { session.give(RemoveDevice{device}); });
}

void Core::block_device(DeviceId device) {
  session_->post([=](Session& session) { session.give(BlockDevice{device}); });
}

}  // namespace kith::io
