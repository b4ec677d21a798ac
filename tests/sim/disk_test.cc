// What a power loss leaves, and disks that fail. What every disk does is in conformance_test.cc.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <set>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "sim/disk/virtual_disk.h"

namespace kith::sim {
namespace {

using View = VirtualDisk::View;

// Deaths are drawn: what may happen must be seen to happen in so many of them.
constexpr std::uint64_t kDeaths = 60;

RandomSource fate(std::uint64_t death) {
  return RandomSource(std::array<std::byte, 32>{}).fork("death", death);
}

// A disk and short ways to use it. Every operation completes at once unless begun by hand.
struct Machine {
  Machine() { disk.make_directory("/d"); }

  Result<FileOutcome> run(FileRequest request) {
    return disk.finish(*disk.begin(std::move(request)), ++time).outcome;
  }
  FileHandle create(const std::string& name) {
    const FileHandle handle{++handles};
    EXPECT_TRUE(run(FileOpen{{}, handle, {"/d", name}, FileOpen::Mode::create}));
    return handle;
  }
  void write(FileHandle handle, std::uint64_t offset, std::string_view text) {
    EXPECT_TRUE(run(writing(handle, offset, text)));
  }
  static FileWrite writing(FileHandle handle, std::uint64_t offset, std::string_view text) {
    return {{}, handle, offset, SharedBytes(to_bytes(as_byte_view(text)))};
  }
  void sync(FileHandle handle) { EXPECT_TRUE(run(FileSync{{}, handle})); }
  void sync_directory(const std::string& name = "") {
    EXPECT_TRUE(run(DirectorySync{{}, {"/d", name}}));
  }
  void rename(const std::string& from, const std::string& to) {
    EXPECT_TRUE(run(FileRename{{}, {"/d", from}, {"/d", to}}));
  }
  // "-" if there is no such file.
  std::string content(const std::string& name, View view = View::latest) const {
    const auto bytes = disk.content("/d/" + name, view);
    return bytes ? std::string(as_text(*bytes)) : "-";
  }
  void crash(std::uint64_t death) {
    RandomSource random = fate(death);
    disk.crash(random);
  }

  VirtualDisk disk;
  std::uint64_t handles = 0;
  std::int64_t time = 0;
};

// The contents of some files after many deaths of the same machine.
template <class Prepare>
std::set<std::vector<std::string>> after_deaths(const Prepare& prepare,
                                                const std::vector<std::string>& names) {
  std::set<std::vector<std::string>> found;
  for (std::uint64_t death = 0; death < kDeaths; ++death) {
    Machine machine;
    prepare(machine);
    machine.crash(death);
    std::vector<std::string> contents;
    for (const std::string& name : names) contents.push_back(machine.content(name));
    found.insert(contents);
  }
  return found;
}

using Contents = std::vector<std::string>;
using ::testing::UnorderedElementsAre;

TEST(PowerLoss, keeps_what_was_synced_with_its_name) {
  const auto found = after_deaths(
      [](Machine& machine) {
        const FileHandle file = machine.create("a");
        machine.write(file, 0, "kept");
        machine.sync(file);
        machine.sync_directory();
      },
      {"a"});
  EXPECT_THAT(found, UnorderedElementsAre(Contents{"kept"}));
}

TEST(PowerLoss, may_take_a_name_whose_directory_was_not_synced) {
  const auto found = after_deaths(
      [](Machine& machine) {
        const FileHandle file = machine.create("a");
        machine.write(file, 0, "kept");
        machine.sync(file);
      },
      {"a"});
  EXPECT_THAT(found, UnorderedElementsAre(Contents{"kept"}, Contents{"-"}));
}

TEST(PowerLoss, may_take_data_that_was_not_synced_and_leave_the_name) {
  const auto found = after_deaths(
      [](Machine& machine) {
        machine.write(machine.create("a"), 0, "gone");
        machine.sync_directory();
      },
      {"a"});
  // Also the size without the data.
  EXPECT_THAT(found,
              UnorderedElementsAre(Contents{""}, Contents{"gone"}, Contents{std::string(4, '\0')}));
}

TEST(PowerLoss, tears_a_long_write_between_pages) {
  const auto found = after_deaths(
      [](Machine& machine) {
        const FileHandle file = machine.create("a");
        machine.write(file, 0, std::string(8192, 'o'));
        machine.sync(file);
        machine.sync_directory();
        machine.write(file, 0, std::string(8192, 'n'));
      },
      {"a"});
  const std::string old_page(4096, 'o');
  const std::string new_page(4096, 'n');
  EXPECT_THAT(found,
              UnorderedElementsAre(Contents{old_page + old_page}, Contents{old_page + new_page},
                                   Contents{new_page + old_page}, Contents{new_page + new_page}));
}

TEST(PowerLoss, a_sync_covers_only_writes_completed_before_it_was_issued) {
  Machine machine;
  const FileHandle file = machine.create("a");
  machine.sync_directory();
  machine.write(file, 0, "first");
  const auto sync = machine.disk.begin(FileSync{{}, file});
  machine.write(file, 5, "second");
  EXPECT_TRUE(machine.disk.finish(*sync, 0).outcome);
  EXPECT_EQ(machine.content("a", View::durable), "first");
  EXPECT_EQ(machine.content("a"), "firstsecond");
}

TEST(PowerLoss, a_sync_that_completes_late_takes_nothing_back) {
  Machine machine;
  const FileHandle file = machine.create("a");
  machine.sync_directory();
  machine.write(file, 0, "old");
  const auto early = machine.disk.begin(FileSync{{}, file});
  machine.write(file, 0, "new");
  machine.sync(file);
  EXPECT_TRUE(machine.disk.finish(*early, 0).outcome);
  EXPECT_EQ(machine.content("a", View::durable), "new");
}

TEST(PowerLoss, a_directory_sync_covers_only_names_made_before_it_was_issued) {
  Machine machine;
  machine.create("a");
  const auto sync = machine.disk.begin(DirectorySync{{}, {"/d", ""}});
  machine.create("b");
  EXPECT_TRUE(machine.disk.finish(*sync, 0).outcome);
  EXPECT_TRUE(machine.disk.info("/d/a", View::durable));
  EXPECT_FALSE(machine.disk.info("/d/b", View::durable));
}

TEST(PowerLoss, leaves_a_rename_done_or_undone_and_never_half) {
  const auto found = after_deaths(
      [](Machine& machine) {
        const FileHandle file = machine.create("hidden");
        machine.write(file, 0, "x");
        machine.sync(file);
        machine.sync_directory();
        machine.rename("hidden", "final");
      },
      {"hidden", "final"});
  EXPECT_THAT(found, UnorderedElementsAre(Contents{"x", "-"}, Contents{"-", "x"}));
}

TEST(PowerLoss, a_rename_between_directories_is_one_thing) {
  const auto prepare = [](Machine& machine) {
    EXPECT_TRUE(machine.run(FileMakeDirectory{{}, {"/d", "from"}}));
    EXPECT_TRUE(machine.run(FileMakeDirectory{{}, {"/d", "to"}}));
    machine.sync_directory();
    const FileHandle file = machine.create("from/a");
    machine.write(file, 0, "x");
    machine.sync(file);
    machine.sync_directory("from");
    machine.rename("from/a", "to/a");
  };
  EXPECT_THAT(after_deaths(prepare, {"from/a", "to/a"}),
              UnorderedElementsAre(Contents{"x", "-"}, Contents{"-", "x"}));
  for (const std::string synced : {"from", "to"}) {
    const auto found = after_deaths(
        [&](Machine& machine) {
          prepare(machine);
          machine.sync_directory(synced);
        },
        {"from/a", "to/a"});
    EXPECT_THAT(found, UnorderedElementsAre(Contents{"-", "x"})) << synced;
  }
}

TEST(PowerLoss, keeps_the_order_of_names_within_a_directory) {
  const auto found = after_deaths(
      [](Machine& machine) {
        machine.create("a");
        machine.create("b");
      },
      {"a", "b"});
  // Never the second without the first.
  EXPECT_THAT(found, UnorderedElementsAre(Contents{"-", "-"}, Contents{"", "-"}, Contents{"", ""}));
}

TEST(PowerLoss, what_lies_in_a_lost_directory_is_lost_however_well_it_was_synced) {
  const auto found = after_deaths(
      [](Machine& machine) {
        EXPECT_TRUE(machine.run(FileMakeDirectory{{}, {"/d", "new"}}));
        const FileHandle file = machine.create("new/a");
        machine.write(file, 0, "x");
        machine.sync(file);
        machine.sync_directory("new");
      },
      {"new/a"});
  EXPECT_THAT(found, UnorderedElementsAre(Contents{"x"}, Contents{"-"}));
}

TEST(PowerLoss, may_bring_back_what_was_removed) {
  const auto found = after_deaths(
      [](Machine& machine) {
        machine.disk.make_file("/d/a", as_byte_view("x"));
        EXPECT_TRUE(machine.run(FileRemove{{}, {"/d", "a"}}));
      },
      {"a"});
  EXPECT_THAT(found, UnorderedElementsAre(Contents{"x"}, Contents{"-"}));
}

TEST(PowerLoss, closes_every_file) {
  Machine machine;
  const FileHandle file = machine.create("a");
  machine.sync_directory();
  machine.crash(0);
  EXPECT_FALSE(machine.run(FileRead{{}, file, 0, 1}));
}

TEST(Kill, keeps_all_that_completed) {
  Machine machine;
  const FileHandle file = machine.create("a");
  machine.write(file, 0, "x");
  machine.rename("a", "b");
  machine.disk.kill();
  EXPECT_EQ(machine.content("b"), "x");
  EXPECT_FALSE(machine.run(FileRead{{}, file, 0, 1}));
}

TEST(VirtualDisk, refuses_what_does_not_fit_and_has_room_again_after_a_removal) {
  VirtualDisk disk(DiskSpec{.capacity_bytes = 10});
  const auto run = [&disk](FileRequest request) {
    return disk.finish(*disk.begin(std::move(request)), 0).outcome;
  };
  EXPECT_TRUE(run(FileOpen{{}, {1}, {"/", "a"}, FileOpen::Mode::create}));
  EXPECT_TRUE(run(Machine::writing({1}, 0, "12345678")));
  EXPECT_TRUE(run(FileOpen{{}, {2}, {"/", "b"}, FileOpen::Mode::create}));
  const auto refused = run(Machine::writing({2}, 0, "123"));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::no_space);
  EXPECT_TRUE(run(Machine::writing({1}, 0, "overwrites")));
  EXPECT_EQ(disk.used_bytes(), 10u);
  EXPECT_TRUE(run(FileRemove{{}, {"/", "a"}}));
  EXPECT_TRUE(run(Machine::writing({2}, 0, "123")));
}

TEST(VirtualDisk, fails_the_nth_operation_and_no_other) {
  for (std::uint64_t nth = 1; nth <= 3; ++nth) {
    Machine machine;
    machine.disk.fail_operation(nth, ErrorCode::io_error);
    for (std::uint64_t i = 1; i <= 3; ++i) {
      const auto made = machine.run(FileMakeDirectory{{}, {"/d", std::to_string(i)}});
      EXPECT_EQ(made.has_value(), i != nth);
      EXPECT_EQ(machine.disk.info("/d/" + std::to_string(i)).has_value(), i != nth);
      EXPECT_TRUE(made || made.error().code == ErrorCode::io_error);
    }
  }
}

TEST(VirtualDisk, copies_of_large_files_share_nothing_that_is_written) {
  Machine machine;
  const FileHandle file = machine.create("a");
  machine.sync_directory();
  const std::string before(300'000, 'b');
  machine.write(file, 0, before);
  machine.sync(file);
  machine.write(file, 150'000, "changed");
  std::string after = before;
  after.replace(150'000, 7, "changed");
  EXPECT_EQ(machine.content("a"), after);
  EXPECT_EQ(machine.content("a", View::durable), before);
}

TEST(VirtualDisk, operations_take_the_time_of_their_kind_and_bytes) {
  DiskSpec spec;
  spec.bytes_per_second = 1'000'000;
  RandomSource random = fate(0);
  for (int i = 0; i < 100; ++i) {
    const Duration stat = draw_delay(spec, FileStat{}, random);
    EXPECT_GE(stat, spec.latency_least);
    EXPECT_LE(stat, spec.latency_most);
    const Duration sync = draw_delay(spec, FileSync{}, random);
    EXPECT_GE(sync, spec.sync_least);
    EXPECT_LE(sync, spec.sync_most);
    const Duration read = draw_delay(spec, FileRead{{}, {}, 0, 1'000'000}, random);
    EXPECT_GE(read, std::chrono::seconds(1));
  }
}

}  // namespace
}  // namespace kith::sim
