// Disks that fail and power losses at their worst. What every power loss may do is in disk_test.cc.

#include "sim/disk/disk_faults.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <vector>

#include "sim/disk/virtual_disk.h"

namespace kith::sim {
namespace {

using View = VirtualDisk::View;
using std::chrono::seconds;

constexpr std::size_t kPage = FileContent::kPageBytes;
constexpr std::size_t kSector = FileContent::kSectorBytes;
// Deaths and failures are drawn: what may happen must be seen to happen in so many of them.
constexpr std::uint64_t kWorlds = 60;

RandomSource source(std::uint64_t world) {
  return RandomSource(std::array<std::byte, 32>{}).fork("world", world);
}

// A disk with one open file, /d/a, and short ways to use it.
struct Machine {
  explicit Machine(std::uint64_t world, std::size_t pages)
      : disk(DiskSpec{}, source(world), &probes), death(source(world).fork("death")) {
    disk.make_file("/d/a", as_byte_view(std::string(pages * kPage, 'o')));
    EXPECT_TRUE(run(FileOpen{{}, {1}, {"/d", "a"}, FileOpen::Mode::update}));
  }
  Result<FileOutcome> run(FileRequest request, Instant now = {}) {
    return disk.finish(*disk.begin(std::move(request), now), 1).outcome;
  }
  Result<FileOutcome> write(std::size_t page, char byte) {
    return run(FileWrite{
        {}, {1}, page * kPage, SharedBytes(to_bytes(as_byte_view(std::string(kPage, byte))))});
  }
  bool sync() { return run(FileSync{{}, {1}}).has_value(); }
  void fail_next_sync() { disk.faults().fail_nth(DiskOperation::sync, 1, ErrorCode::io_error); }
  std::string content(View view = View::latest) const {
    return std::string(as_text(*disk.content("/d/a", view)));
  }
  // The byte each page begins with.
  std::string pages(View view = View::latest) const {
    const std::string all = content(view);
    std::string firsts;
    for (std::size_t at = 0; at < all.size(); at += kPage) firsts += all[at];
    return firsts;
  }
  void crash(const PowerLoss& loss = {}) { disk.crash(death, loss); }

  FaultProbes probes;
  VirtualDisk disk;
  RandomSource death;
};

TEST(PowerLoss, takes_bytes_and_names_that_were_not_synced_each_for_itself_and_tells_the_probes) {
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen;
  for (std::uint64_t world = 0; world < kWorlds; ++world) {
    Machine machine(world, 1);
    ASSERT_TRUE(machine.write(0, 'n'));
    ASSERT_TRUE(machine.run(FileRename{{}, {"/d", "a"}, {"/d", "b"}}));
    machine.crash();
    const bool renamed = machine.disk.content("/d/b").has_value();
    const auto left = machine.disk.content(renamed ? "/d/b" : "/d/a");
    ASSERT_TRUE(left);
    const std::pair lost{machine.probes.fired(Probe::lost_write),
                         machine.probes.fired(Probe::lost_name)};
    EXPECT_EQ(lost.first, as_text(*left)[0] == 'n' ? 0u : 1u);
    EXPECT_EQ(lost.second, renamed ? 0u : 1u);
    seen.insert(lost);
  }
  EXPECT_EQ(seen.size(), 4u);
}

TEST(TornWrite, mixes_sectors_of_an_unsynced_page_and_spares_synced_ones) {
  std::uint64_t torn = 0;
  for (std::uint64_t world = 0; world < kWorlds; ++world) {
    Machine machine(world, 2);
    ASSERT_TRUE(machine.write(0, 's'));
    ASSERT_TRUE(machine.sync());
    ASSERT_TRUE(machine.write(1, 'n'));
    machine.crash({.torn_sectors = true});
    const std::string left = machine.content();
    EXPECT_EQ(left.substr(0, kPage), std::string(kPage, 's'));
    std::set<char> seen;
    for (std::size_t at = kPage; at < 2 * kPage; at += kSector) {
      EXPECT_EQ(left.substr(at, kSector), std::string(kSector, left[at]));
      seen.insert(left[at]);
    }
    EXPECT_THAT(seen, ::testing::IsSubsetOf({'o', 'n'}));
    EXPECT_EQ(machine.probes.fired(Probe::torn_write), seen.size() - 1);
    torn += seen.size() - 1;
  }
  EXPECT_GT(torn, kWorlds / 2);
}

TEST(MisdirectedWrite, lands_on_another_unsynced_page_and_never_on_a_synced_one) {
  std::uint64_t misdirected = 0;
  for (std::uint64_t world = 0; world < kWorlds; ++world) {
    Machine machine(world, 3);
    ASSERT_TRUE(machine.write(0, 's'));
    ASSERT_TRUE(machine.sync());
    ASSERT_TRUE(machine.write(1, 'm'));
    ASSERT_TRUE(machine.write(2, 'n'));
    machine.crash({.misdirected = true});
    const std::string left = machine.pages();
    EXPECT_EQ(left[0], 's');
    const bool elsewhere = left[1] == 'n' || left[2] == 'm';
    EXPECT_EQ(machine.probes.fired(Probe::misdirected_write), elsewhere ? 1u : 0u) << left;
    if (elsewhere) ++misdirected;
  }
  EXPECT_GT(misdirected, 0u);
  EXPECT_LT(misdirected, kWorlds);
}

TEST(BitRot, flips_one_bit_of_what_lay_there_before_and_no_sync_heals_it) {
  Machine machine(1, 1);
  EXPECT_EQ(machine.disk.rot(), "/d/a");
  const std::string rotten = machine.content();
  std::size_t bits = 0;
  for (const char byte : rotten) {
    for (unsigned changed = static_cast<unsigned char>(byte ^ 'o'); changed != 0; changed >>= 1) {
      bits += changed & 1;
    }
  }
  EXPECT_EQ(bits, 1u);
  EXPECT_TRUE(machine.disk.is_rotten("/d/a"));
  ASSERT_TRUE(machine.run(FileSetAttributes{{}, {1}, 0600, 7}));
  ASSERT_TRUE(machine.sync());
  machine.crash();
  EXPECT_EQ(machine.content(), rotten);
  EXPECT_EQ(machine.probes.fired(Probe::bit_rot), 1u);
}

TEST(BitRot, shows_only_after_a_power_loss_in_what_programs_have_written) {
  Machine machine(1, 1);
  ASSERT_TRUE(machine.write(0, 'n'));
  ASSERT_TRUE(machine.sync());
  ASSERT_TRUE(machine.disk.rot("/d/a"));
  const std::string whole(kPage, 'n');
  EXPECT_EQ(machine.content(), whole);
  EXPECT_FALSE(machine.disk.is_rotten("/d/a"));
  EXPECT_TRUE(machine.disk.is_rotten("/d/a", View::durable));
  machine.disk.kill();
  EXPECT_EQ(machine.content(), whole);
  machine.crash();
  EXPECT_NE(machine.content(), whole);
  EXPECT_TRUE(machine.disk.is_rotten("/d/a"));
  EXPECT_FALSE(machine.disk.rot("/d/nothing"));
}

TEST(DiskFull, no_file_grows_until_it_is_over) {
  Machine machine(1, 1);
  machine.disk.faults().full_until(Instant{} + seconds(5));
  const auto grow = [&machine](Instant now) {
    return machine.run(FileWrite{{}, {1}, kPage, SharedBytes(to_bytes(as_byte_view("more")))}, now);
  };
  EXPECT_TRUE(machine.write(0, 'n'));
  const auto refused = grow(Instant{} + seconds(4));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::no_space);
  EXPECT_EQ(machine.probes.fired(Probe::disk_full), 1u);
  EXPECT_TRUE(grow(Instant{} + seconds(5)));
}

TEST(DiskErrors, the_nth_of_a_kind_fails_and_all_of_a_kind_for_a_while) {
  Machine machine(1, 1);
  machine.disk.faults().fail_nth(DiskOperation::write, 2, ErrorCode::io_error);
  EXPECT_TRUE(machine.write(0, 'a'));
  EXPECT_TRUE(machine.sync());
  EXPECT_FALSE(machine.write(0, 'b'));
  EXPECT_EQ(machine.pages(), "a");
  EXPECT_TRUE(machine.write(0, 'c'));

  machine.disk.faults().fail_until(DiskOperation::read, Instant{} + seconds(1),
                                   ErrorCode::io_error);
  const FileRead read{{}, {1}, 0, 1};
  EXPECT_FALSE(machine.run(read, Instant{}));
  EXPECT_FALSE(machine.run(read, Instant{}));
  EXPECT_TRUE(machine.sync());
  EXPECT_TRUE(machine.run(read, Instant{} + seconds(1)));
  EXPECT_EQ(machine.probes.fired(Probe::disk_error), 3u);
}

TEST(DiskErrors, what_waits_for_the_nth_gives_up_in_time) {
  Machine machine(1, 1);
  for (const std::int64_t waits : {2, 1}) {
    machine.disk.faults().fail_nth(DiskOperation::read, 2, ErrorCode::io_error,
                                   Instant{} + seconds(waits));
    const FileRead read{{}, {1}, 0, 1};
    EXPECT_TRUE(machine.run(read, Instant{}));
    EXPECT_EQ(machine.run(read, Instant{} + seconds(1)).has_value(), waits == 1);
  }
}

TEST(DiskErrors, a_slow_disk_is_slow_until_it_is_over) {
  DiskFaults faults;
  faults.slow_until(Instant{} + seconds(2), 50);
  EXPECT_EQ(faults.slowness(Instant{} + seconds(1)), 50u);
  EXPECT_EQ(faults.slowness(Instant{} + seconds(2)), 1u);
}

// What a failed sync lost, the sync after it does not promise, though it succeeds.
TEST(FailedSync, loses_pages_that_a_later_sync_does_not_bring_back) {
  std::set<std::string> visible;
  std::set<std::string> durable;
  for (std::uint64_t world = 0; world < kWorlds; ++world) {
    Machine machine(world, 1);
    ASSERT_TRUE(machine.write(0, 'n'));
    machine.fail_next_sync();
    EXPECT_FALSE(machine.sync());
    EXPECT_TRUE(machine.sync());
    visible.insert(machine.pages());
    durable.insert(machine.pages(View::durable));
    const std::string sure = machine.pages(View::durable);
    EXPECT_EQ(machine.probes.fired(Probe::lost_page), sure == "o" ? 1u : 0u);
    machine.crash();
    EXPECT_EQ(machine.pages(), sure);
  }
  EXPECT_THAT(visible, ::testing::UnorderedElementsAre("o", "n"));
  EXPECT_THAT(durable, ::testing::UnorderedElementsAre("o", "n"));
}

TEST(FailedSync, what_is_written_again_the_next_sync_makes_durable) {
  for (std::uint64_t world = 0; world < kWorlds; ++world) {
    Machine machine(world, 1);
    ASSERT_TRUE(machine.write(0, 'n'));
    machine.fail_next_sync();
    EXPECT_FALSE(machine.sync());
    ASSERT_TRUE(machine.write(0, 'n'));
    EXPECT_TRUE(machine.sync());
    machine.crash();
    EXPECT_EQ(machine.pages(), "n");
  }
}

// What each page may hold, by the rules at the head of virtual_disk.h.
struct Model {
  static constexpr std::size_t kPages = 4;
  struct Page {
    std::set<char> may{'o'};  // after a power loss
    char latest = 'o';
    bool lost = false;  // perhaps, by a failed sync
  };
  void write(std::size_t page, char byte) {
    pages[page].may.insert(byte);
    pages[page].latest = byte;
    pages[page].lost = false;
  }
  void sync(bool succeeds) {
    for (Page& page : pages) {
      if (page.may.size() == 1) continue;
      if (!succeeds) page.lost = true;
      if (succeeds && !page.lost) page.may = {page.latest};
    }
  }
  // Of a misdirected write: what any page has that is not synced.
  std::set<char> astray() const {
    std::set<char> bytes;
    for (const Page& page : pages) {
      if (page.may.size() > 1) bytes.insert(page.may.begin(), page.may.end());
    }
    return bytes;
  }
  std::array<Page, kPages> pages;
};

RC_GTEST_PROP(PowerLoss, leaves_of_each_sector_only_what_the_rules_allow, ()) {
  const auto steps = *rc::gen::container<std::vector<std::pair<unsigned, unsigned>>>(rc::gen::pair(
      rc::gen::inRange(0u, 6u), rc::gen::inRange(0u, static_cast<unsigned>(Model::kPages))));
  const PowerLoss loss{*rc::gen::arbitrary<bool>(), *rc::gen::arbitrary<bool>()};
  Machine machine(*rc::gen::inRange<std::uint64_t>(0, 1000), Model::kPages);
  Model model;
  char next = 'A';
  for (const auto& [kind, page] : steps) {
    if (kind < 4) {
      RC_ASSERT(machine.write(page, next).has_value());
      model.write(page, next);
      next = next == 'Z' ? 'A' : static_cast<char>(next + 1);
    } else {
      if (kind == 5) machine.fail_next_sync();
      RC_ASSERT(machine.sync() == (kind == 4));
      model.sync(kind == 4);
    }
    for (std::size_t i = 0; i < Model::kPages; ++i) {
      RC_ASSERT(model.pages[i].may.contains(machine.pages()[i]));
      RC_ASSERT(model.pages[i].may.contains(machine.pages(View::durable)[i]));
    }
  }
  machine.crash(loss);
  const std::string left = machine.content();
  RC_ASSERT(left.size() == Model::kPages * kPage);
  for (std::size_t at = 0; at < left.size(); at += kSector) {
    const Model::Page& page = model.pages[at / kPage];
    RC_ASSERT(left.substr(at, kSector) == std::string(kSector, left[at]));
    const bool strayed =
        loss.misdirected && page.may.size() > 1 && model.astray().contains(left[at]);
    RC_ASSERT(page.may.contains(left[at]) || strayed);
    if (!loss.torn_sectors) RC_ASSERT(left[at] == left[at / kPage * kPage]);
  }
}

}  // namespace
}  // namespace kith::sim
