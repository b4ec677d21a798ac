#pragma once

// What every disk behind kith/file.h does, real or simulated. A test program defines a class
// derived from DiskUnderTest that can be made without arguments, and instantiates the suite with
// it:
//
//   INSTANTIATE_TYPED_TEST_SUITE_P(Virtual, DiskConformance, ::testing::Types<MyDisk>);
//
// Crashes are not part of it: a real disk cannot be made to lose power.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "kith/file.h"

namespace kith::testing {

using FileEffect = std::variant<FileStat, FileList, FileOpen, FileRead, FileWrite, FileSync,
                                FileSetAttributes, FileClose, FileRename, FileMakeDirectory,
                                FileSetDirectoryAttributes, FileRemove, DirectorySync>;

class DiskUnderTest {
 public:
  virtual ~DiskUnderTest() = default;

  // An absolute path to a directory that was empty when this disk was made.
  virtual std::string base() const = 0;
  virtual void submit(FileEffect effect) = 0;
  // The completions of everything submitted, in the order they came.
  virtual std::vector<FileCompleted> run_until_idle() = 0;
  // Makes a symbolic link, as another program could. `path` is absolute.
  virtual void make_symlink(const std::string& path, const std::string& target) = 0;
};

template <class Disk>
class DiskConformance : public ::testing::Test {
 protected:
  FileOpId next_op() { return FileOpId{++last_op_}; }
  FileHandle next_handle() { return FileHandle{++last_handle_}; }
  FilePath path(std::string relative) const { return {disk_.base(), std::move(relative)}; }

  // Carries out one effect.
  template <class Effect>
  Result<FileOutcome> run(Effect effect) {
    effect.op = next_op();
    disk_.submit(effect);
    auto completions = disk_.run_until_idle();
    if (completions.size() != 1 || completions.front().op != effect.op) {
      ADD_FAILURE() << "one effect completes once, under its own id";
      return failure(ErrorCode::internal, "no completion");
    }
    return std::move(completions.front().outcome);
  }

  Result<FileOutcome> open(const FilePath& file, FileOpen::Mode mode, FileHandle handle) {
    return run(FileOpen{{}, handle, file, mode});
  }
  Result<FileOutcome> read(FileHandle handle, std::uint64_t offset, std::uint32_t length) {
    return run(FileRead{{}, handle, offset, length});
  }
  Result<FileOutcome> write(FileHandle handle, std::uint64_t offset, std::string_view text) {
    return run(FileWrite{{}, handle, offset, SharedBytes(to_bytes(as_byte_view(text)))});
  }
  Result<FileOutcome> stat(const FilePath& file) { return run(FileStat{{}, file}); }
  Result<FileOutcome> rename(const std::string& from, const std::string& to) {
    return run(FileRename{{}, path(from), path(to)});
  }
  Result<FileOutcome> make_directory(const std::string& name) {
    return run(FileMakeDirectory{{}, path(name)});
  }
  Result<FileOutcome> remove(const std::string& name) { return run(FileRemove{{}, path(name)}); }

  FileHandle must_open(const std::string& name, FileOpen::Mode mode) {
    const FileHandle handle = next_handle();
    const auto opened = open(path(name), mode, handle);
    EXPECT_TRUE(opened) << name << ": " << opened.error().message;
    return handle;
  }
  void must_make_file(const std::string& name, std::string_view text) {
    const FileHandle handle = must_open(name, FileOpen::Mode::create);
    EXPECT_TRUE(write(handle, 0, text));
    EXPECT_TRUE(run(FileClose{{}, handle}));
  }
  std::string content(const std::string& name) {
    const FileHandle handle = must_open(name, FileOpen::Mode::read);
    const std::string text = text_of(read(handle, 0, 1u << 20));
    EXPECT_TRUE(run(FileClose{{}, handle}));
    return text;
  }

  static std::string text_of(const Result<FileOutcome>& outcome) {
    const auto* bytes = outcome ? std::get_if<SharedBytes>(&*outcome) : nullptr;
    if (bytes == nullptr) return "(not bytes)";
    return std::string(as_text(bytes->view()));
  }
  static FileInfo info_of(const Result<FileOutcome>& outcome) {
    const auto* info = outcome ? std::get_if<FileInfo>(&*outcome) : nullptr;
    if (info == nullptr) {
      ADD_FAILURE() << "not a FileInfo";
      return {};
    }
    return *info;
  }
  static std::vector<std::string> names_of(const Result<FileOutcome>& outcome) {
    std::vector<std::string> names;
    const auto* listing = outcome ? std::get_if<FileListing>(&*outcome) : nullptr;
    if (listing == nullptr) {
      ADD_FAILURE() << "not a FileListing";
      return names;
    }
    for (const FileEntry& entry : *listing) names.push_back(entry.name);
    return names;
  }
  static void expect_error(const Result<FileOutcome>& outcome, ErrorCode code) {
    ASSERT_FALSE(outcome);
    EXPECT_EQ(to_string(outcome.error().code), to_string(code)) << outcome.error().message;
    EXPECT_FALSE(outcome.error().message.empty());
  }

  Disk disk_;
  std::uint64_t last_op_ = 0;
  std::uint64_t last_handle_ = 0;
};

TYPED_TEST_SUITE_P(DiskConformance);

TYPED_TEST_P(DiskConformance, a_created_file_reads_back_what_was_written) {
  const FileHandle handle = this->must_open("file", FileOpen::Mode::create);
  ASSERT_TRUE(this->write(handle, 0, "hello"));
  EXPECT_EQ(this->text_of(this->read(handle, 0, 5)), "hello");
  EXPECT_EQ(this->text_of(this->read(handle, 1, 3)), "ell");
}

TYPED_TEST_P(DiskConformance, a_read_is_short_only_at_the_end) {
  this->must_make_file("file", "hello");
  const FileHandle handle = this->must_open("file", FileOpen::Mode::read);
  EXPECT_EQ(this->text_of(this->read(handle, 3, 100)), "lo");
  EXPECT_EQ(this->text_of(this->read(handle, 5, 100)), "");
  EXPECT_EQ(this->text_of(this->read(handle, 1000, 100)), "");
}

TYPED_TEST_P(DiskConformance, a_write_past_the_end_leaves_zeros_before_it) {
  const FileHandle handle = this->must_open("file", FileOpen::Mode::create);
  ASSERT_TRUE(this->write(handle, 4, "end"));
  EXPECT_EQ(this->text_of(this->read(handle, 0, 100)), std::string("\0\0\0\0end", 7));
}

TYPED_TEST_P(DiskConformance, writes_to_different_places_of_one_file_may_overlap_in_time) {
  const FileHandle handle = this->must_open("file", FileOpen::Mode::create);
  std::string expected;
  for (std::uint64_t block = 0; block < 64; ++block) {
    const std::string text(1000, static_cast<char>('a' + block % 26));
    expected += text;
    this->disk_.submit(FileWrite{this->next_op(), handle, block * 1000,
                                 SharedBytes(to_bytes(as_byte_view(text)))});
  }
  const auto completions = this->disk_.run_until_idle();
  ASSERT_EQ(completions.size(), 64u);
  for (const FileCompleted& completion : completions) EXPECT_TRUE(completion.outcome);
  EXPECT_EQ(this->content("file"), expected);
}

TYPED_TEST_P(DiskConformance, opening_tells_what_the_file_is) {
  this->must_make_file("file", "hello");
  const auto opened = this->open(this->path("file"), FileOpen::Mode::read, this->next_handle());
  const FileInfo info = this->info_of(opened);
  EXPECT_EQ(info.type, FileType::regular);
  EXPECT_EQ(info.size_bytes, 5u);
}

TYPED_TEST_P(DiskConformance, a_created_file_is_private) {
  this->must_open("file", FileOpen::Mode::create);
  EXPECT_EQ(this->info_of(this->stat(this->path("file"))).mode, 0600u);
}

TYPED_TEST_P(DiskConformance, creating_a_file_refuses_a_name_that_is_taken) {
  this->must_make_file("file", "old");
  ASSERT_TRUE(this->make_directory("directory"));
  this->disk_.make_symlink(this->disk_.base() + "/dangling", "nowhere");
  for (const char* name : {"file", "directory", "dangling"}) {
    SCOPED_TRACE(name);
    this->expect_error(this->open(this->path(name), FileOpen::Mode::create, this->next_handle()),
                       ErrorCode::already_exists);
  }
  EXPECT_EQ(this->content("file"), "old");
}

TYPED_TEST_P(DiskConformance, updating_a_file_keeps_what_is_not_written) {
  this->must_make_file("file", "hello");
  const FileHandle handle = this->must_open("file", FileOpen::Mode::update);
  ASSERT_TRUE(this->write(handle, 0, "J"));
  EXPECT_EQ(this->text_of(this->read(handle, 0, 100)), "Jello");
}

TYPED_TEST_P(DiskConformance, what_does_not_exist_is_not_found) {
  const FileHandle handle = this->next_handle();
  this->expect_error(this->open(this->path("no"), FileOpen::Mode::read, handle),
                     ErrorCode::not_found);
  this->expect_error(this->open(this->path("no"), FileOpen::Mode::update, handle),
                     ErrorCode::not_found);
  this->expect_error(this->open(this->path("no/file"), FileOpen::Mode::create, handle),
                     ErrorCode::not_found);
  this->expect_error(this->stat(this->path("no")), ErrorCode::not_found);
  this->expect_error(this->run(FileList{{}, this->path("no")}), ErrorCode::not_found);
  this->expect_error(this->remove("no"), ErrorCode::not_found);
  this->expect_error(this->rename("no", "yes"), ErrorCode::not_found);
  this->expect_error(this->make_directory("no/directory"), ErrorCode::not_found);
  this->expect_error(this->run(DirectorySync{{}, this->path("no")}), ErrorCode::not_found);
}

TYPED_TEST_P(DiskConformance, a_file_is_not_taken_for_a_directory) {
  this->must_make_file("file", "text");
  this->expect_error(this->stat(this->path("file/beneath")), ErrorCode::not_found);
  this->expect_error(this->run(FileList{{}, this->path("file")}), ErrorCode::not_found);
  this->expect_error(this->run(DirectorySync{{}, this->path("file")}), ErrorCode::not_found);
}

TYPED_TEST_P(DiskConformance, only_regular_files_open) {
  ASSERT_TRUE(this->make_directory("directory"));
  for (const auto mode : {FileOpen::Mode::read, FileOpen::Mode::update}) {
    this->expect_error(this->open(this->path("directory"), mode, this->next_handle()),
                       ErrorCode::permission_denied);
  }
}

TYPED_TEST_P(DiskConformance, a_handle_that_is_not_open_is_not_found) {
  const FileHandle handle{99};
  this->expect_error(this->read(handle, 0, 1), ErrorCode::not_found);
  this->expect_error(this->write(handle, 0, "x"), ErrorCode::not_found);
  this->expect_error(this->run(FileSync{{}, handle}), ErrorCode::not_found);
  this->expect_error(this->run(FileSetAttributes{{}, handle, 0600, 0}), ErrorCode::not_found);
  this->expect_error(this->run(FileClose{{}, handle}), ErrorCode::not_found);
}

TYPED_TEST_P(DiskConformance, a_closed_handle_is_gone_and_its_number_can_be_used_again) {
  const FileHandle handle = this->must_open("file", FileOpen::Mode::create);
  ASSERT_TRUE(this->run(FileClose{{}, handle}));
  this->expect_error(this->write(handle, 0, "x"), ErrorCode::not_found);
  EXPECT_TRUE(this->open(this->path("file"), FileOpen::Mode::read, handle));
}

TYPED_TEST_P(DiskConformance, a_file_opened_for_reading_is_not_written) {
  this->must_make_file("file", "text");
  const FileHandle handle = this->must_open("file", FileOpen::Mode::read);
  EXPECT_FALSE(this->write(handle, 0, "x"));
  EXPECT_EQ(this->content("file"), "text");
}

TYPED_TEST_P(DiskConformance, attributes_stay_as_they_were_set) {
  const FileHandle handle = this->must_open("file", FileOpen::Mode::create);
  const std::int64_t modified_ns = 1'234'567'890'123'456'789;
  ASSERT_TRUE(this->run(FileSetAttributes{{}, handle, 0640, modified_ns}));
  ASSERT_TRUE(this->run(FileSync{{}, handle}));
  ASSERT_TRUE(this->run(FileClose{{}, handle}));
  const FileInfo info = this->info_of(this->stat(this->path("file")));
  EXPECT_EQ(info.mode, 0640u);
  EXPECT_EQ(info.modified_ns, modified_ns);
}

TYPED_TEST_P(DiskConformance, a_file_can_be_older_than_the_epoch) {
  const FileHandle handle = this->must_open("file", FileOpen::Mode::create);
  ASSERT_TRUE(this->run(FileSetAttributes{{}, handle, 0600, -1}));
  EXPECT_EQ(this->info_of(this->stat(this->path("file"))).modified_ns, -1);
}

TYPED_TEST_P(DiskConformance, attributes_of_a_directory_stay_as_they_were_set) {
  ASSERT_TRUE(this->make_directory("directory"));
  const std::int64_t modified_ns = 1'000'000'000'000'000'001;
  ASSERT_TRUE(
      this->run(FileSetDirectoryAttributes{{}, this->path("directory"), 0711, modified_ns}));
  const FileInfo info = this->info_of(this->stat(this->path("directory")));
  EXPECT_EQ(info.type, FileType::directory);
  EXPECT_EQ(info.mode, 0711u);
  EXPECT_EQ(info.modified_ns, modified_ns);
}

TYPED_TEST_P(DiskConformance, a_rename_moves_a_file_with_what_is_in_it) {
  this->must_make_file("old", "text");
  ASSERT_TRUE(this->make_directory("directory"));
  ASSERT_TRUE(this->rename("old", "directory/new"));
  EXPECT_EQ(this->content("directory/new"), "text");
  this->expect_error(this->stat(this->path("old")), ErrorCode::not_found);
}

TYPED_TEST_P(DiskConformance, an_open_file_goes_on_under_its_new_name) {
  const FileHandle handle = this->must_open("old", FileOpen::Mode::create);
  ASSERT_TRUE(this->rename("old", "new"));
  ASSERT_TRUE(this->write(handle, 0, "late"));
  EXPECT_EQ(this->content("new"), "late");
}

TYPED_TEST_P(DiskConformance, a_rename_moves_a_directory_with_what_is_in_it) {
  ASSERT_TRUE(this->make_directory("old"));
  this->must_make_file("old/file", "text");
  ASSERT_TRUE(this->rename("old", "new"));
  EXPECT_EQ(this->content("new/file"), "text");
  this->expect_error(this->stat(this->path("old")), ErrorCode::not_found);
}

TYPED_TEST_P(DiskConformance, a_rename_never_replaces_anything) {
  this->must_make_file("file", "mine");
  this->must_make_file("other", "theirs");
  ASSERT_TRUE(this->make_directory("directory"));
  ASSERT_TRUE(this->make_directory("empty"));
  this->disk_.make_symlink(this->disk_.base() + "/dangling", "nowhere");
  for (const char* taken : {"other", "empty", "dangling", "file"}) {
    SCOPED_TRACE(taken);
    this->expect_error(this->rename("file", taken), ErrorCode::already_exists);
    this->expect_error(this->rename("directory", taken), ErrorCode::already_exists);
  }
  EXPECT_EQ(this->content("file"), "mine");
  EXPECT_EQ(this->content("other"), "theirs");
  EXPECT_THAT(this->names_of(this->run(FileList{{}, this->path("")})),
              ::testing::ElementsAre("dangling", "directory", "empty", "file", "other"));
}

TYPED_TEST_P(DiskConformance, making_a_directory_refuses_a_name_that_is_taken) {
  this->must_make_file("file", "text");
  ASSERT_TRUE(this->make_directory("directory"));
  this->expect_error(this->make_directory("file"), ErrorCode::already_exists);
  this->expect_error(this->make_directory("directory"), ErrorCode::already_exists);
  this->expect_error(this->make_directory(""), ErrorCode::already_exists);
}

TYPED_TEST_P(DiskConformance, a_file_and_an_empty_directory_can_be_removed) {
  this->must_make_file("file", "text");
  ASSERT_TRUE(this->make_directory("directory"));
  EXPECT_TRUE(this->remove("file"));
  EXPECT_TRUE(this->remove("directory"));
  EXPECT_TRUE(this->names_of(this->run(FileList{{}, this->path("")})).empty());
}

TYPED_TEST_P(DiskConformance, a_directory_with_something_in_it_is_not_removed) {
  ASSERT_TRUE(this->make_directory("directory"));
  this->must_make_file("directory/file", "text");
  this->expect_error(this->remove("directory"), ErrorCode::already_exists);
  EXPECT_EQ(this->content("directory/file"), "text");
}

TYPED_TEST_P(DiskConformance, a_removed_file_can_be_read_while_it_is_open) {
  this->must_make_file("file", "text");
  const FileHandle handle = this->must_open("file", FileOpen::Mode::read);
  ASSERT_TRUE(this->remove("file"));
  EXPECT_EQ(this->text_of(this->read(handle, 0, 100)), "text");
}

TYPED_TEST_P(DiskConformance, a_listing_is_sorted_by_bytes_and_tells_what_each_entry_is) {
  this->must_make_file("b", "12345");
  this->must_make_file("B", "");
  this->must_make_file("a b", "");
  this->must_make_file("\xff\xfe not UTF-8", "");
  ASSERT_TRUE(this->make_directory("a"));
  this->disk_.make_symlink(this->disk_.base() + "/link", "b");
  const auto outcome = this->run(FileList{{}, this->path("")});
  EXPECT_THAT(this->names_of(outcome),
              ::testing::ElementsAre("B", "a", "a b", "b", "link", "\xff\xfe not UTF-8"));
  const auto& listing = std::get<FileListing>(*outcome);
  EXPECT_EQ(listing[1].info.type, FileType::directory);
  EXPECT_EQ(listing[3].info.type, FileType::regular);
  EXPECT_EQ(listing[3].info.size_bytes, 5u);
  EXPECT_EQ(listing[4].info.type, FileType::symlink);
}

TYPED_TEST_P(DiskConformance, an_empty_relative_path_names_the_base) {
  EXPECT_EQ(this->info_of(this->stat(this->path(""))).type, FileType::directory);
  this->must_make_file("file", "text");
  const FilePath file{this->disk_.base() + "/file", ""};
  EXPECT_EQ(this->info_of(this->stat(file)).size_bytes, 4u);
  const FileHandle handle = this->next_handle();
  ASSERT_TRUE(this->open(file, FileOpen::Mode::read, handle));
  EXPECT_EQ(this->text_of(this->read(handle, 0, 100)), "text");
  EXPECT_TRUE(this->run(DirectorySync{{}, this->path("")}));
}

TYPED_TEST_P(DiskConformance, syncing_succeeds_and_changes_nothing_that_shows) {
  const FileHandle handle = this->must_open("file", FileOpen::Mode::create);
  ASSERT_TRUE(this->write(handle, 0, "text"));
  EXPECT_TRUE(this->run(FileSync{{}, handle}));
  EXPECT_TRUE(this->run(FileSync{{}, handle}));
  EXPECT_TRUE(this->run(DirectorySync{{}, this->path("")}));
  EXPECT_EQ(this->content("file"), "text");
}

TYPED_TEST_P(DiskConformance, a_path_that_leaves_its_base_is_refused) {
  ASSERT_TRUE(this->make_directory("inside"));
  this->must_make_file("secret", "text");
  const std::string inside = this->disk_.base() + "/inside";
  const std::string absolute = this->disk_.base() + "/secret";
  for (const std::string& escape :
       {std::string("../secret"), std::string(".."), std::string("a/../../secret"),
        std::string("./../secret"), absolute, std::string("/"), std::string("secret\0", 7)}) {
    SCOPED_TRACE(escape);
    const FilePath out{inside, escape};
    const auto denied = ErrorCode::permission_denied;
    this->expect_error(this->stat(out), denied);
    this->expect_error(this->run(FileList{{}, out}), denied);
    for (const auto mode : {FileOpen::Mode::read, FileOpen::Mode::update, FileOpen::Mode::create}) {
      this->expect_error(this->open(out, mode, this->next_handle()), denied);
    }
    this->expect_error(this->run(FileMakeDirectory{{}, out}), denied);
    this->expect_error(this->run(FileRemove{{}, out}), denied);
    this->expect_error(this->run(FileSetDirectoryAttributes{{}, out, 0700, 0}), denied);
    this->expect_error(this->run(DirectorySync{{}, out}), denied);
    this->expect_error(this->run(FileRename{{}, this->path("secret"), out}), denied);
    this->expect_error(this->run(FileRename{{}, out, this->path("moved")}), denied);
  }
  EXPECT_EQ(this->content("secret"), "text");
  EXPECT_THAT(this->names_of(this->run(FileList{{}, this->path("")})),
              ::testing::ElementsAre("inside", "secret"));
}

TYPED_TEST_P(DiskConformance, a_link_in_the_middle_of_a_path_is_not_followed) {
  ASSERT_TRUE(this->make_directory("real"));
  this->must_make_file("real/file", "text");
  this->disk_.make_symlink(this->disk_.base() + "/link", "real");
  this->disk_.make_symlink(this->disk_.base() + "/absolute", this->disk_.base() + "/real");
  for (const char* link : {"link", "absolute"}) {
    SCOPED_TRACE(link);
    const std::string beneath = std::string(link) + "/file";
    const auto denied = ErrorCode::permission_denied;
    this->expect_error(this->stat(this->path(beneath)), denied);
    this->expect_error(this->run(FileList{{}, this->path(link)}), denied);
    this->expect_error(this->open(this->path(beneath), FileOpen::Mode::update, this->next_handle()),
                       denied);
    this->expect_error(this->open(this->path(std::string(link) + "/new"), FileOpen::Mode::create,
                                  this->next_handle()),
                       denied);
    this->expect_error(this->make_directory(std::string(link) + "/new"), denied);
    this->expect_error(this->remove(beneath), denied);
    this->expect_error(this->rename("real/file", std::string(link) + "/new"), denied);
    this->expect_error(this->rename(beneath, "moved"), denied);
    this->expect_error(this->run(FileSetDirectoryAttributes{{}, this->path(link), 0700, 0}),
                       denied);
    this->expect_error(this->run(DirectorySync{{}, this->path(link)}), denied);
  }
  EXPECT_THAT(this->names_of(this->run(FileList{{}, this->path("real")})),
              ::testing::ElementsAre("file"));
}

TYPED_TEST_P(DiskConformance, a_link_at_the_end_of_a_path_is_not_followed) {
  this->must_make_file("file", "text");
  this->disk_.make_symlink(this->disk_.base() + "/link", "file");
  EXPECT_EQ(this->info_of(this->stat(this->path("link"))).type, FileType::symlink);
  for (const auto mode : {FileOpen::Mode::read, FileOpen::Mode::update}) {
    this->expect_error(this->open(this->path("link"), mode, this->next_handle()),
                       ErrorCode::permission_denied);
  }
  this->expect_error(this->remove("link"), ErrorCode::permission_denied);
  EXPECT_EQ(this->content("file"), "text");
}

TYPED_TEST_P(DiskConformance, a_base_may_be_reached_through_links) {
  ASSERT_TRUE(this->make_directory("real"));
  this->must_make_file("real/file", "text");
  this->disk_.make_symlink(this->disk_.base() + "/link", "real");
  const FilePath file{this->disk_.base() + "/link", "file"};
  EXPECT_EQ(this->info_of(this->stat(file)).size_bytes, 4u);
  EXPECT_THAT(this->names_of(this->run(FileList{{}, {this->disk_.base() + "/link", ""}})),
              ::testing::ElementsAre("file"));
}

TYPED_TEST_P(DiskConformance, a_base_that_is_not_absolute_is_refused) {
  this->expect_error(this->stat({"relative", "file"}), ErrorCode::permission_denied);
  this->expect_error(this->run(FileList{{}, {"", ""}}), ErrorCode::permission_denied);
}

TYPED_TEST_P(DiskConformance, a_name_that_is_too_long_is_a_limit) {
  const std::string name(256, 'n');
  this->expect_error(this->open(this->path(name), FileOpen::Mode::create, this->next_handle()),
                     ErrorCode::limit_exceeded);
  this->expect_error(this->make_directory(name), ErrorCode::limit_exceeded);
}

REGISTER_TYPED_TEST_SUITE_P(
    DiskConformance, a_created_file_reads_back_what_was_written, a_read_is_short_only_at_the_end,
    a_write_past_the_end_leaves_zeros_before_it,
    writes_to_different_places_of_one_file_may_overlap_in_time, opening_tells_what_the_file_is,
    a_created_file_is_private, creating_a_file_refuses_a_name_that_is_taken,
    updating_a_file_keeps_what_is_not_written, what_does_not_exist_is_not_found,
    a_file_is_not_taken_for_a_directory, only_regular_files_open,
    a_handle_that_is_not_open_is_not_found,
    a_closed_handle_is_gone_and_its_number_can_be_used_again,
    a_file_opened_for_reading_is_not_written, attributes_stay_as_they_were_set,
    a_file_can_be_older_than_the_epoch, attributes_of_a_directory_stay_as_they_were_set,
    a_rename_moves_a_file_with_what_is_in_it, an_open_file_goes_on_under_its_new_name,
    a_rename_moves_a_directory_with_what_is_in_it, a_rename_never_replaces_anything,
    making_a_directory_refuses_a_name_that_is_taken, a_file_and_an_empty_directory_can_be_removed,
    a_directory_with_something_in_it_is_not_removed, a_removed_file_can_be_read_while_it_is_open,
    a_listing_is_sorted_by_bytes_and_tells_what_each_entry_is,
    an_empty_relative_path_names_the_base, syncing_succeeds_and_changes_nothing_that_shows,
    a_path_that_leaves_its_base_is_refused, a_link_in_the_middle_of_a_path_is_not_followed,
    a_link_at_the_end_of_a_path_is_not_followed, a_base_may_be_reached_through_links,
    a_base_that_is_not_absolute_is_refused, a_name_that_is_too_long_is_a_limit);

}  // namespace kith::testing
