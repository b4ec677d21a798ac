// Whole transfers between two devices, with every order of events that a seed can make.

#include "engine/transfer/transfer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "engine/crypto/blake3.h"
#include "engine/transfer/limits.h"
#include "tests/transfer/loopback.h"
#include "tests/transfer/outcomes.h"

namespace kith::transfer {
namespace {

constexpr std::size_t kMiB = 1 << 20;
constexpr int kAlice = Loopback::kAlice;
constexpr int kBob = Loopback::kBob;

TEST(Transfer, a_file_of_any_size_arrives_as_it_was) {
  const std::size_t sizes[] = {0,
                               1,
                               2,
                               1000,
                               64 * 1024,
                               kMiB - 1,
                               kMiB,
                               kMiB + 1,
                               2 * kMiB,
                               2 * kMiB + 5,
                               3 * kMiB - 1,
                               5 * kMiB,
                               9 * kMiB + 77};
  std::uint64_t seed = 100;
  for (const auto size : sizes) {
    SCOPED_TRACE(size);
    Loopback loop(++seed);
    loop.alice().disk.add_file("/home/cat.jpg", test_content(seed, size), 0640);
    loop.share({"/home/cat.jpg"});
    loop.run();
    expect_completed(loop);
    EXPECT_EQ(loop.bob().disk.tree("/inbox/cat.jpg"), loop.alice().disk.tree("/home/cat.jpg"));
    const auto received = loop.bob().all<ItemCompleted>();
    ASSERT_EQ(received.size(), 1u);
    EXPECT_EQ(received[0].path, "/inbox/cat.jpg");
    EXPECT_EQ(received[0].bytes, size);
    EXPECT_EQ(received[0].digest, blake3(test_content(seed, size)).bytes);
    const auto sent = loop.alice().all<ItemCompleted>();
    ASSERT_EQ(sent.size(), 1u);
    EXPECT_EQ(sent[0].path, "/home/cat.jpg");
    EXPECT_EQ(sent[0].digest, received[0].digest);
  }
}

TEST(Transfer, a_tree_arrives_as_it_was_in_every_order_of_events) {
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    Loopback loop(seed);
    loop.max_cut = seed % 3 == 0 ? 100'000'000 : seed % 3 == 1 ? 20'000 : 300'000;
    make_album(loop.alice().disk, "/home/album", seed);
    watch_publications(loop);
    loop.share({"/home/album"});
    loop.run();
    expect_completed(loop);
    EXPECT_EQ(loop.bob().disk.tree("/inbox/album"), loop.alice().disk.tree("/home/album"));
    EXPECT_TRUE(loop.bob().disk.durable("/inbox/album"));
    const auto sent = loop.alice().all<ItemCompleted>();
    const auto received = loop.bob().all<ItemCompleted>();
    ASSERT_EQ(sent.size(), 1u);
    ASSERT_EQ(received.size(), 1u);
    EXPECT_EQ(sent[0].digest, received[0].digest);
  }
}

TEST(Transfer, several_paths_go_to_a_destination_that_is_made) {
  Loopback loop(1);
  make_album(loop.alice().disk, "/home/album");
  loop.alice().disk.add_file("/home/a.txt", test_content(1, 100));
  loop.alice().disk.add_directory("/home/hollow");
  loop.bob().disk.add_directory("/inbox/from");
  watch_publications(loop);
  loop.share({"/home/a.txt", "/home/album/", "/home/hollow"}, "from/alice");
  loop.run();
  expect_completed(loop);
  for (const auto* name : {"a.txt", "album", "hollow"}) {
    EXPECT_EQ(loop.bob().disk.tree(std::string("/inbox/from/alice/") + name),
              loop.alice().disk.tree(std::string("/home/") + name));
  }
  EXPECT_TRUE(loop.bob().disk.durable("/inbox/from/alice"));
  std::set<std::string> paths;
  for (const auto& item : loop.bob().all<ItemCompleted>()) paths.insert(item.path);
  EXPECT_THAT(paths, testing::ElementsAre("/inbox/from/alice/a.txt", "/inbox/from/alice/album",
                                          "/inbox/from/alice/hollow"));
  // The sender hears of each path as it was named.
  std::set<std::string> named;
  for (const auto& item : loop.alice().all<ItemCompleted>()) named.insert(item.path);
  EXPECT_THAT(named, testing::ElementsAre("/home/a.txt", "/home/album/", "/home/hollow"));
}

TEST(Transfer, the_events_tell_the_whole_story) {
  Loopback loop(3);
  make_album(loop.alice().disk, "/home/album");
  loop.alice().disk.add_symlink("/home/album/link");
  loop.share({"/home/album"});
  loop.run();
  expect_completed(loop);
  const auto total = (2 * kMiB + 17) + kMiB + 4096 + 10 + 66 * 999;

  const auto started = loop.alice().all<TransferStarted>();
  ASSERT_EQ(started.size(), 1u);
  EXPECT_EQ(started[0].request.value, 7u);
  EXPECT_EQ(started[0].device, loop.bob().id);
  EXPECT_EQ(started[0].bytes_total, total);
  const auto offered = loop.bob().all<TransferOffered>();
  ASSERT_EQ(offered.size(), 1u);
  EXPECT_EQ(offered[0].transfer, started[0].transfer);
  EXPECT_EQ(offered[0].device, loop.alice().id);
  EXPECT_FALSE(offered[0].decision_needed);
  ASSERT_EQ(offered[0].items.size(), 1u);
  EXPECT_EQ(offered[0].items[0].name, "album");
  EXPECT_EQ(offered[0].items[0].bytes, total);
  EXPECT_EQ(offered[0].items[0].files, 17u);
  for (int side = 0; side < 2; ++side) {
    const auto completed = loop.device(side).all<TransferCompleted>();
    ASSERT_EQ(completed.size(), 1u);
    EXPECT_EQ(completed[0].bytes, total);
    EXPECT_EQ(completed[0].skipped, 1u);
    EXPECT_GT(completed[0].elapsed.count(), 0);
    EXPECT_TRUE(std::holds_alternative<TransferCompleted>(loop.device(side).events.back()));
  }
}

TEST(Transfer, progress_is_monotone_bounded_in_number_and_ends_at_the_total) {
  Loopback loop(4);
  loop.max_cut = 3'000;
  loop.alice().disk.add_file("/home/f", test_content(1, 6 * kMiB));
  loop.share({"/home/f"});
  const auto begin = loop.now();
  loop.run();
  expect_completed(loop);
  const auto seconds = static_cast<double>((loop.now() - begin).count()) / 1e9;
  for (int side = 0; side < 2; ++side) {
    const auto reports = loop.device(side).all<TransferProgress>();
    ASSERT_GE(reports.size(), 3u);
    EXPECT_LE(static_cast<double>(reports.size()), seconds * 10 + 2);
    std::uint64_t last = 0;
    for (const auto& report : reports) {
      EXPECT_GE(report.bytes_done, last);
      EXPECT_EQ(report.bytes_total, 6 * kMiB);
      last = report.bytes_done;
    }
    EXPECT_EQ(last, 6 * kMiB);
  }
}

TEST(Transfer, a_stall_is_reported_as_a_rate_that_falls_to_nothing) {
  Loopback loop(5);
  loop.max_cut = 2'000;
  loop.alice().disk.add_file("/home/f", test_content(1, 6 * kMiB));
  loop.share({"/home/f"});
  while (loop.alice().all<TransferProgress>().empty()) {
    ASSERT_TRUE(loop.step());
    loop.fire_timers();
  }
  for (int second = 0; second < 8; ++second) {
    loop.pass(std::chrono::seconds(1));
    loop.fire_timers();
  }
  const auto reports = loop.alice().all<TransferProgress>();
  EXPECT_GE(reports.size(), 8u);
  EXPECT_EQ(reports.back().rate_bps, 0u);
  EXPECT_FALSE(reports.back().eta.has_value());
  loop.run();
  expect_completed(loop);
}

TEST(Transfer, a_taken_name_is_never_overwritten) {
  Loopback loop(6);
  loop.alice().disk.add_file("/home/cat.jpg", test_content(1, 10));
  make_album(loop.alice().disk, "/home/album");
  loop.bob().disk.add_file("/inbox/cat.jpg", test_content(2, 20));
  loop.bob().disk.add_symlink("/inbox/cat (2).jpg");
  loop.bob().disk.add_directory("/inbox/album");
  loop.share({"/home/cat.jpg", "/home/album"});
  loop.run();
  expect_completed(loop);
  EXPECT_EQ(loop.bob().disk.at("/inbox/cat.jpg").content, test_content(2, 20));
  EXPECT_EQ(loop.bob().disk.at("/inbox/cat (3).jpg").content, test_content(1, 10));
  EXPECT_EQ(loop.bob().disk.tree("/inbox/album (2)"), loop.alice().disk.tree("/home/album"));
  EXPECT_TRUE(loop.bob().disk.paths_below("/inbox/album").empty());
}

TEST(Transfer, two_items_of_one_name_both_arrive) {
  Loopback loop(7);
  loop.alice().disk.add_directory("/home/a");
  loop.alice().disk.add_directory("/home/b");
  loop.alice().disk.add_file("/home/a/x", test_content(1, 10));
  loop.alice().disk.add_file("/home/b/x", test_content(2, 20));
  loop.share({"/home/a/x", "/home/b/x"});
  loop.run();
  expect_completed(loop);
  std::set<Bytes> contents{loop.bob().disk.at("/inbox/x").content,
                           loop.bob().disk.at("/inbox/x (2)").content};
  EXPECT_THAT(contents, testing::UnorderedElementsAre(test_content(1, 10), test_content(2, 20)));
}

TEST(Transfer, links_and_special_files_are_left_out_and_counted) {
  Loopback loop(8);
  loop.alice().disk.add_directory("/home/d");
  loop.alice().disk.add_symlink("/home/d/link");
  loop.alice().disk.add_directory("/home/d/.kith-part-00");
  loop.alice().disk.add_file("/home/d/.kith-part-00/x", test_content(1, 1));
  loop.alice().disk.add_file("/home/d/f", test_content(1, 10));
  loop.share({"/home/d"});
  loop.run();
  expect_completed(loop);
  EXPECT_THAT(loop.bob().disk.paths_below("/inbox/d"), testing::ElementsAre("/inbox/d/f"));
  EXPECT_EQ(loop.alice().all<TransferCompleted>()[0].skipped, 2u);
}

TEST(Transfer, thousands_of_small_files_keep_effects_and_memory_bounded) {
  Loopback loop(9);
  loop.max_cut = 1'000'000;
  loop.alice().disk.add_directory("/home/many");
  for (int i = 0; i < 3000; ++i) {
    loop.alice().disk.add_file("/home/many/" + std::to_string(i), test_content(1, 100));
  }
  std::size_t most_ops = 0;
  loop.after_file_op = [&](int side, const ProtocolOutput&, bool) {
    most_ops = std::max(most_ops, loop.device(side).file_ops.size());
  };
  loop.share({"/home/many"});
  loop.run();
  expect_completed(loop);
  EXPECT_EQ(loop.bob().disk.tree("/inbox/many"), loop.alice().disk.tree("/home/many"));
  EXPECT_LE(most_ops, 3 * kMaxFileOps);
  EXPECT_GE(most_ops, kMaxFileOps / 2);
}

TEST(Transfer, a_slow_disk_holds_the_sender_back) {
  Loopback loop(10);
  loop.max_cut = 1'000'000;
  loop.alice().disk.add_file("/home/f", test_content(1, 30 * kMiB));
  loop.slow_disk_of = kBob;
  loop.share({"/home/f"});
  loop.run();
  expect_completed(loop);
  EXPECT_LE(loop.max_held, 16 * kMiB);
  EXPECT_GE(loop.max_held, 4 * kMiB);
  // What the sender has written and the transport not delivered.
  EXPECT_LE(loop.max_queued, kDataStreams * 3 * kMiB);
}

TEST(Transfer, both_directions_and_several_at_once) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    SCOPED_TRACE(seed);
    Loopback loop(seed);
    for (int side = 0; side < 2; ++side) {
      loop.command(side, SetReceivePolicy{SetReceivePolicy::Accept::all, "/inbox"});
      for (std::uint64_t i = 0; i < 5; ++i) {
        const auto path = "/home/f" + std::to_string(i);
        loop.device(side).disk.add_file(path, test_content(seed + i, i * kMiB + 100));
        loop.command(side, ShareWithDevice{{i + 1}, loop.device(1 - side).id, {path}, ""});
      }
    }
    loop.run();
    expect_quiet(loop);
    for (int side = 0; side < 2; ++side) {
      EXPECT_EQ(loop.device(side).all<TransferCompleted>().size(), 10u);
      EXPECT_TRUE(loop.device(side).all<TransferFailed>().empty());
      for (int i = 0; i < 5; ++i) {
        const auto name = "/f" + std::to_string(i);
        EXPECT_EQ(loop.device(1 - side).disk.tree("/inbox" + name),
                  loop.device(side).disk.tree("/home" + name));
      }
    }
  }
}

TEST(Transfer, more_transfers_than_may_be_active_wait_their_turn) {
  Loopback loop(11);
  loop.command(kBob, SetReceivePolicy{SetReceivePolicy::Accept::all, "/inbox"});
  for (std::uint64_t i = 0; i < 20; ++i) {
    const auto path = "/home/f" + std::to_string(i);
    loop.alice().disk.add_file(path, test_content(i, 3 * kMiB));
    loop.command(kAlice, ShareWithDevice{{i + 1}, loop.bob().id, {path}, ""});
  }
  loop.run();
  expect_quiet(loop);
  EXPECT_EQ(loop.bob().all<TransferCompleted>().size(), 20u);
}

TEST(Transfer, a_person_is_asked_and_says_yes) {
  Loopback loop(12);
  loop.alice().disk.add_file("/home/f", test_content(1, 10));
  loop.command(kBob, SetReceivePolicy{SetReceivePolicy::Accept::ask, "/inbox"});
  loop.command(kAlice, ShareWithDevice{{1}, loop.bob().id, {"/home/f"}, ""});
  loop.run();
  const auto offered = loop.bob().all<TransferOffered>();
  ASSERT_EQ(offered.size(), 1u);
  EXPECT_TRUE(offered[0].decision_needed);
  EXPECT_TRUE(loop.bob().disk.paths_below("/inbox").empty()) << "written before consent";
  loop.command(kBob, AnswerTransfer{offered[0].transfer, true});
  loop.run();
  expect_completed(loop);
  EXPECT_TRUE(loop.bob().disk.has("/inbox/f"));
}

TEST(Transfer, a_person_is_asked_and_says_no) {
  Loopback loop(13);
  loop.alice().disk.add_file("/home/f", test_content(1, 10));
  loop.command(kBob, SetReceivePolicy{SetReceivePolicy::Accept::ask, "/inbox"});
  loop.command(kAlice, ShareWithDevice{{1}, loop.bob().id, {"/home/f"}, ""});
  loop.run();
  loop.command(kBob, AnswerTransfer{loop.bob().all<TransferOffered>()[0].transfer, false});
  loop.run();
  expect_failed(loop, kAlice, ErrorCode::refused);
  expect_failed(loop, kBob, ErrorCode::refused);
  expect_quiet(loop);
  EXPECT_EQ(loop.bob().ops_completed, 0u);
}

TEST(Transfer, a_person_who_does_not_answer_is_taken_for_a_no) {
  Loopback loop(14);
  loop.alice().disk.add_file("/home/f", test_content(1, 10));
  loop.command(kBob, SetReceivePolicy{SetReceivePolicy::Accept::ask, "/inbox"});
  loop.command(kAlice, ShareWithDevice{{1}, loop.bob().id, {"/home/f"}, ""});
  loop.run();
  loop.pass(kDecisionTimeout);
  loop.run();
  expect_failed(loop, kAlice, ErrorCode::timed_out);
  expect_failed(loop, kBob, ErrorCode::timed_out);
  expect_quiet(loop);
}

TEST(Transfer, without_a_policy_everything_is_declined_and_nothing_written) {
  Loopback loop(15);
  loop.alice().disk.add_file("/home/f", test_content(1, 10));
  loop.command(kAlice, ShareWithDevice{{1}, loop.bob().id, {"/home/f"}, ""});
  loop.run();
  expect_failed(loop, kAlice, ErrorCode::refused);
  EXPECT_TRUE(loop.bob().events.empty());
  EXPECT_EQ(loop.bob().ops_completed, 0u);
  EXPECT_EQ(loop.bob().protocol->counters().at("transfer.refused_by_policy"), 1u);
  expect_quiet(loop);
}

TEST(Transfer, an_idle_connection_is_closed_by_the_side_that_dialled) {
  Loopback loop(16);
  loop.alice().disk.add_file("/home/f", test_content(1, 10));
  loop.share({"/home/f"});
  loop.run();
  expect_completed(loop);
  EXPECT_EQ(loop.bob().protocol->next_wakeup(), std::nullopt);
  const auto wakeup = loop.alice().protocol->next_wakeup();
  ASSERT_TRUE(wakeup.has_value());
  EXPECT_TRUE(loop.connected());
  loop.pass(wakeup->at - loop.now());
  loop.fire_timers();
  EXPECT_FALSE(loop.connected());
  EXPECT_EQ(loop.alice().protocol->next_wakeup(), std::nullopt);
  // And the next transfer dials again.
  loop.command(kAlice, ShareWithDevice{{8}, loop.bob().id, {"/home/f"}, ""});
  loop.run();
  EXPECT_EQ(loop.bob().all<TransferCompleted>().size(), 2u);
  EXPECT_TRUE(loop.bob().disk.has("/inbox/f (2)"));
}

TEST(Transfer, one_seed_gives_one_run) {
  const auto trace = [] {
    Loopback loop(17);
    make_album(loop.alice().disk, "/home/album");
    loop.share({"/home/album"});
    loop.run();
    return std::pair(loop.steps(), loop.now());
  };
  EXPECT_EQ(trace(), trace());
}

}  // namespace
}  // namespace kith::transfer
