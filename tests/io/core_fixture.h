#pragma once

// Devices with real sockets and files in one process, on a context that other threads run.

#include <gtest/gtest.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "kith/io/core.h"
#include "tests/io/temporary_directory.h"

namespace kith::testing {

inline constexpr auto kPatience = std::chrono::seconds(60);

// What a future gives; a failure of the test, and then an abort, if that takes too long.
template <class Value>
Value wait(std::future<Value> future) {
  const bool in_time = future.wait_for(kPatience) == std::future_status::ready;
  EXPECT_TRUE(in_time);
  KITH_CHECK_MSG(in_time, "an operation did not complete within {} s", kPatience.count());
  return future.get();
}

// One device with all its events.
class TestDevice {
 public:
  TestDevice(boost::asio::io_context& context, std::string home, std::string name)
      : context_(context), home_(std::move(home)), name_(std::move(name)) {
    open();
  }

  void open() {
    auto opened = io::Core::open(context_, options());
    ASSERT_TRUE(opened) << opened.error().message;
    core_ = std::move(*opened);
    events_subscription_ = core_->events([this](const Event& event) {
      const std::lock_guard lock(mutex_);
      events_.push_back(event);
      changed_.notify_all();
    });
    addresses.clear();
  }

  // Listens on loopback.
  void listen() {
    auto bound = wait(core_->init_networking(boost::asio::use_future));
    ASSERT_TRUE(bound) << bound.error().message;
    addresses = std::move(*bound);
  }

  void stop() {
    const auto stopped = wait(core_->stop(boost::asio::use_future));
    EXPECT_TRUE(stopped) << stopped.error().message;
    core_.reset();
  }

  bool is_open() const { return core_ != nullptr; }

  // As a crash would.
  void vanish() { core_.reset(); }

  io::CoreOptions options() const {
    io::CoreOptions options;
    options.home = home_;
    options.device_name = name_;
    options.listen = {Address::v4(127, 0, 0, 1, 0)};
    return options;
  }

  // The first event of a kind that satisfies `wanted`, past or to come.
  template <class Kind>
  Kind await_event(const std::function<bool(const Kind&)>& wanted = [](const Kind&) {
    return true;
  }) {
    std::unique_lock lock(mutex_);
    Kind found;
    const bool in_time = changed_.wait_for(lock, kPatience, [&] {
      for (const Event& event : events_) {
        const Kind* kind = std::get_if<Kind>(&event);
        if (kind == nullptr || !wanted(*kind)) continue;
        found = *kind;
        return true;
      }
      return false;
    });
    EXPECT_TRUE(in_time) << "the event did not come";
    return found;
  }

  template <class Kind>
  std::vector<Kind> events_of() {
    const std::lock_guard lock(mutex_);
    std::vector<Kind> found;
    for (const Event& event : events_) {
      if (const Kind* kind = std::get_if<Kind>(&event)) found.push_back(*kind);
    }
    return found;
  }

  io::Core& operator*() { return *core_; }
  io::Core* operator->() { return core_.get(); }
  const std::string& home() const { return home_; }

  std::vector<Address> addresses;

 private:
  boost::asio::io_context& context_;
  std::string home_;
  std::string name_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Event> events_;
  io::Subscription events_subscription_;
  std::unique_ptr<io::Core> core_;
};

// `threads` run the context, so that a wrong lock shows under ThreadSanitizer.
class CoreTest : public ::testing::Test {
 protected:
  explicit CoreTest(int threads = 2) : work_(context_.get_executor()) {
    for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { context_.run(); });
  }

  // Devices are destroyed when no thread runs the context any more.
  ~CoreTest() override { join(); }

  void join() {
    work_.reset();
    context_.stop();
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
  }

  std::unique_ptr<TestDevice> make_device(const std::string& name) {
    return std::make_unique<TestDevice>(context_, directory_ / name, name);
  }

  // Pairs two listening devices without asking anybody.
  static void pair(TestDevice& initiator, TestDevice& joiner) {
    io::PairingOptions yes;
    yes.confirm_automatically = true;
    const auto code = wait(initiator->start_pairing_as_initiator(yes, boost::asio::use_future));
    ASSERT_TRUE(code) << code.error().message;
    auto ended = initiator->await_paired(code->request, boost::asio::use_future);
    const auto joined = wait(joiner->start_pairing_as_joiner(
        text_of(code->words), initiator.addresses, yes, boost::asio::use_future));
    ASSERT_TRUE(joined) << joined.error().message;
    const auto paired = wait(std::move(ended));
    ASSERT_TRUE(paired) << paired.error().message;
    EXPECT_EQ(joined->device, initiator->id());
    EXPECT_EQ(joined->name, initiator->name());
    EXPECT_EQ(paired->device, joiner->id());
    EXPECT_EQ(paired->name, joiner->name());
  }

  static std::string text_of(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words) text += (text.empty() ? "" : " ") + word;
    return text;
  }

  TemporaryDirectory directory_;
  boost::asio::io_context context_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::vector<std::thread> threads_;
};

}  // namespace kith::testing
