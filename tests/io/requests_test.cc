#include "io/core/requests.h"

#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace kith::io {
namespace {

class RequestsTest : public ::testing::Test {
 protected:
  // A completion that stores its value in `slot`.
  template <class Value>
  Completion<Value> into(std::optional<Value>& slot) {
    return Completion<Value>(context_, [&slot](Value value) { slot.emplace(std::move(value)); });
  }
  // Calls what was completed. Outstanding completions would keep run() from returning.
  void run() {
    context_.restart();
    context_.poll();
  }
  // Its requests are numbered from 1.
  std::vector<Command> listen_at(const std::vector<Address>& addresses) {
    return requests_.add_listens(Listens(
        addresses, [this] { return RequestId{++last_request_}; }, into(listening_)));
  }

  boost::asio::io_context context_;
  std::uint64_t last_request_ = 0;
  Requests requests_;
  std::optional<Result<std::vector<Address>>> listening_;
  std::optional<Result<PairingCode>> code_;
  std::optional<Result<PairedDevice>> paired_;
  std::optional<Result<StartedTransfer>> started_;
  std::optional<Result<FinishedTransfer>> finished_;
};

constexpr RequestId kFirst{1};
constexpr RequestId kSecond{2};
const Error kRefused{ErrorCode::refused, "no", ""};
const Error kLacking{ErrorCode::invalid_argument, "no such family", ""};

TEST_F(RequestsTest, listening_completes_when_every_address_has_an_answer) {
  listen_at({Address::v4(127, 0, 0, 1, 5), Address::v4(127, 0, 0, 1, 6)});
  requests_.on_event(Listening{kFirst, SocketId{1}, Address::v4(127, 0, 0, 1, 5)});
  run();
  EXPECT_FALSE(listening_);
  requests_.on_event(Listening{kSecond, SocketId{2}, Address::v4(127, 0, 0, 1, 6)});
  run();
  ASSERT_TRUE(listening_);
  EXPECT_EQ((*listening_)->size(), 2u);
}

TEST_F(RequestsTest, an_address_this_system_lacks_is_skipped_if_another_is_bound) {
  listen_at({Address::v4(127, 0, 0, 1, 5), Address::v4(127, 0, 0, 1, 6)});
  requests_.on_event(RequestFailed{kSecond, kLacking});
  requests_.on_event(Listening{kFirst, SocketId{1}, Address::v4(127, 0, 0, 1, 5)});
  run();
  ASSERT_TRUE(listening_ && *listening_);
  EXPECT_EQ((*listening_)->size(), 1u);
}

TEST_F(RequestsTest, with_no_address_bound_listening_fails_and_can_begin_again) {
  listen_at({Address::v4(127, 0, 0, 1, 5), Address::v4(127, 0, 0, 1, 6)});
  requests_.on_event(RequestFailed{kFirst, kLacking});
  requests_.on_event(RequestFailed{kSecond, kLacking});
  run();
  ASSERT_TRUE(listening_ && !*listening_);
  EXPECT_EQ(listening_->error(), kLacking);
  EXPECT_FALSE(requests_.listening());
}

TEST_F(RequestsTest, one_taken_address_closes_those_that_were_bound) {
  listen_at({Address::v4(127, 0, 0, 1, 5), Address::v4(127, 0, 0, 1, 6)});
  EXPECT_TRUE(requests_.on_event(Listening{kFirst, SocketId{1}, {}}).empty());
  const auto commands =
      requests_.on_event(RequestFailed{kSecond, {ErrorCode::already_exists, "taken", ""}});
  ASSERT_EQ(commands.size(), 1u);
  EXPECT_EQ(std::get<Cancel>(commands.front()).request, kFirst);
  run();
  ASSERT_TRUE(listening_ && !*listening_);
}

TEST_F(RequestsTest, a_failure_before_the_code_answers_the_start) {
  Requests::Pairing pairing;
  pairing.begun = into(code_);
  requests_.add_pairing(kFirst, std::move(pairing), false);
  requests_.on_event(PairingFailed{kFirst, kRefused});
  requests_.await_paired(kFirst, into(paired_));
  run();
  ASSERT_TRUE(code_ && !*code_);
  EXPECT_EQ(code_->error(), kRefused);
  ASSERT_TRUE(paired_ && !*paired_);
  EXPECT_EQ(paired_->error().code, ErrorCode::not_found);
}

TEST_F(RequestsTest, the_confirmation_is_given_only_where_it_was_wanted) {
  requests_.add_pairing(kFirst, {}, true);
  requests_.add_pairing(kSecond, {}, false);
  const auto commands = requests_.on_event(PairingConfirmationNeeded{kFirst, {}, "", ""});
  ASSERT_EQ(commands.size(), 1u);
  EXPECT_TRUE(std::get<ConfirmPairing>(commands.front()).accept);
  EXPECT_TRUE(requests_.on_event(PairingConfirmationNeeded{kSecond, {}, "", ""}).empty());
}

TEST_F(RequestsTest, a_share_ends_by_the_transfer_it_became) {
  Requests::Share share;
  share.begun = into(started_);
  requests_.add_share(kFirst, std::move(share));
  const TransferId transfer{{std::byte{7}}};
  requests_.on_event(TransferStarted{kFirst, transfer, {}, 10});
  requests_.on_event(TransferCompleted{transfer, TransferDirection::receiving, 10, {}});
  requests_.await_transfer(kFirst, into(finished_));
  run();
  ASSERT_TRUE(started_ && *started_);
  EXPECT_FALSE(finished_) << "another transfer came with the same id from outside";
  requests_.on_event(TransferCompleted{transfer, TransferDirection::sending, 10, {}});
  run();
  ASSERT_TRUE(finished_ && *finished_);
  EXPECT_EQ((*finished_)->bytes, 10u);
}

TEST_F(RequestsTest, ends_nobody_asks_for_are_forgotten_oldest_first) {
  for (std::uint64_t i = 1; i <= Requests::kMaxUnclaimed + 1; ++i) {
    requests_.add_share(RequestId{i}, {});
    requests_.on_event(TransferFailed{RequestId{i}, {}, TransferDirection::sending, kRefused});
  }
  EXPECT_FALSE(requests_.has(RequestId{1}));
  EXPECT_TRUE(requests_.has(RequestId{2}));
  EXPECT_TRUE(requests_.has(RequestId{Requests::kMaxUnclaimed + 1}));
}

TEST_F(RequestsTest, cancelling_all_completes_all_and_ends_codes_and_shares) {
  listen_at({Address::v4(127, 0, 0, 1, 5), Address::v4(127, 0, 0, 1, 6)});
  Requests::Pairing pairing;
  pairing.ended = into(paired_);
  requests_.add_pairing(RequestId{3}, std::move(pairing), false);
  Requests::Share share;
  share.begun = into(started_);
  requests_.add_share(RequestId{4}, std::move(share));
  std::vector<RequestId> cancelled;
  for (const Command& command : requests_.cancel_all()) {
    cancelled.push_back(std::get<Cancel>(command).request);
  }
  EXPECT_EQ(cancelled, (std::vector<RequestId>{RequestId{3}, RequestId{4}, kFirst, kSecond}));
  run();
  EXPECT_EQ(listening_->error().code, ErrorCode::cancelled);
  EXPECT_EQ(paired_->error().code, ErrorCode::cancelled);
  EXPECT_EQ(started_->error().code, ErrorCode::cancelled);
}

}  // namespace
}  // namespace kith::io
