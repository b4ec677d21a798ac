// What goes wrong between two honest devices: disks, people, connections, files that change.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/transfer/limits.h"
#include "tests/transfer/loopback.h"
#include "tests/transfer/outcomes.h"

namespace kith::transfer {
namespace {

constexpr std::size_t kMiB = 1 << 20;
constexpr int kAlice = Loopback::kAlice;
constexpr int kBob = Loopback::kBob;

// Two items that touch every kind of effect in few steps.
void make_items(Loopback& loop);
void share_items(Loopback& loop);
// Each side was told one outcome, at most one item is there of each name, and it is whole.
void expect_one_outcome_each(Loopback& loop);
std::size_t outcomes(Loopback::Device& device);
void fail_every_op_of(int side, ErrorCode code);

TEST(TransferFailure, any_file_effect_of_the_receiver_may_fail) {
  fail_every_op_of(kBob, ErrorCode::no_space);
  fail_every_op_of(kBob, ErrorCode::io_error);
}

TEST(TransferFailure, any_file_effect_of_the_sender_may_fail) {
  fail_every_op_of(kAlice, ErrorCode::io_error);
  fail_every_op_of(kAlice, ErrorCode::not_found);
}

void fail_every_op_of(int side, ErrorCode code) {
  bool reached = true;
  int failures = 0;
  for (std::uint64_t nth = 1; reached; ++nth) {
    SCOPED_TRACE(nth);
    Loopback loop(nth);
    make_items(loop);
    auto& device = loop.device(side);
    device.fail_at_op = nth;
    device.fail_with = {code, "injected", ""};
    std::optional<ProtocolOutput> failed;
    watch_publications(loop);
    loop.after_file_op = [&loop, &failed, watch = loop.after_file_op, side](
                             int at, const ProtocolOutput& effect, bool succeeded) {
      auto& disk_owner = loop.device(side);
      if (at == side && disk_owner.ops_completed == disk_owner.fail_at_op) failed = effect;
      watch(at, effect, succeeded);
    };
    share_items(loop);
    loop.run();
    reached = failed.has_value();
    expect_one_outcome_each(loop);
    const bool complete = loop.alice().all<TransferFailed>().empty();
    EXPECT_EQ(complete, loop.bob().all<TransferFailed>().empty() &&
                            !loop.bob().all<TransferCompleted>().empty());
    const bool harmless = !failed || std::holds_alternative<FileRemove>(*failed) ||
                          (side == kAlice && std::holds_alternative<FileClose>(*failed));
    EXPECT_EQ(complete, harmless);
    if (!complete) {
      ++failures;
      const auto told = loop.alice().all<TransferFailed>()[0].error.code;
      const bool changed = side == kAlice && code == ErrorCode::not_found;
      EXPECT_THAT(told, testing::AnyOf(code, changed ? ErrorCode::source_changed : code));
    }
    EXPECT_EQ(loop.bob().disk.open_handles() + loop.alice().disk.open_handles(), 0u);
    if (failed && std::holds_alternative<FileRemove>(*failed)) continue;  // it was left behind
    expect_quiet(loop);
  }
  EXPECT_GE(failures, 8);
}

TEST(TransferFailure, a_disk_that_is_full_at_any_point_is_told_to_both) {
  for (std::uint64_t space = 0; space < 3 * kMiB; space += kMiB / 3) {
    SCOPED_TRACE(space);
    Loopback loop(space + 1);
    make_items(loop);
    loop.bob().disk.set_space(space);
    watch_publications(loop);
    share_items(loop);
    loop.run();
    if (loop.alice().all<TransferCompleted>().empty()) {
      expect_failed(loop, kAlice, ErrorCode::no_space);
      expect_failed(loop, kBob, ErrorCode::no_space);
    } else {
      EXPECT_GE(space, kMiB + 5);
    }
    expect_quiet(loop);
  }
}

TEST(TransferFailure, either_person_may_cancel_at_any_step) {
  for (const int side : {kAlice, kBob}) {
    bool reached = true;
    for (std::uint64_t at = 0; reached; ++at) {
      SCOPED_TRACE(at);
      Loopback loop(at + 1);
      make_items(loop);
      watch_publications(loop);
      share_items(loop);
      while (loop.steps() < at && loop.step()) loop.fire_timers();
      reached = loop.steps() == at;
      const bool over = outcomes(loop.device(side)) > 0;
      const auto offered = loop.bob().all<TransferOffered>();
      if (side == kAlice) {
        loop.command(kAlice, Cancel{{7}});
      } else if (!offered.empty()) {
        loop.command(kBob, CancelTransfer{offered[0].transfer});
      }
      loop.run();
      expect_quiet(loop);
      if (over || (side == kBob && offered.empty())) continue;
      expect_one_outcome_each(loop);
      for (int each = 0; each < 2; ++each) {
        for (const auto& failed : loop.device(each).all<TransferFailed>()) {
          EXPECT_EQ(failed.error.code, ErrorCode::cancelled) << failed.error.message;
        }
      }
      // The receiver may have had it all, with only the end to be said.
      const auto completed = loop.bob().all<TransferCompleted>().size();
      EXPECT_EQ(loop.device(side).all<TransferFailed>().size(), side == kBob ? 1 - completed : 1u);
    }
  }
}

TEST(TransferFailure, the_connection_may_be_lost_at_any_step) {
  bool reached = true;
  for (std::uint64_t at = 0; reached; ++at) {
    SCOPED_TRACE(at);
    Loopback loop(at + 1);
    make_items(loop);
    watch_publications(loop);
    share_items(loop);
    while (loop.steps() < at && loop.step()) loop.fire_timers();
    reached = loop.steps() == at;
    const bool was_connected = loop.connected();
    const bool over = outcomes(loop.alice()) > 0;
    loop.cut_connection();
    loop.run();
    expect_quiet(loop);
    if (!was_connected || over) continue;
    expect_failed(loop, kAlice, ErrorCode::connection_lost);
    // The last word may have been under way: then the receiver has it all.
    if (loop.bob().all<TransferCompleted>().empty() && !loop.bob().all<TransferOffered>().empty()) {
      expect_failed(loop, kBob, ErrorCode::connection_lost);
    }
  }
}

TEST(TransferFailure, a_file_that_changes_is_either_sent_as_it_was_or_not_at_all) {
  bool reached = true;
  int changed = 0;
  int unharmed = 0;
  for (std::uint64_t at = 0; reached; at += 3) {
    SCOPED_TRACE(at);
    Loopback loop(at + 1);
    make_items(loop);
    loop.alice().disk.add_file("/home/other", test_content(9, 3000));
    watch_publications(loop);
    loop.command(kBob, SetReceivePolicy{SetReceivePolicy::Accept::all, "/inbox"});
    loop.command(kAlice, ShareWithDevice{{7}, loop.bob().id, {"/home/d", "/home/other"}, ""});
    // Until the walk has seen the files there is nothing that could have changed.
    while (loop.alice().all<TransferStarted>().empty()) ASSERT_TRUE(loop.step());
    const auto seen = loop.steps();
    while (loop.steps() < seen + at && loop.step()) loop.fire_timers();
    reached = loop.steps() == seen + at;
    const auto before = loop.alice().disk.tree("/home/d/f");
    auto& file = loop.alice().disk.at("/home/d/f");
    file.info.modified_ns += 1;
    file.content[0] ^= std::byte{1};
    loop.run();
    expect_quiet(loop);
    EXPECT_TRUE(loop.bob().disk.has("/inbox/other")) << "one file harmed another item";
    if (loop.alice().all<TransferCompleted>().empty()) {
      ++changed;
      expect_failed(loop, kAlice, ErrorCode::source_changed);
      expect_failed(loop, kBob, ErrorCode::source_changed);
      EXPECT_FALSE(loop.bob().disk.has("/inbox/d"));
      EXPECT_THAT(loop.alice().all<TransferFailed>()[0].error.message, testing::HasSubstr("d/f"));
      EXPECT_EQ(loop.alice().all<ItemCompleted>().size(), 1u);
    } else {
      ++unharmed;
      EXPECT_EQ(loop.bob().disk.at("/inbox/d/f").content, before.at("").content);
    }
  }
  EXPECT_GT(changed, 3);
  EXPECT_GT(unharmed, 3);
}

TEST(TransferFailure, every_change_of_a_file_is_seen) {
  const std::vector<std::function<void(MemoryDisk&)>> changes{
      [](MemoryDisk& disk) { disk.at("/home/d/f").content.resize(5); },
      [](MemoryDisk& disk) { disk.add_file("/home/d/f", test_content(1, kMiB + 6)); },
      [](MemoryDisk& disk) { disk.add_symlink("/home/d/f"); },
      [](MemoryDisk& disk) { disk.at("/home/d/void").info.modified_ns += 1; },
      [](MemoryDisk& disk) { disk.at("/home/d/sub/s").info.modified_ns -= 1; },
  };
  for (const auto& change : changes) {
    Loopback loop(3);
    make_items(loop);
    share_items(loop);
    while (loop.bob().all<TransferOffered>().empty()) ASSERT_TRUE(loop.step());
    change(loop.alice().disk);
    loop.run();
    expect_quiet(loop);
    expect_failed(loop, kBob, loop.alice().all<TransferFailed>().at(0).error.code);
    EXPECT_THAT(loop.alice().all<TransferFailed>()[0].error.code,
                testing::AnyOf(ErrorCode::source_changed, ErrorCode::permission_denied));
    EXPECT_FALSE(loop.bob().disk.has("/inbox/d"));
  }
}

TEST(TransferFailure, a_source_that_cannot_be_read_is_named) {
  struct Case {
    std::vector<std::string> paths;
    std::string destination;
    ErrorCode code;
    std::string words;
  };
  Loopback loop(4);
  auto& disk = loop.alice().disk;
  make_items(loop);
  disk.add_symlink("/home/link");
  disk.add_directory("/home/secret", 0300);
  std::string deep = "/home/deep";
  disk.add_directory(deep);
  for (std::size_t i = 0; i < kMaxDepth; ++i) disk.add_directory(deep += "/d");
  const std::vector<Case> cases{
      {{"/home/gone\x1b"}, "", ErrorCode::not_found, "/home/gone\xef\xbf\xbd does not exist"},
      {{"/home/d", "/home/gone"}, "", ErrorCode::not_found, "/home/gone"},
      {{"/home/link"}, "", ErrorCode::invalid_argument, "neither a file nor a directory"},
      {{"/home/secret"}, "", ErrorCode::permission_denied, "cannot be listed"},
      {{"/home/deep"}, "", ErrorCode::limit_exceeded, "deeper than 128"},
      {{}, "", ErrorCode::invalid_argument, "nothing to send"},
      {{"home/d"}, "", ErrorCode::invalid_argument, "absolute"},
      {{"/"}, "", ErrorCode::invalid_argument, "name"},
      {{"/home/d"}, "../up", ErrorCode::invalid_argument, "destination"},
      {{"/home/d"}, "/etc", ErrorCode::invalid_argument, "destination"},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.words);
    loop.alice().events.clear();
    loop.command(kAlice, ShareWithDevice{{7}, loop.bob().id, each.paths, each.destination});
    loop.run();
    expect_failed(loop, kAlice, each.code);
    const auto failed = loop.alice().all<TransferFailed>()[0];
    EXPECT_THAT(failed.error.message, testing::HasSubstr(each.words));
    EXPECT_EQ(failed.request.value, 7u);
    EXPECT_TRUE(loop.alice().all<TransferStarted>().empty());
  }
  EXPECT_TRUE(loop.bob().events.empty());
  expect_quiet(loop);
}

TEST(TransferFailure, a_device_that_is_not_reached_is_unreachable) {
  Loopback loop(5);
  make_items(loop);
  loop.dials_succeed = false;
  share_items(loop);
  loop.run();
  expect_failed(loop, kAlice, ErrorCode::unreachable);
  expect_quiet(loop);
}

TEST(TransferFailure, an_inbox_that_is_missing_or_taken_is_told_to_both) {
  for (const auto& [inbox, destination, code] :
       {std::tuple("/nowhere", "", ErrorCode::not_found),
        std::tuple("/inbox", "file", ErrorCode::already_exists),
        std::tuple("/inbox", "link", ErrorCode::already_exists)}) {
    Loopback loop(6);
    make_items(loop);
    loop.bob().disk.add_file("/inbox/file", {});
    loop.bob().disk.add_symlink("/inbox/link");
    loop.command(kBob, SetReceivePolicy{SetReceivePolicy::Accept::all, inbox});
    loop.command(kAlice, ShareWithDevice{{7}, loop.bob().id, {"/home/d"}, destination});
    loop.run();
    expect_failed(loop, kAlice, code);
    expect_failed(loop, kBob, code);
    expect_quiet(loop);
  }
}

TEST(TransferFailure, cancelling_what_is_not_there_does_nothing) {
  Loopback loop(7);
  make_items(loop);
  share_items(loop);
  loop.command(kAlice, CancelTransfer{{}});
  loop.command(kAlice, Cancel{{99}});
  loop.command(kBob, AnswerTransfer{{}, false});
  loop.run();
  expect_completed(loop);
}

TEST(TransferFailure, one_transfer_s_failure_is_not_another_s) {
  Loopback loop(8);
  make_items(loop);
  loop.alice().disk.add_file("/home/g", test_content(3, 3 * kMiB));
  share_items(loop);
  loop.command(kAlice, ShareWithDevice{{8}, loop.bob().id, {"/home/g"}, ""});
  for (int i = 0; i < 60; ++i) ASSERT_TRUE(loop.step());
  loop.command(kAlice, Cancel{{7}});
  loop.run();
  expect_quiet(loop);
  EXPECT_EQ(loop.alice().all<TransferCompleted>().size(), 1u);
  EXPECT_EQ(loop.bob().disk.at("/inbox/g").content, test_content(3, 3 * kMiB));
}

void make_items(Loopback& loop) {
  auto& disk = loop.alice().disk;
  disk.add_directory("/home/d", 0500);
  disk.add_file("/home/d/f", test_content(1, kMiB + 5));
  disk.add_directory("/home/d/sub");
  disk.add_file("/home/d/sub/s", test_content(2, 100));
  disk.add_file("/home/d/void", {});
}

void share_items(Loopback& loop) {
  loop.max_cut = 2 * kMiB;
  loop.share({"/home/d"}, "to");
}

void expect_one_outcome_each(Loopback& loop) {
  EXPECT_EQ(outcomes(loop.alice()), 1u);
  const bool knew = !loop.bob().all<TransferOffered>().empty();
  EXPECT_EQ(outcomes(loop.bob()), knew ? 1u : 0u);
  const auto published = loop.bob().all<ItemCompleted>();
  EXPECT_LE(published.size(), 1u);
  for (const auto& item : published) EXPECT_TRUE(loop.bob().disk.durable(item.path));
  EXPECT_LE(loop.alice().all<ItemCompleted>().size(), published.size());
}

std::size_t outcomes(Loopback::Device& device) {
  return device.all<TransferFailed>().size() + device.all<TransferCompleted>().size();
}

}  // namespace
}  // namespace kith::transfer
