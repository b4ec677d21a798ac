// Messages between two devices with real sockets and stores, by completion token.

#include <gtest/gtest.h>

#include <string>

#include "tests/io/core_fixture.h"

namespace kith::testing {
namespace {

using boost::asio::use_future;

class CoreMessageTest : public CoreTest {
 protected:
  CoreMessageTest() {
    anna_ = make_device("anna");
    ben_ = make_device("ben");
    anna_->listen();
    ben_->listen();
    pair(*anna_, *ben_);
    ben_id_ = (*ben_)->id();
  }
  ~CoreMessageTest() override { join(); }

  // Anna's, durable at her.
  io::QueuedMessage queue(const std::string& body, const io::MessageOptions& options = {});
  // Stops it if it runs, and has it listen anew.
  void restart(TestDevice& device);
  void tell_address() { (*anna_)->add_device_address(ben_id_, ben_->addresses.front()); }
  MessageReceived receive();

  std::unique_ptr<TestDevice> anna_;
  std::unique_ptr<TestDevice> ben_;
  DeviceId ben_id_;
};

TEST_F(CoreMessageTest, a_message_is_queued_delivered_and_received) {
  tell_address();
  auto received = (*ben_)->receive_message(use_future);
  const auto queued = queue(R"({"say": "hello"})");
  const auto delivered = wait((*anna_)->await_delivered(queued.request, use_future));
  ASSERT_TRUE(delivered) << delivered.error().message;
  EXPECT_EQ(*delivered, queued.message);

  const auto message = wait(std::move(received));
  ASSERT_TRUE(message) << message.error().message;
  EXPECT_EQ(message->message, queued.message);
  EXPECT_EQ(message->device, (*anna_)->id());
  EXPECT_EQ(message->body, R"({"say": "hello"})");
  EXPECT_EQ(message->correlation, std::nullopt);
}

TEST_F(CoreMessageTest, messages_that_came_before_they_were_asked_for_come_in_order) {
  tell_address();
  const auto first = queue("1");
  io::MessageOptions answering;
  answering.correlation = first.message;
  const auto second = queue("2", answering);
  ASSERT_TRUE(wait((*anna_)->await_delivered(second.request, use_future)));
  ASSERT_TRUE(wait((*anna_)->await_delivered(first.request, use_future)));
  EXPECT_EQ(receive().body, "1");
  const auto answer = receive();
  EXPECT_EQ(answer.body, "2");
  EXPECT_EQ(answer.correlation, first.message);
}

TEST_F(CoreMessageTest, a_message_queued_before_a_restart_goes_out_after_it) {
  ben_->stop();
  const auto queued = queue("\"later\"");
  restart(*anna_);
  restart(*ben_);
  tell_address();
  const auto message = receive();
  EXPECT_EQ(message.message, queued.message);
  EXPECT_EQ(message.body, "\"later\"");
  EXPECT_EQ(anna_->await_event<MessageDelivered>().message, queued.message);
}

TEST_F(CoreMessageTest, what_is_acknowledged_does_not_come_again_and_the_rest_does) {
  tell_address();
  queue("1");
  queue("2");
  const auto first = receive();
  EXPECT_EQ(receive().body, "2");
  (*ben_)->acknowledge_message(first.device, first.message);
  restart(*ben_);
  EXPECT_EQ(receive().body, "2");
}

TEST_F(CoreMessageTest, what_was_acknowledged_as_an_event_is_not_given_to_who_asks_next) {
  tell_address();
  queue("1");
  EXPECT_EQ(receive().body, "1");
  const auto second = queue("2");
  const auto seen = ben_->await_event<MessageReceived>(
      [&](const MessageReceived& message) { return message.message == second.message; });
  (*ben_)->acknowledge_message(seen.device, seen.message);
  queue("3");
  EXPECT_EQ(receive().body, "3");
}

TEST_F(CoreMessageTest, a_message_for_a_stranger_is_refused_at_once) {
  DeviceId stranger = ben_id_;
  stranger.bytes[0] ^= std::byte{1};
  const auto queued = wait((*anna_)->send_message(stranger, "1", {}, use_future));
  ASSERT_FALSE(queued);
  EXPECT_EQ(to_string(queued.error().code), "permission_denied");
}

TEST_F(CoreMessageTest, a_message_for_a_device_that_is_removed_is_not_waited_for) {
  ben_->stop();
  const auto queued = queue("1");
  auto delivered = (*anna_)->await_delivered(queued.request, use_future);
  (*anna_)->remove_device(ben_id_);
  const auto outcome = wait(std::move(delivered));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(to_string(outcome.error().code), "cancelled");
}

TEST_F(CoreMessageTest, a_delivery_is_told_once) {
  tell_address();
  const auto queued = queue("1");
  ASSERT_TRUE(wait((*anna_)->await_delivered(queued.request, use_future)));
  const auto again = wait((*anna_)->await_delivered(queued.request, use_future));
  ASSERT_FALSE(again);
  EXPECT_EQ(to_string(again.error().code), "not_found");
}

TEST_F(CoreMessageTest, a_request_id_in_use_is_refused) {
  ben_->stop();
  const auto queued = queue("1");
  io::MessageOptions options;
  options.request = queued.request;
  const auto second = wait((*anna_)->send_message(ben_id_, "2", options, use_future));
  ASSERT_FALSE(second);
  EXPECT_EQ(to_string(second.error().code), "already_exists");
}

TEST_F(CoreMessageTest, stopping_cancels_who_waits_and_keeps_the_message) {
  ben_->stop();
  const auto queued = queue("1");
  auto delivered = (*anna_)->await_delivered(queued.request, use_future);
  auto received = (*anna_)->receive_message(use_future);
  anna_->stop();
  const auto outcome = wait(std::move(delivered));
  ASSERT_FALSE(outcome);
  EXPECT_EQ(to_string(outcome.error().code), "cancelled");
  const auto nothing = wait(std::move(received));
  ASSERT_FALSE(nothing);
  EXPECT_EQ(to_string(nothing.error().code), "cancelled");

  anna_->open();
  anna_->listen();
  restart(*ben_);
  tell_address();
  EXPECT_EQ(receive().message, queued.message);
}

// ------------------------------------------------------------------------------------------------

io::QueuedMessage CoreMessageTest::queue(const std::string& body,
                                         const io::MessageOptions& options) {
  const auto queued = wait((*anna_)->send_message(ben_id_, body, options, use_future));
  EXPECT_TRUE(queued) << queued.error().message;
  return queued.value_or(io::QueuedMessage{});
}

void CoreMessageTest::restart(TestDevice& device) {
  if (device.is_open()) device.stop();
  device.open();
  device.listen();
}

MessageReceived CoreMessageTest::receive() {
  const auto message = wait((*ben_)->receive_message(use_future));
  EXPECT_TRUE(message) << message.error().message;
  return message.value_or(MessageReceived{});
}

}  // namespace
}  // namespace kith::testing
