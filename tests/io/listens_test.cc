// Sockets that want one port, without any: what is asked for after each answer.

#include "io/core/listens.h"

#include <gtest/gtest.h>

#include <map>

namespace kith::io {
namespace {

const Error kTaken{ErrorCode::already_exists, "taken", ""};
const Error kLacking{ErrorCode::invalid_argument, "no such family", ""};

Address any(Address::Family family, std::uint16_t port = 0) {
  Address address;
  address.family = family;
  address.port = port;
  return address;
}
const Address kAny4 = any(Address::Family::ipv4);
const Address kAny6 = any(Address::Family::ipv6);

class ListensTest : public ::testing::Test {
 protected:
  Listens& begin(const std::vector<Address>& addresses) {
    listens_.emplace(
        addresses, [this] { return RequestId{++last_request_}; },
        Listens::Done(context_, [this](auto result) { result_.emplace(std::move(result)); }));
    take(listens_->begin());
    return *listens_;
  }

  // Carries out commands: asked_ is what waits for an answer, open_ what has been opened.
  void take(const std::vector<Command>& commands) {
    for (const Command& command : commands) {
      if (const auto* listen = std::get_if<Listen>(&command)) {
        asked_[listen->request] = listen->bind;
      } else {
        const RequestId ended = std::get<Cancel>(command).request;
        EXPECT_EQ(asked_.erase(ended) + open_.erase(ended), 1u) << "not there to be cancelled";
      }
    }
  }
  // The system opens the first that waits, at `port` if any will do.
  void open(std::uint16_t port) {
    auto [request, bound] = *asked_.begin();
    asked_.erase(asked_.begin());
    if (bound.port == 0) bound.port = port;
    open_[request] = bound;
    take(listens_->on(Listening{request, SocketId{request.value}, bound}));
  }
  void refuse(const Error& error) {
    const RequestId request = asked_.begin()->first;
    asked_.erase(asked_.begin());
    take(listens_->on(RequestFailed{request, error}));
  }
  const std::optional<Result<std::vector<Address>>>& result() {
    context_.restart();
    context_.poll();
    return result_;
  }
  std::vector<Address> asked() const {
    std::vector<Address> all;
    for (const auto& [request, address] : asked_) all.push_back(address);
    return all;
  }

  boost::asio::io_context context_;
  std::uint64_t last_request_ = 0;
  std::map<RequestId, Address> asked_, open_;
  std::optional<Result<std::vector<Address>>> result_;
  std::optional<Listens> listens_;
};

TEST_F(ListensTest, the_second_family_gets_the_port_of_the_first) {
  begin({kAny4, kAny6});
  EXPECT_EQ(asked(), std::vector{kAny4});
  open(7000);
  EXPECT_EQ(asked(), std::vector{any(Address::Family::ipv6, 7000)});
  EXPECT_FALSE(result());
  open(0);
  ASSERT_TRUE(result() && *result());
  EXPECT_EQ(**result(),
            (std::vector{any(Address::Family::ipv4, 7000), any(Address::Family::ipv6, 7000)}));
}

TEST_F(ListensTest, addresses_with_a_port_are_asked_for_at_once_and_keep_it) {
  begin({any(Address::Family::ipv4, 5), kAny6});
  EXPECT_EQ(asked_.size(), 2u);
  open(7000);
  open(0);
  ASSERT_TRUE(result() && *result());
  EXPECT_EQ(**result(),
            (std::vector{any(Address::Family::ipv4, 5), any(Address::Family::ipv6, 7000)}));
}

TEST_F(ListensTest, a_port_that_the_other_family_lacks_is_given_back_for_another) {
  begin({kAny4, kAny6});
  open(7000);
  refuse(kTaken);
  EXPECT_EQ(asked(), std::vector{kAny4});
  EXPECT_TRUE(open_.empty()) << "the first port is given back";
  open(7001);
  open(0);
  ASSERT_TRUE(result() && *result());
  EXPECT_EQ((**result())[0].port, 7001);
  EXPECT_EQ((**result())[1].port, 7001);
  EXPECT_EQ(open_.size(), 2u);
}

TEST_F(ListensTest, another_port_is_asked_for_before_the_first_is_given_back) {
  Listens& listens = begin({kAny4, kAny6});
  open(7000);
  const auto commands = listens.on(RequestFailed{asked_.begin()->first, kTaken});
  ASSERT_EQ(commands.size(), 2u);
  EXPECT_TRUE(std::holds_alternative<Listen>(commands[0]));
  EXPECT_TRUE(std::holds_alternative<Cancel>(commands[1]));
}

TEST_F(ListensTest, after_many_ports_each_family_has_its_own) {
  begin({kAny4, kAny6});
  for (int round = 1; round <= Listens::kMostRounds; ++round) {
    EXPECT_EQ(asked(), std::vector{kAny4});
    open(7000);
    refuse(kTaken);
  }
  EXPECT_EQ(asked(), std::vector{kAny6});
  open(8000);
  ASSERT_TRUE(result() && *result());
  EXPECT_EQ((**result())[0].port, 7000);
  EXPECT_EQ((**result())[1].port, 8000);
}

TEST_F(ListensTest, without_one_family_the_other_listens_alone) {
  for (const bool first : {true, false}) {
    result_.reset();
    begin({kAny4, kAny6});
    if (!first) open(7000);
    refuse(kLacking);
    if (first) {
      EXPECT_EQ(asked(), std::vector{kAny6});
      open(7000);
    }
    ASSERT_TRUE(result() && *result());
    EXPECT_EQ((*result())->size(), 1u);
    open_.clear();
  }
}

TEST_F(ListensTest, with_neither_it_fails) {
  begin({kAny4, kAny6});
  refuse(kLacking);
  refuse(kLacking);
  ASSERT_TRUE(result() && !*result());
  EXPECT_EQ(result()->error(), kLacking);
  EXPECT_TRUE(listens_->failed());
}

TEST_F(ListensTest, what_fails_after_it_was_open_changes_nothing) {
  begin({kAny4});
  open(7000);
  ASSERT_TRUE(result() && *result());
  EXPECT_TRUE(listens_->on(RequestFailed{open_.begin()->first, kTaken}).empty());
  EXPECT_FALSE(listens_->failed());
}

TEST_F(ListensTest, the_end_closes_what_is_open_or_opening) {
  begin({kAny4, kAny6});
  open(7000);
  take(listens_->end(kTaken));
  EXPECT_TRUE(open_.empty() && asked_.empty());
  ASSERT_TRUE(result() && !*result());
}

}  // namespace
}  // namespace kith::io
