#pragma once

// What a Core shares with its outstanding operations: the driver, the requests and the subscribers.
// Everything but what says otherwise runs by post(), or as an event of the driver.

#include <atomic>
#include <boost/asio/post.hpp>
#include <memory>
#include <string>
#include <vector>

#include "io/core/applications.h"
#include "io/core/message_queue.h"
#include "io/core/requests.h"
#include "io/driver/driver.h"
#include "io/home/home_lock.h"
#include "kith/io/core.h"

namespace kith::io {

class Session : public std::enable_shared_from_this<Session> {
 public:
  Session(boost::asio::io_context& context, HomeLock lock, std::string name,
          std::vector<Address> listen);

  // Once, before anything else, from any thread.
  void start(RecordedEngine engine, Database database,
             const std::vector<ApplicationProtocol>& protocols, const DriverOptions& options);

  boost::asio::io_context& context() const { return context_; }
  DeviceId id() const { return id_; }
  const std::string& name() const { return name_; }
  RequestId new_request() { return RequestId{next_request_.fetch_add(1)}; }

  // Runs `action` on the strand, later.
  template <class Action>
  void post(Action action) {
    boost::asio::post(strand_, [self = shared_from_this(), action = std::move(action)]() mutable {
      self->lifetime_->exclusively([&] { action(*self); });
    });
  }

  bool ended() const { return stopping_ || lifetime_->ended(); }
  void give(Command command);
  void give(std::vector<Command> commands);
  Applications& applications() { return applications_; }

  void add_subscriber(std::shared_ptr<Subscription::Subscriber> subscriber);
  void init_networking(Completion<Result<std::vector<Address>>> done);
  void start_pairing(Command command, RequestId request, Requests::Pairing pairing,
                     bool confirm_automatically);
  void connect(Connect command, Completion<Result<Connection>> done);
  void start_share(ShareWithDevice command, Requests::Share share);
  void send_message(SendMessage command, Requests::Message message);
  void receive_message(Completion<Result<MessageReceived>> done);
  void acknowledge_message(DeviceId device, MessageId message);
  void await_paired(RequestId request, Completion<Result<PairedDevice>> done);
  void await_transfer(RequestId request, Completion<Result<FinishedTransfer>> done);
  void await_delivered(RequestId request, Completion<Result<MessageId>> done);
  std::vector<DeviceSummary> devices() const { return driver_->engine().devices(); }
  Counters counters() const;
  void stop(Completion<Result<void>> done);

  // From any thread, but not from within post().
  void end_now();

 private:
  void on_event(Event event);

  boost::asio::io_context& context_;
  Strand strand_;
  std::shared_ptr<Lifetime> lifetime_ = std::make_shared<Lifetime>();
  std::optional<HomeLock> lock_;
  std::string name_;
  std::vector<Address> listen_;
  DeviceId id_;
  std::atomic<std::uint64_t> next_request_{1};
  Requests requests_;
  Applications applications_;
  MessageQueue arrived_;
  std::vector<std::shared_ptr<Subscription::Subscriber>> subscribers_;
  bool stopping_ = false;
  std::unique_ptr<Driver> driver_;
};

}  // namespace kith::io
