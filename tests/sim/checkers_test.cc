// Each checker sees the bug that is planted for it, and is content without it. Engines that did
// such things are played by hand: the checkers are given what would pass in and out of them, and
// the disk is used as they would use it.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "sim/checkers/durable_before_acknowledged.h"
#include "sim/checkers/messages.h"
#include "sim/checkers/no_partial_content.h"
#include "sim/checkers/no_unauthenticated_write.h"
#include "sim/checkers/published_equals_source.h"
#include "sim/checkers/stream_bytes.h"
#include "sim/checkers/timers.h"
#include "sim/world/world.h"

namespace kith::sim {
namespace {

using ::testing::HasSubstr;

constexpr TransferId kTransfer{{std::byte{1}}};

// Alice shares /outbox/a with Bob, whose engines do not run.
class CheckerTest : public ::testing::Test {
 protected:
  void SetUp() override;
  void watch(Checker& checker) { world_.add_observer(checker); }

  void say(Device& device, Event event);
  void command(Device& device, Command command);
  // Carries out a request on Bob's disk as his engine's.
  void on_disk(FileRequest request);
  void pair();
  void share();
  // Bob's engine writes the file to its hidden place and syncs it.
  void receive_hidden(std::string_view content);
  void publish();
  void say_received(std::string_view digest_of);
  void say_sent();

  static constexpr std::string_view kContent = "what alice shared";
  World world_{1};
  Device* alice_ = nullptr;
  Device* bob_ = nullptr;
  FileInfo source_;
};

TEST_F(CheckerTest, a_transfer_as_it_should_be_violates_nothing) {
  auto checkers = all_checkers(world_);
  for (const auto& checker : checkers) watch(*checker);
  pair();
  share();
  receive_hidden(kContent);
  publish();
  on_disk(DirectorySync{{}, {"/inbox", ""}});
  say_received(kContent);
  say_sent();
  EXPECT_EQ(checkers.size(), 18u);
  for (const auto& checker : checkers) {
    checker->finish(world_);
    EXPECT_TRUE(checker->ok()) << checker->name() << ": " << checker->first_violation();
  }
}

TEST_F(CheckerTest, published_content_that_differs_is_seen) {
  PublishedEqualsSource checker;
  watch(checker);
  share();
  receive_hidden("what alice shareD");
  publish();
  say_received(kContent);
  EXPECT_THAT(checker.first_violation(), HasSubstr("bob completed /inbox/a, but it has other"));
}

TEST_F(CheckerTest, a_digest_that_is_not_the_sources_is_seen) {
  PublishedEqualsSource checker;
  watch(checker);
  share();
  receive_hidden(kContent);
  publish();
  say_received("something else");
  EXPECT_THAT(checker.first_violation(), HasSubstr("announced with another digest"));
}

TEST_F(CheckerTest, lost_permissions_and_times_are_seen) {
  PublishedEqualsSource checker;
  watch(checker);
  share();
  receive_hidden(kContent);
  publish();
  bob_->disk().make_file("/inbox/a", as_byte_view(kContent), source_.mode, 1);
  say_received(kContent);
  EXPECT_THAT(checker.first_violation(), HasSubstr("it has another time"));
}

TEST_F(CheckerTest, a_completed_item_that_nobody_shared_is_seen) {
  PublishedEqualsSource checker;
  watch(checker);
  say_received(kContent);
  EXPECT_THAT(checker.first_violation(), HasSubstr("which nobody sent"));
}

TEST_F(CheckerTest, a_file_made_under_its_final_name_is_seen) {
  NoPartialContent checker;
  watch(checker);
  share();
  on_disk(FileOpen{{}, {1}, {"/inbox", "a"}, FileOpen::Mode::create});
  EXPECT_THAT(checker.first_violation(), HasSubstr("made /inbox/a under its final name"));
}

TEST_F(CheckerTest, a_rename_before_all_is_written_is_seen) {
  NoPartialContent checker;
  watch(checker);
  share();
  receive_hidden("what alice");
  publish();
  EXPECT_THAT(checker.first_violation(), HasSubstr("shows /inbox/a with 10 bytes"));
}

TEST_F(CheckerTest, a_write_after_the_rename_is_seen) {
  NoPartialContent checker;
  watch(checker);
  share();
  on_disk(FileMakeDirectory{{}, {"/inbox", ".kith-part-1"}});
  on_disk(FileOpen{{}, {7}, {"/inbox", ".kith-part-1/0"}, FileOpen::Mode::create});
  on_disk(FileWrite{{}, {7}, 0, SharedBytes(to_bytes(as_byte_view(kContent)))});
  publish();
  EXPECT_TRUE(checker.ok()) << checker.first_violation();
  on_disk(FileWrite{{}, {7}, 0, SharedBytes(to_bytes(as_byte_view("x")))});
  EXPECT_THAT(checker.first_violation(), HasSubstr("wrote to /inbox/a in its place"));
}

TEST_F(CheckerTest, partial_content_that_a_power_loss_uncovers_is_seen) {
  NoPartialContent checker;
  watch(checker);
  share();
  // Published whole, but never synced: the death takes the data and leaves the name.
  bob_->disk().make_file("/inbox/a", as_byte_view("what al"));
  checker.on_stopped(*bob_, world_.now(), Ending::crashed);
  EXPECT_THAT(checker.first_violation(), HasSubstr("shows /inbox/a with 7 bytes"));
}

TEST_F(CheckerTest, what_lay_in_an_inbox_before_is_nobodys_partial_content) {
  bob_->disk().make_file("/inbox/old", as_byte_view("bob's own"));
  NoPartialContent checker;
  watch(checker);
  share();
  checker.finish(world_);
  EXPECT_TRUE(checker.ok()) << checker.first_violation();
}

TEST_F(CheckerTest, every_change_of_a_disk_before_pairing_is_seen) {
  const FilePath path{"/inbox", "a"};
  const std::vector<Output> changes{
      FileOpen{{}, {1}, path, FileOpen::Mode::create},
      FileWrite{},
      FileSetAttributes{},
      FileRename{},
      FileMakeDirectory{},
      FileSetDirectoryAttributes{},
      FileRemove{},
  };
  for (const Output& change : changes) {
    NoUnauthenticatedWrite checker;
    checker.on_output(*bob_, world_.now(), change);
    EXPECT_FALSE(checker.ok()) << change.index();
    NoUnauthenticatedWrite after_pairing;
    after_pairing.on_output(*bob_, world_.now(), Event(Paired{}));
    after_pairing.on_output(*bob_, world_.now(), change);
    EXPECT_TRUE(after_pairing.ok()) << change.index();
  }
}

TEST_F(CheckerTest, looking_at_a_disk_before_pairing_is_no_change_of_it) {
  NoUnauthenticatedWrite checker;
  checker.on_output(*bob_, world_.now(), FileStat{});
  checker.on_output(*bob_, world_.now(), FileList{});
  checker.on_output(*bob_, world_.now(), FileOpen{});
  EXPECT_TRUE(checker.ok()) << checker.first_violation();
}

TEST_F(CheckerTest, an_announcement_before_the_directory_is_synced_is_seen) {
  DurableBeforeAcknowledged checker;
  watch(checker);
  share();
  receive_hidden(kContent);
  publish();
  say_received(kContent);
  EXPECT_THAT(checker.first_violation(), HasSubstr("after a power loss it is missing"));
}

TEST_F(CheckerTest, an_announcement_before_the_data_is_synced_is_seen) {
  DurableBeforeAcknowledged checker;
  watch(checker);
  share();
  on_disk(FileMakeDirectory{{}, {"/inbox", ".kith-part-1"}});
  on_disk(FileOpen{{}, {7}, {"/inbox", ".kith-part-1/0"}, FileOpen::Mode::create});
  on_disk(FileWrite{{}, {7}, 0, SharedBytes(to_bytes(as_byte_view(kContent)))});
  publish();
  on_disk(DirectorySync{{}, {"/inbox", ""}});
  say_received(kContent);
  EXPECT_THAT(checker.first_violation(), HasSubstr("after a power loss it has 0 bytes"));
}

TEST_F(CheckerTest, a_sender_told_before_the_receiver_is_done_is_seen) {
  DurableBeforeAcknowledged checker;
  watch(checker);
  share();
  say_sent();
  EXPECT_THAT(checker.first_violation(), HasSubstr("before the receiver published it"));
}

TEST_F(CheckerTest, a_timer_in_the_past_is_seen) {
  Timers checker(world_);
  const Instant now{1'000};
  checker.on_step(*bob_, now, {.timer = true, .asked_by = "a", .wakeup = Wakeup{now, "b"}});
  EXPECT_TRUE(checker.ok());
  checker.on_step(*bob_, now,
                  {.timer = true, .asked_by = "a", .wakeup = Wakeup{Instant{999}, "b"}});
  EXPECT_THAT(checker.first_violation(),
              HasSubstr("woken for a and wants to be woken in the past"));
}

TEST_F(CheckerTest, timers_that_circle_within_an_instant_are_seen_and_end_the_run) {
  Timers checker(world_);
  for (std::uint64_t i = 0; i <= Timers::kMaxTimersPerInstant; ++i) {
    EXPECT_TRUE(checker.ok());
    checker.on_step(*bob_, Instant{5}, {.timer = true, .asked_by = "a", .outputs = 1});
  }
  EXPECT_THAT(checker.first_violation(), HasSubstr("again and again at once for a"));
  EXPECT_TRUE(world_.timeline().halted());
}

TEST_F(CheckerTest, steps_without_end_within_an_instant_are_seen_and_end_the_run) {
  Timers checker(world_);
  for (std::uint64_t i = 0; i < Timers::kMaxStepsPerInstant; ++i) {
    checker.on_step(*bob_, Instant{5}, {.outputs = 1});
  }
  EXPECT_TRUE(checker.ok());
  checker.on_step(*bob_, Instant{5}, {.outputs = 1});
  EXPECT_FALSE(checker.ok());
  EXPECT_TRUE(world_.timeline().halted());
}

TEST_F(CheckerTest, waking_for_nothing_is_seen_and_waking_for_something_is_not) {
  Timers idle(world_);
  Timers busy(world_);
  for (std::int64_t i = 0; i <= 100; ++i) {
    idle.on_step(*bob_, Instant{i}, {.timer = true, .asked_by = "a"});
    busy.on_step(*bob_, Instant{i}, {.timer = true, .asked_by = "a", .transmits = 1});
  }
  EXPECT_THAT(idle.first_violation(), HasSubstr("did nothing, last for a"));
  EXPECT_TRUE(busy.ok());
}

// Alice's third connection is Bob's eighth.
class StreamBytesTest : public CheckerTest {
 protected:
  void SetUp() override {
    CheckerTest::SetUp();
    watch(checker_);
    say(*alice_, PeerConnected{{1}, {3}, "chat", bob_->id(), true});
    say(*bob_, PeerConnected{{0}, {8}, "chat", alice_->id(), true});
  }
  void write(std::string_view text, bool fin = false) {
    command(*alice_, StreamWrite{{3}, {0}, SharedBytes(to_bytes(as_byte_view(text))), fin});
  }
  void read(std::string_view text, bool fin = false) {
    say(*bob_, BytesReceived{{8}, {0}, SharedBytes(to_bytes(as_byte_view(text))), fin});
  }
  StreamBytes checker_;
};

TEST_F(StreamBytesTest, a_stream_as_it_should_be_violates_nothing) {
  write("good mor");
  read("good");
  write("ning", true);
  read(" mornin");
  read("g", true);
  EXPECT_TRUE(checker_.ok()) << checker_.first_violation();
}

TEST_F(StreamBytesTest, bytes_that_come_twice_are_seen) {
  write("good morning");
  read("good");
  read("good");
  EXPECT_THAT(checker_.first_violation(), HasSubstr("has 4 bytes after 4 of stream 0"));
}

TEST_F(StreamBytesTest, bytes_before_they_were_written_are_seen) {
  read("good");
  EXPECT_FALSE(checker_.ok());
}

TEST_F(StreamBytesTest, an_end_before_the_end_is_seen) {
  write("good morning", true);
  read("good", true);
  EXPECT_FALSE(checker_.ok());
}

TEST_F(StreamBytesTest, bytes_after_the_end_are_seen) {
  write("good", true);
  read("good", true);
  EXPECT_TRUE(checker_.ok()) << checker_.first_violation();
  read("");
  EXPECT_THAT(checker_.first_violation(), HasSubstr("after its end"));
}

// Streams of two connections have one number: what is of one of them is of neither after a mix.
TEST_F(StreamBytesTest, bytes_of_two_connections_mixed_are_seen) {
  say(*alice_, PeerConnected{{1}, {4}, "chat", bob_->id(), true});
  write("good morning");
  command(*alice_, StreamWrite{{4}, {0}, SharedBytes(to_bytes(as_byte_view("good night"))), true});
  read("good n");
  EXPECT_TRUE(checker_.ok()) << checker_.first_violation();
  read("ing");
  EXPECT_FALSE(checker_.ok());
}

TEST_F(CheckerTest, counts_all_violations_and_shows_the_first) {
  PublishedEqualsSource checker;
  watch(checker);
  say_received(kContent);
  say_received(kContent);
  EXPECT_EQ(checker.violations(), 2u);
  EXPECT_THAT(checker.first_violation(), ::testing::StartsWith("at 0.000000 s bob completed"));
}

// --- helpers ------------------------------------------------------------------------------------

// Alice has written to Bob, and was told that it is queued.
class MessagesTest : public CheckerTest {
 protected:
  void SetUp() override {
    CheckerTest::SetUp();
    watch(checker_);
    command(*bob_, ReceiveMessages{});
    write(1);
  }
  void write(std::uint8_t number) {
    command(*alice_, SendMessage{{number}, bob_->id(), "{}", {}});
    say(*alice_, MessageQueued{{number}, bob_->id(), id(number)});
  }
  void receive(std::uint8_t number, std::string body = "{}") {
    say(*bob_, MessageReceived{alice_->id(), id(number), {}, std::move(body)});
  }
  static MessageId id(std::uint8_t number) { return {{std::byte{number}}}; }

  Messages checker_;
};

TEST_F(MessagesTest, a_message_as_it_should_be_violates_nothing) {
  receive(1);
  say(*alice_, MessageDelivered{{1}, bob_->id(), id(1)});
  checker_.finish(world_);
  EXPECT_TRUE(checker_.ok()) << checker_.first_violation();
}

TEST_F(MessagesTest, another_body_is_seen) {
  receive(1, "[]");
  EXPECT_THAT(checker_.first_violation(), HasSubstr("with another body"));
}

TEST_F(MessagesTest, a_message_that_comes_twice_is_seen) {
  receive(1);
  receive(1);
  EXPECT_THAT(checker_.first_violation(), HasSubstr("twice in one life"));
}

TEST_F(MessagesTest, another_order_is_seen) {
  write(2);
  receive(2);
  receive(1);
  EXPECT_THAT(checker_.first_violation(), HasSubstr("another order"));
}

TEST_F(MessagesTest, a_message_for_somebody_else_is_seen) {
  say(*alice_, MessageReceived{bob_->id(), id(1), {}, "{}"});
  EXPECT_THAT(checker_.first_violation(), HasSubstr("to another device"));
}

TEST_F(MessagesTest, one_that_is_said_to_be_delivered_and_never_comes_is_seen) {
  bob_->start();
  command(*bob_, ReceiveMessages{});
  say(*alice_, MessageDelivered{{1}, bob_->id(), id(1)});
  checker_.finish(world_);
  EXPECT_THAT(checker_.first_violation(), HasSubstr("was never given a message"));
}

TEST_F(MessagesTest, who_removes_or_blocks_the_sender_need_not_be_given_it) {
  bob_->start();
  command(*bob_, ReceiveMessages{});
  say(*alice_, MessageDelivered{{1}, bob_->id(), id(1)});
  command(*bob_, RemoveDevice{alice_->id()});
  write(2);
  say(*alice_, MessageDelivered{{2}, bob_->id(), id(2)});
  command(*bob_, BlockDevice{alice_->id()});
  checker_.finish(world_);
  EXPECT_TRUE(checker_.ok()) << checker_.first_violation();
}

TEST_F(MessagesTest, a_delivery_nobody_asked_for_is_seen) {
  say(*bob_, MessageDelivered{{1}, alice_->id(), id(1)});
  EXPECT_THAT(checker_.first_violation(), HasSubstr("had not asked for"));
}

void CheckerTest::SetUp() {
  DeviceSpec spec;
  spec.name = "alice";
  spec.addresses = {Address::v4(10, 0, 0, 1, 0)};
  alice_ = &world_.add_device(spec);
  spec.name = "bob";
  spec.addresses = {Address::v4(10, 0, 0, 2, 0)};
  bob_ = &world_.add_device(spec);
  alice_->disk().make_file("/outbox/a", as_byte_view(kContent), 0644, 12'345);
  source_ = *alice_->disk().info("/outbox/a");
  bob_->disk().make_directory("/inbox");
}

void CheckerTest::say(Device& device, Event event) {
  world_.notify(&Observer::on_output, device, world_.now(), Output(std::move(event)));
}

void CheckerTest::command(Device& device, Command command) {
  world_.notify(&Observer::on_input, device, world_.now(), Input(std::move(command)));
}

void CheckerTest::on_disk(FileRequest request) {
  std::visit(
      [this](const auto& effect) {
        world_.notify(&Observer::on_output, *bob_, world_.now(), Output(effect));
      },
      request);
  const auto operation = bob_->disk().begin(std::move(request));
  const FileCompleted completed = bob_->disk().finish(*operation, 1);
  ASSERT_TRUE(completed.outcome) << completed.outcome.error().message;
  world_.notify(&Observer::on_file_done, *bob_, world_.now(), operation->request,
                completed.outcome);
}

// Alice types the words that Bob shows: those of an entropy of zeros, by BIP39.
void CheckerTest::pair() {
  std::vector<std::string> words(11, "abandon");
  words.push_back("about");
  say(*bob_, PairingCodeReady{{1}, words, std::chrono::minutes(5)});
  command(*alice_, JoinPairing{{1}, {}, {}});
  say(*alice_, PairingConfirmationNeeded{{1}, bob_->id(), "bob", "1"});
  say(*bob_, PairingConfirmationNeeded{{1}, alice_->id(), "alice", "1"});
  command(*alice_, ConfirmPairing{{1}, true});
  command(*bob_, ConfirmPairing{{1}, true});
  say(*alice_, Paired{{1}, bob_->id(), "bob"});
  say(*bob_, Paired{{1}, alice_->id(), "alice"});
}

void CheckerTest::share() {
  command(*bob_, SetReceivePolicy{SetReceivePolicy::Accept::all, "/inbox"});
  command(*alice_, ShareWithDevice{{1}, bob_->id(), {"/outbox/a"}, ""});
  say(*alice_, TransferStarted{{1}, kTransfer, bob_->id(), kContent.size()});
}

void CheckerTest::receive_hidden(std::string_view content) {
  on_disk(FileMakeDirectory{{}, {"/inbox", ".kith-part-1"}});
  on_disk(FileOpen{{}, {7}, {"/inbox", ".kith-part-1/0"}, FileOpen::Mode::create});
  on_disk(FileWrite{{}, {7}, 0, SharedBytes(to_bytes(as_byte_view(content)))});
  on_disk(FileSetAttributes{{}, {7}, source_.mode, source_.modified_ns});
  on_disk(FileSync{{}, {7}});
  on_disk(FileClose{{}, {7}});
}

void CheckerTest::publish() {
  on_disk(FileRename{{}, {"/inbox", ".kith-part-1/0"}, {"/inbox", "a"}});
}

void CheckerTest::say_received(std::string_view digest_of) {
  ItemCompleted item;
  item.transfer = kTransfer;
  item.direction = TransferDirection::receiving;
  item.path = "/inbox/a";
  item.digest = blake3(as_byte_view(digest_of)).bytes;
  say(*bob_, item);
}

void CheckerTest::say_sent() {
  ItemCompleted item;
  item.transfer = kTransfer;
  item.path = "/outbox/a";
  say(*alice_, item);
}

}  // namespace
}  // namespace kith::sim
