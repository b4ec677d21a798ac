#include "io/core/session.h"

#include <algorithm>
#include <utility>

namespace kith::io {
namespace {

Error taken(std::string message) { return {ErrorCode::already_exists, std::move(message), ""}; }

}  // namespace

Session::Session(boost::asio::io_context& context, HomeLock lock, std::string name,
                 std::vector<Address> listen)
    : context_(context),
      strand_(context.get_executor()),
      lock_(std::move(lock)),
      name_(std::move(name)),
      listen_(std::move(listen)) {}

void Session::start(RecordedEngine engine, Database database,
                    const std::vector<ApplicationProtocol>& protocols,
                    const DriverOptions& options) {
  id_ = engine.get().id();
  applications_.start(SessionRef(weak_from_this(), context_), protocols);
  driver_ = std::make_unique<Driver>(
      strand_, lifetime_, std::move(engine), std::move(database),
      [this](Event event) { on_event(std::move(event)); }, options);
  lifetime_->exclusively([this] { driver_->start(); });
}

void Session::give(Command command) {
  if (!ended()) driver_->give(std::move(command));
}

void Session::give(std::vector<Command> commands) {
  for (Command& command : commands) give(std::move(command));
}

// --- events -------------------------------------------------------------------------------------

void Session::add_subscriber(std::shared_ptr<Subscription::Subscriber> subscriber) {
  subscribers_.push_back(std::move(subscriber));
}

void Session::on_event(Event event) {
  for (Command& command : requests_.on_event(event)) driver_->give(std::move(command));
  for (Command& command : applications_.on_event(event)) driver_->give(std::move(command));
  if (const auto* message = std::get_if<MessageReceived>(&event)) arrived_.push(*message);
  std::erase_if(subscribers_, [](const auto& subscriber) { return !subscriber->wanted; });
  if (subscribers_.empty()) return;
  boost::asio::post(strand_, [subscribers = subscribers_, event = std::move(event)] {
    for (const auto& subscriber : subscribers) {
      if (subscriber->wanted) subscriber->handler(event);
    }
  });
}

// --- operations ---------------------------------------------------------------------------------

void Session::init_networking(Completion<Result<std::vector<Address>>> done) {
  if (ended()) return done(tl::unexpected(cancelled()));
  if (requests_.listening()) return done(tl::unexpected(taken("Networking has already begun.")));
  if (listen_.empty()) return done(std::vector<Address>());
  give(requests_.add_listens(Listens(
      listen_, [this] { return new_request(); }, std::move(done))));
}

void Session::start_pairing(Command command, RequestId request, Requests::Pairing pairing,
                            bool confirm_automatically) {
  if (ended()) return pairing.fail(cancelled());
  if (requests_.has(request)) return pairing.fail(taken("This request id is in use."));
  requests_.add_pairing(request, std::move(pairing), confirm_automatically);
  driver_->give(std::move(command));
}

void Session::start_share(ShareWithDevice command, Requests::Share share) {
  if (ended()) return share.fail(cancelled());
  if (requests_.has(command.request)) return share.fail(taken("This request id is in use."));
  requests_.add_share(command.request, std::move(share));
  driver_->give(std::move(command));
}

void Session::send_message(SendMessage command, Requests::Message message) {
  if (ended()) return message.fail(cancelled());
  if (requests_.has(command.request)) return message.fail(taken("This request id is in use."));
  requests_.add_message(command.request, std::move(message));
  driver_->give(std::move(command));
}

void Session::receive_message(Completion<Result<MessageReceived>> done) {
  if (ended()) return done(tl::unexpected(cancelled()));
  arrived_.take(std::move(done));
  driver_->give(ReceiveMessages{});
}

void Session::acknowledge_message(DeviceId device, MessageId message) {
  arrived_.forget(device, message);
  give(AcknowledgeMessage{device, message});
}

void Session::connect(Connect command, Completion<Result<Connection>> done) {
  if (ended()) return done(tl::unexpected(cancelled()));
  if (requests_.has(command.request)) {
    return done(tl::unexpected(taken("This request id is in use.")));
  }
  give(applications_.connect(std::move(command), std::move(done)));
}

void Session::await_paired(RequestId request, Completion<Result<PairedDevice>> done) {
  if (ended()) return done(tl::unexpected(cancelled()));
  requests_.await_paired(request, std::move(done));
}

void Session::await_transfer(RequestId request, Completion<Result<FinishedTransfer>> done) {
  if (ended()) return done(tl::unexpected(cancelled()));
  requests_.await_transfer(request, std::move(done));
}

void Session::await_delivered(RequestId request, Completion<Result<MessageId>> done) {
  if (ended()) return done(tl::unexpected(cancelled()));
  requests_.await_delivered(request, std::move(done));
}

Counters Session::counters() const {
  Counters counters;
  for (const auto& [name, count] : driver_->engine().counters())
    counters[std::string(name)] = count;
  const UdpCounters udp = driver_->udp_counters();
  counters["udp/datagrams_sent"] = udp.datagrams_sent;
  counters["udp/bytes_sent"] = udp.bytes_sent;
  counters["udp/send_calls"] = udp.send_calls;
  counters["udp/datagrams_received"] = udp.datagrams_received;
  counters["udp/bytes_received"] = udp.bytes_received;
  counters["udp/receive_calls"] = udp.receive_calls;
  counters["udp/too_big"] = udp.too_big;
  counters["udp/unreachable"] = udp.unreachable;
  counters["udp/refused"] = udp.refused;
  counters["udp/truncated"] = udp.truncated;
  counters["udp/empty"] = udp.empty;
  return counters;
}

// --- ending -------------------------------------------------------------------------------------

void Session::stop(Completion<Result<void>> done) {
  if (ended()) return done(tl::unexpected(cancelled()));
  stopping_ = true;
  // A driver holds what it calls by copy.
  auto shared_done = std::make_shared<Completion<Result<void>>>(std::move(done));
  arrived_.cancel_all();
  std::vector<Command> last = applications_.cancel_all();
  for (Command& command : requests_.cancel_all()) last.push_back(std::move(command));
  driver_->stop(std::move(last), [this, shared_done](Result<void> outcome) {
    lock_.reset();
    (*shared_done)(std::move(outcome));
  });
}

void Session::end_now() {
  lifetime_->exclusively([this] {
    arrived_.cancel_all();
    applications_.cancel_all();
    requests_.cancel_all();
    driver_->end_now();
    lock_.reset();
  });
}

}  // namespace kith::io
