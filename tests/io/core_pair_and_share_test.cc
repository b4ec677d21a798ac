// Two devices with real sockets, files and threads, from the first word to the last byte.

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <string>

#include "tests/io/core_fixture.h"

namespace kith::testing {
namespace {

using boost::asio::use_future;

class CorePairAndShareTest : public CoreTest {
 protected:
  CorePairAndShareTest() {
    anna_ = make_device("anna");
    ben_ = make_device("ben");
    anna_->listen();
    ben_->listen();
    std::filesystem::create_directory(directory_ / "inbox");
  }
  ~CorePairAndShareTest() override { join(); }

  // Anna may send to Ben.
  void pair_and_accept();
  std::string make_source(const std::string& name, std::size_t size_bytes);
  Result<io::FinishedTransfer> share(const std::vector<std::string>& paths);

  std::unique_ptr<TestDevice> anna_;
  std::unique_ptr<TestDevice> ben_;
};

TEST_F(CorePairAndShareTest, two_devices_pair_and_share_a_file) {
  pair_and_accept();
  const std::string source = make_source("photo.raw", 5'000'000);
  const auto finished = share({source});
  ASSERT_TRUE(finished) << finished.error().message;
  EXPECT_EQ(finished->bytes, 5'000'000u);
  EXPECT_EQ(read_file(directory_ / "inbox/photo.raw"), read_file(source));

  const auto received = ben_->await_event<ItemCompleted>();
  EXPECT_EQ(received.path, directory_ / "inbox/photo.raw");
  EXPECT_EQ(received.bytes, 5'000'000u);
  const auto sent = anna_->await_event<ItemCompleted>();
  EXPECT_EQ(sent.path, source);
  EXPECT_EQ(sent.digest, received.digest);
}

TEST_F(CorePairAndShareTest, a_tree_arrives_with_everything_in_it) {
  pair_and_accept();
  const std::filesystem::path tree = directory_ / "tree";
  std::filesystem::create_directories(tree / "deep/er/empty");
  for (std::size_t i = 0; i < 50; ++i) {
    write_file(tree / ("deep/" + std::to_string(i)), std::string(i * 37, 'x'));
  }
  write_file(tree / "deep/er/\xff\xfe", "not UTF-8");
  const auto finished = share({tree});
  ASSERT_TRUE(finished) << finished.error().message;
  const std::filesystem::path copy = directory_ / "inbox/tree";
  EXPECT_TRUE(std::filesystem::is_directory(copy / "deep/er/empty"));
  EXPECT_EQ(read_file(copy / "deep/er/\xff\xfe"), "not UTF-8");
  for (std::size_t i = 0; i < 50; ++i) {
    EXPECT_EQ(read_file(copy / ("deep/" + std::to_string(i))), std::string(i * 37, 'x'));
  }
}

TEST_F(CorePairAndShareTest, both_people_see_one_fingerprint_and_decide) {
  const auto code = wait((*anna_)->start_pairing_as_initiator({}, use_future));
  ASSERT_TRUE(code);
  EXPECT_EQ(code->words.size(), 12u);
  EXPECT_GT(code->expires_in, Duration::zero());
  auto anna_paired = (*anna_)->await_paired(code->request, use_future);
  auto ben_paired =
      (*ben_)->start_pairing_as_joiner(text_of(code->words), anna_->addresses, {}, use_future);

  const auto anna_asked = anna_->await_event<PairingConfirmationNeeded>();
  const auto ben_asked = ben_->await_event<PairingConfirmationNeeded>();
  EXPECT_EQ(anna_asked.fingerprint, ben_asked.fingerprint);
  EXPECT_EQ(anna_asked.name, "ben");
  EXPECT_EQ(ben_asked.name, "anna");
  (*anna_)->confirm_pairing(anna_asked.request, true);
  (*ben_)->confirm_pairing(ben_asked.request, true);
  EXPECT_TRUE(wait(std::move(anna_paired)));
  EXPECT_TRUE(wait(std::move(ben_paired)));
}

TEST_F(CorePairAndShareTest, a_person_who_says_no_pairs_nobody) {
  const auto code = wait((*anna_)->start_pairing_as_initiator({}, use_future));
  auto anna_paired = (*anna_)->await_paired(code->request, use_future);
  io::PairingOptions yes;
  yes.confirm_automatically = true;
  auto ben_paired =
      (*ben_)->start_pairing_as_joiner(text_of(code->words), anna_->addresses, yes, use_future);
  (*anna_)->confirm_pairing(anna_->await_event<PairingConfirmationNeeded>().request, false);
  EXPECT_FALSE(wait(std::move(anna_paired)));
  const auto refused = wait(std::move(ben_paired));
  ASSERT_FALSE(refused);
  EXPECT_EQ(to_string(refused.error().code), "refused");
  for (TestDevice* device : {anna_.get(), ben_.get()}) {
    for (const DeviceSummary& known : wait((*device)->devices(use_future))) {
      EXPECT_NE(known.state, DeviceState::paired) << known.name;
      EXPECT_NE(known.state, DeviceState::connected) << known.name;
    }
  }
}

TEST_F(CorePairAndShareTest, a_wrong_code_is_refused_and_the_right_one_still_works) {
  const auto code = wait((*anna_)->start_pairing_as_initiator({}, use_future));
  ASSERT_TRUE(code);
  (*anna_)->cancel(code->request);
  EXPECT_FALSE(wait((*anna_)->await_paired(code->request, use_future)));

  io::PairingOptions yes;
  yes.confirm_automatically = true;
  const auto right = wait((*anna_)->start_pairing_as_initiator(yes, use_future));
  ASSERT_TRUE(right) << right.error().message;
  const auto wrong = wait(
      (*ben_)->start_pairing_as_joiner(text_of(code->words), anna_->addresses, yes, use_future));
  ASSERT_FALSE(wrong);
  EXPECT_EQ(to_string(wrong.error().code), "refused") << wrong.error().message;
  auto anna_paired = (*anna_)->await_paired(right->request, use_future);
  const auto joined = wait(
      (*ben_)->start_pairing_as_joiner(text_of(right->words), anna_->addresses, yes, use_future));
  EXPECT_TRUE(joined) << joined.error().message;
  EXPECT_TRUE(wait(std::move(anna_paired)));
}

TEST_F(CorePairAndShareTest, an_unpaired_device_cannot_send) {
  ASSERT_TRUE((*ben_)->set_receive_policy(SetReceivePolicy::Accept::all, directory_ / "inbox"));
  (*anna_)->add_device_address((*ben_)->id(), ben_->addresses.front());
  const auto started =
      wait((*anna_)->share_with_device({make_source("file", 10)}, (*ben_)->id(), {}, use_future));
  EXPECT_FALSE(started);
  EXPECT_TRUE(std::filesystem::is_empty(directory_ / "inbox"));
}

TEST_F(CorePairAndShareTest, a_receiver_that_accepts_nothing_refuses) {
  pair(*anna_, *ben_);
  (*anna_)->add_device_address((*ben_)->id(), ben_->addresses.front());
  const auto finished = share({make_source("file", 10)});
  ASSERT_FALSE(finished);
  EXPECT_EQ(to_string(finished.error().code), "refused") << finished.error().message;
  EXPECT_TRUE(std::filesystem::is_empty(directory_ / "inbox"));
}

TEST_F(CorePairAndShareTest, a_receiver_that_asks_gets_the_answer_of_the_application) {
  pair(*anna_, *ben_);
  (*anna_)->add_device_address((*ben_)->id(), ben_->addresses.front());
  ASSERT_TRUE((*ben_)->set_receive_policy(SetReceivePolicy::Accept::ask, directory_ / "inbox"));
  auto finished = std::async(std::launch::async, [&] { return share({make_source("yes", 10)}); });
  const auto offered = ben_->await_event<TransferOffered>();
  EXPECT_TRUE(offered.decision_needed);
  EXPECT_EQ(offered.bytes_total, 10u);
  (*ben_)->answer_transfer(offered.transfer, true);
  EXPECT_TRUE(wait(std::move(finished)));
  EXPECT_TRUE(std::filesystem::exists(directory_ / "inbox/yes"));
}

TEST_F(CorePairAndShareTest, paired_devices_know_each_other_after_a_restart) {
  pair(*anna_, *ben_);
  anna_->stop();
  ben_->stop();

  const auto view = io::inspect_home(anna_->options());
  ASSERT_TRUE(view) << view.error().message;
  ASSERT_EQ(view->devices.size(), 1u);
  EXPECT_EQ(view->devices.front().name, "ben");
  EXPECT_EQ(view->devices.front().state, DeviceState::paired);

  anna_->open();
  ben_->open();
  anna_->listen();
  ben_->listen();
  (*anna_)->add_device_address((*ben_)->id(), ben_->addresses.front());
  ASSERT_TRUE((*ben_)->set_receive_policy(SetReceivePolicy::Accept::all, directory_ / "inbox"));
  const auto finished = share({make_source("file", 100'000)});
  ASSERT_TRUE(finished) << finished.error().message;
  EXPECT_EQ(std::filesystem::file_size(directory_ / "inbox/file"), 100'000u);
}

TEST_F(CorePairAndShareTest, a_path_that_does_not_exist_fails_the_share) {
  pair_and_accept();
  const auto finished = share({directory_ / "nothing here"});
  ASSERT_FALSE(finished);
  EXPECT_EQ(to_string(finished.error().code), "not_found") << finished.error().message;
}

TEST_F(CorePairAndShareTest, counters_tell_what_sockets_did) {
  pair_and_accept();
  ASSERT_TRUE(share({make_source("file", 1'000'000)}));
  const auto counters = wait((*anna_)->counters(use_future));
  EXPECT_GT(counters.at("udp/bytes_sent"), 1'000'000u);
  EXPECT_GE(counters.at("udp/datagrams_sent"), counters.at("udp/send_calls"));
  EXPECT_GT(counters.at("udp/datagrams_received"), 0u);
}

// Other threads are in the middle of anything when one device vanishes.
TEST_F(CorePairAndShareTest, a_device_can_vanish_at_any_moment) {
  pair_and_accept();
  const std::string source = make_source("big", 20'000'000);
  for (int round = 0; round < 12; ++round) {
    auto started = (*anna_)->share_with_device({source}, (*ben_)->id(), {}, use_future);
    std::this_thread::sleep_for(std::chrono::milliseconds(round * 3));
    anna_->vanish();
    // It ended in some way: broken promises and hanging futures are neither.
    wait(std::move(started));
    anna_->open();
    anna_->listen();
    (*anna_)->add_device_address((*ben_)->id(), ben_->addresses.front());
  }
}

TEST_F(CorePairAndShareTest, a_device_can_be_destroyed_by_its_own_event_handler) {
  pair_and_accept();
  std::promise<void> vanished;
  auto subscription = (*anna_)->events([&](const Event& event) {
    if (!std::holds_alternative<TransferStarted>(event)) return;
    anna_->vanish();
    vanished.set_value();
  });
  auto started =
      (*anna_)->share_with_device({make_source("file", 1'000'000)}, (*ben_)->id(), {}, use_future);
  wait(vanished.get_future());
  EXPECT_TRUE(wait(std::move(started)));
}

// --- helpers ------------------------------------------------------------------------------------

void CorePairAndShareTest::pair_and_accept() {
  pair(*anna_, *ben_);
  (*anna_)->add_device_address((*ben_)->id(), ben_->addresses.front());
  ASSERT_TRUE((*ben_)->set_receive_policy(SetReceivePolicy::Accept::all, directory_ / "inbox"));
}

std::string CorePairAndShareTest::make_source(const std::string& name, std::size_t size_bytes) {
  std::string content(size_bytes, '\0');
  for (std::size_t i = 0; i < size_bytes; ++i) content[i] = static_cast<char>(i * 31 + i / 977);
  write_file(directory_ / name, content);
  return directory_ / name;
}

Result<io::FinishedTransfer> CorePairAndShareTest::share(const std::vector<std::string>& paths) {
  const auto started = wait((*anna_)->share_with_device(paths, (*ben_)->id(), {}, use_future));
  if (!started) return tl::unexpected(started.error());
  return wait((*anna_)->await_transfer(started->request, use_future));
}

}  // namespace
}  // namespace kith::testing
