// The facade by itself: what needs no other device.

#include "kith/io/core.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/io/core_fixture.h"

namespace kith::testing {
namespace {

using boost::asio::use_future;

// Twelve times the first word but for the checksum: a code nobody shows.
constexpr const char* kNobodysCode =
    "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about";

class CoreFacadeTest : public CoreTest {
 protected:
  ~CoreFacadeTest() override { join(); }
};

template <class Value>
void expect_error(const Result<Value>& result, std::string_view code) {
  ASSERT_FALSE(result);
  EXPECT_EQ(to_string(result.error().code), code) << result.error().message;
  EXPECT_FALSE(result.error().message.empty());
}

TEST_F(CoreFacadeTest, a_home_is_networked_by_one_core_at_a_time) {
  auto device = make_device("device");
  expect_error(io::Core::open(context_, device->options()), "already_exists");
  device->stop();
  EXPECT_TRUE(io::Core::open(context_, device->options()));
}

TEST_F(CoreFacadeTest, a_home_can_be_inspected_while_it_is_networked) {
  auto device = make_device("device");
  device->listen();
  const auto view = io::inspect_home(device->options());
  ASSERT_TRUE(view) << view.error().message;
  EXPECT_EQ(view->id, (*device)->id());
  EXPECT_EQ(view->name, "device");
}

TEST_F(CoreFacadeTest, inspecting_a_new_home_makes_an_identity_that_stays) {
  io::CoreOptions options;
  options.home = directory_ / "new";
  const auto first = io::inspect_home(options);
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_EQ(io::inspect_home(options)->id, first->id);
  EXPECT_EQ((*io::Core::open(context_, options))->id(), first->id);
}

TEST_F(CoreFacadeTest, damaged_homes_are_refused_by_code) {
  auto device = make_device("device");
  device->stop();
  const io::CoreOptions options = device->options();
  const std::string store = read_file(device->home() + "/store.db");
  write_file(device->home() + "/store.db", std::string(store.size(), 'x'));
  expect_error(io::Core::open(context_, options), "corrupt");
  write_file(device->home() + "/store.db", store);
  ASSERT_EQ(::chmod((device->home() + "/key").c_str(), 0644), 0);
  expect_error(io::Core::open(context_, options), "permission_denied");
}

TEST_F(CoreFacadeTest, it_listens_where_it_was_told) {
  auto device = make_device("device");
  device->listen();
  ASSERT_EQ(device->addresses.size(), 1u);
  EXPECT_NE(device->addresses.front().port, 0);
  EXPECT_EQ(device->await_event<Listening>().address, device->addresses.front());
  expect_error(wait((*device)->init_networking(use_future)), "already_exists");
}

TEST_F(CoreFacadeTest, a_taken_port_fails_all_of_networking_and_can_be_tried_again) {
  auto first = make_device("first");
  first->listen();
  io::CoreOptions options;
  options.home = directory_ / "second";
  options.listen = {Address::v4(127, 0, 0, 1, 0), first->addresses.front()};
  auto second = io::Core::open(context_, options);
  ASSERT_TRUE(second);
  expect_error(wait((*second)->init_networking(use_future)), "already_exists");
  first->stop();
  const auto bound = wait((*second)->init_networking(use_future));
  ASSERT_TRUE(bound) << bound.error().message;
  EXPECT_EQ(bound->size(), 2u);
  wait((*second)->stop(use_future));
}

TEST_F(CoreFacadeTest, words_that_are_no_code_are_refused_before_anything_is_sent) {
  auto device = make_device("device");
  device->listen();
  const auto join = [&](const std::string& words) {
    return wait(
        (*device)->start_pairing_as_joiner(words, {Address::v4(127, 0, 0, 1, 9)}, {}, use_future));
  };
  expect_error(join("too few words"), "invalid_argument");
  expect_error(join("abandon abandon abandon abandon abandon abandon abandon abandon abandon "
                    "abandon abandon kith"),
               "invalid_argument");
  expect_error(join("abandon abandon abandon abandon abandon abandon abandon abandon abandon "
                    "abandon abandon abandon"),
               "corrupt");
  EXPECT_EQ(wait((*device)->counters(use_future))["udp/send_calls"], 0u);
}

TEST_F(CoreFacadeTest, nobody_at_the_address_is_unreachable) {
  auto silent = make_device("silent");
  silent->listen();
  const std::vector<Address> address = silent->addresses;
  silent->stop();

  io::CoreOptions impatient;
  impatient.home = directory_ / "impatient";
  impatient.engine.connect_timeout = std::chrono::seconds(1);
  auto core = io::Core::open(context_, impatient);
  ASSERT_TRUE(core);
  expect_error(wait((*core)->start_pairing_as_joiner(kNobodysCode, address, {}, use_future)),
               "unreachable");
}

TEST_F(CoreFacadeTest, what_cannot_be_shared_is_refused) {
  auto device = make_device("device");
  const auto share = [&](std::vector<std::string> paths) {
    return wait((*device)->share_with_device(std::move(paths), DeviceId{}, {}, use_future));
  };
  expect_error(share({}), "invalid_argument");
  expect_error(share({"relative/path"}), "invalid_argument");
}

TEST_F(CoreFacadeTest, an_inbox_that_cannot_work_is_refused) {
  auto device = make_device("device");
  const auto set = [&](const std::string& inbox) {
    return (*device)->set_receive_policy(SetReceivePolicy::Accept::all, inbox);
  };
  expect_error(set("relative"), "invalid_argument");
  expect_error(set(directory_ / "no such"), "not_found");
  expect_error(set(device->home() + "/key"), "not_found");
  EXPECT_TRUE(set(directory_.path()));
  EXPECT_TRUE((*device)->set_receive_policy(SetReceivePolicy::Accept::none, ""));
}

TEST_F(CoreFacadeTest, a_request_nobody_made_cannot_be_awaited) {
  auto device = make_device("device");
  expect_error(wait((*device)->await_paired(RequestId{77}, use_future)), "not_found");
  expect_error(wait((*device)->await_transfer(RequestId{77}, use_future)), "not_found");
}

TEST_F(CoreFacadeTest, an_end_can_be_awaited_once_before_or_after_it_came) {
  auto device = make_device("device");
  device->listen();
  const auto code = wait((*device)->start_pairing_as_initiator({}, use_future));
  ASSERT_TRUE(code) << code.error().message;
  auto before = (*device)->await_paired(code->request, use_future);
  expect_error(wait((*device)->await_paired(code->request, use_future)), "not_found");
  (*device)->cancel(code->request);
  expect_error(wait(std::move(before)), "cancelled");

  const auto second = wait((*device)->start_pairing_as_initiator({}, use_future));
  ASSERT_TRUE(second) << second.error().message;
  (*device)->cancel(second->request);
  device->await_event<PairingFailed>(
      [&](const PairingFailed& event) { return event.request == second->request; });
  expect_error(wait((*device)->await_paired(second->request, use_future)), "cancelled");
  expect_error(wait((*device)->await_paired(second->request, use_future)), "not_found");
}

TEST_F(CoreFacadeTest, a_second_pairing_waits_for_the_first) {
  auto device = make_device("device");
  device->listen();
  ASSERT_TRUE(wait((*device)->start_pairing_as_initiator({}, use_future)));
  expect_error(wait((*device)->start_pairing_as_initiator({}, use_future)), "already_exists");
}

TEST_F(CoreFacadeTest, a_join_can_be_cancelled_by_the_id_it_was_given) {
  auto device = make_device("device");
  device->listen();
  auto silent = make_device("silent");
  silent->listen();
  io::PairingOptions options;
  options.request = (*device)->new_request();
  auto joined = (*device)->start_pairing_as_joiner(kNobodysCode, {Address::v4(127, 0, 0, 1, 9)},
                                                   options, use_future);
  (*device)->cancel(options.request);
  expect_error(wait(std::move(joined)), "cancelled");
}

TEST_F(CoreFacadeTest, stopping_completes_everything_with_cancelled) {
  auto device = make_device("device");
  device->listen();
  const auto code = wait((*device)->start_pairing_as_initiator({}, use_future));
  ASSERT_TRUE(code);
  auto paired = (*device)->await_paired(code->request, use_future);
  EXPECT_TRUE(wait((*device)->stop(use_future)));
  expect_error(wait(std::move(paired)), "cancelled");
  expect_error(wait((*device)->init_networking(use_future)), "cancelled");
  expect_error(wait((*device)->start_pairing_as_initiator({}, use_future)), "cancelled");
  expect_error(wait((*device)->stop(use_future)), "cancelled");
}

TEST_F(CoreFacadeTest, an_ended_subscription_hears_nothing) {
  auto device = make_device("device");
  std::atomic<int> heard{0};
  auto subscription = (*device)->events([&](const Event&) { ++heard; });
  subscription.end();
  device->listen();
  device->await_event<Listening>();
  EXPECT_EQ(heard, 0);
}

// On one thread, as a program with callbacks alone would.
TEST(CoreCallbacks, run_on_the_thread_that_runs_the_context) {
  const TemporaryDirectory directory;
  boost::asio::io_context context;
  io::CoreOptions options;
  options.home = directory / "home";
  options.listen = {Address::v4(127, 0, 0, 1, 0)};
  auto core = io::Core::open(context, options);
  ASSERT_TRUE(core);
  std::vector<std::string> order;
  auto subscription = (*core)->events([&](const Event& event) {
    if (std::holds_alternative<Listening>(event)) order.push_back("event");
  });
  (*core)->init_networking([&, unique = std::make_unique<int>(7)](auto bound) {
    EXPECT_EQ(*unique, 7);
    EXPECT_TRUE(bound);
    order.push_back("networking");
    (*core)->stop([&](Result<void> stopped) {
      EXPECT_TRUE(stopped);
      order.push_back("stopped");
      core->reset();
    });
  });
  EXPECT_TRUE(order.empty());
  context.run();  // returns because nothing is left to do
  ASSERT_EQ(order.size(), 3u);
  EXPECT_EQ(order.back(), "stopped");
}

TEST(CoreCallbacks, that_throw_leave_run_and_the_core_goes_on) {
  const TemporaryDirectory directory;
  boost::asio::io_context context;
  io::CoreOptions options;
  options.home = directory / "home";
  options.listen = {Address::v4(127, 0, 0, 1, 0)};
  auto core = io::Core::open(context, options);
  auto subscription =
      (*core)->events([](const Event&) { throw std::runtime_error("the application's own"); });
  bool stopped = false;
  (*core)->init_networking([&](auto) { (*core)->stop([&](Result<void>) { stopped = true; }); });
  int thrown = 0;
  while (!stopped) {
    try {
      context.run();
    } catch (const std::runtime_error&) {
      ++thrown;
    }
  }
  EXPECT_GE(thrown, 1);
}

TEST(CoreCallbacks, are_dropped_when_the_core_is_destroyed_and_nobody_runs_the_context) {
  const TemporaryDirectory directory;
  auto context = std::make_unique<boost::asio::io_context>();
  io::CoreOptions options;
  options.home = directory / "home";
  options.listen = {Address::v4(127, 0, 0, 1, 0)};
  auto core = io::Core::open(*context, options);
  bool called = false;
  (*core)->init_networking([&](auto) { called = true; });
  core->reset();
  context.reset();
  EXPECT_FALSE(called);
}

#ifdef BOOST_ASIO_HAS_CO_AWAIT
TEST(CoreCoroutines, await_operations) {
  const TemporaryDirectory directory;
  boost::asio::io_context context;
  io::CoreOptions options;
  options.home = directory / "home";
  options.listen = {Address::v4(127, 0, 0, 1, 0)};
  auto core = io::Core::open(context, options);
  std::size_t words = 0;
  const auto device = [&]() -> boost::asio::awaitable<void> {
    using boost::asio::use_awaitable;
    const auto bound = co_await (*core)->init_networking(use_awaitable);
    EXPECT_TRUE(bound);
    const auto code = co_await (*core)->start_pairing_as_initiator({}, use_awaitable);
    if (code) words = code->words.size();
    EXPECT_TRUE(co_await (*core)->stop(use_awaitable));
  };
  boost::asio::co_spawn(context, device(), boost::asio::detached);
  context.run();
  EXPECT_EQ(words, 12u);
}
#endif

}  // namespace
}  // namespace kith::testing
