#include "io/home/home.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "io/base/private_file.h"
#include "io/home/device_name.h"
#include "io/home/home_lock.h"
#include "io/home/key_file.h"
#include "tests/io/temporary_directory.h"

namespace kith::io {
namespace {

using testing::read_file;
using testing::TemporaryDirectory;
using testing::write_file;

unsigned mode_of(const std::string& path);
void expect_key_refused(const std::string& home, ErrorCode code);
// A home with a key; its bytes.
std::string make_key(const std::string& home);

TEST(Home, is_created_private_with_everything_above_it) {
  const TemporaryDirectory directory;
  const auto home = open_home(directory / "a/b/home", "");
  ASSERT_TRUE(home) << home.error().message;
  EXPECT_EQ(mode_of(directory / "a/b/home"), 0700u);
  EXPECT_EQ(mode_of(directory / "a/b/home/key"), 0600u);
  EXPECT_EQ(home->directory, directory / "a/b/home");
}

TEST(Home, keeps_its_key_and_its_name) {
  const TemporaryDirectory directory;
  const auto first = open_home(directory / "home", "my laptop");
  const auto second = open_home(directory / "home", "");
  ASSERT_TRUE(first);
  ASSERT_TRUE(second);
  EXPECT_EQ(first->key.bytes, second->key.bytes);
  EXPECT_EQ(second->device_name, "my laptop");
}

TEST(Home, has_a_key_of_its_own) {
  const TemporaryDirectory directory;
  std::set<std::array<std::byte, 32>> keys;
  for (int i = 0; i < 8; ++i) keys.insert(open_home(directory / std::to_string(i), "")->key.bytes);
  EXPECT_EQ(keys.size(), 8u);
}

TEST(Home, that_is_a_file_is_refused) {
  const TemporaryDirectory directory;
  write_file(directory / "file", "text");
  for (const char* name : {"file", "file/beneath"}) {
    const auto home = open_home(directory / name, "");
    ASSERT_FALSE(home);
    EXPECT_NE(home.error().message.find("file"), std::string::npos) << home.error().message;
  }
  EXPECT_EQ(read_file(directory / "file"), "text");
}

TEST(Home, without_a_name_is_refused) {
  EXPECT_EQ(open_home("", "").error().code, ErrorCode::invalid_argument);
}

TEST(Home, may_be_named_relative_to_the_current_directory) {
  const TemporaryDirectory directory;
  const auto before = std::filesystem::current_path();
  std::filesystem::current_path(directory.path());
  const auto home = open_home("home/", "");
  std::filesystem::current_path(before);
  ASSERT_TRUE(home);
  EXPECT_EQ(home->directory, directory / "home");
}

TEST(Home, that_many_create_at_once_gets_one_key) {
  const TemporaryDirectory directory;
  std::vector<std::array<std::byte, 32>> keys(8);
  std::vector<std::thread> threads;
  for (auto& key : keys) {
    threads.emplace_back([&] {
      const auto home = open_home(directory / "home", "");
      ASSERT_TRUE(home) << home.error().message;
      key = home->key.bytes;
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& key : keys) EXPECT_EQ(key, keys.front());
}

TEST(Home, leaves_no_temporary_files) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(open_home(directory / "home", "name"));
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(directory / "home")) {
    names.insert(entry.path().filename());
  }
  EXPECT_EQ(names, (std::set<std::string>{"key", "name"}));
}

TEST(KeyFile, has_the_documented_format) {
  MasterKey key;
  for (std::size_t i = 0; i < key.bytes.size(); ++i) key.bytes[i] = static_cast<std::byte>(i);
  const Bytes encoded = encode_key_file(key);
  ASSERT_EQ(encoded.size(), 76u);
  EXPECT_EQ(as_text(ByteView(encoded).first(12)), std::string_view("KITHKEY\0\0\0\0\1", 12));
  EXPECT_EQ(to_bytes(ByteView(encoded).subspan(12, 32)), to_bytes(key.bytes));
  EXPECT_EQ(decode_key_file(encoded, "key")->bytes, key.bytes);
}

TEST(KeyFile, cut_short_anywhere_is_corrupt) {
  const Bytes whole = encode_key_file(MasterKey{});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto decoded = decode_key_file(ByteView(whole).first(size), "key");
    ASSERT_FALSE(decoded) << size;
    EXPECT_EQ(decoded.error().code, ErrorCode::corrupt) << size;
  }
}

TEST(KeyFile, with_any_bit_flipped_is_refused) {
  const Bytes whole = encode_key_file(MasterKey{});
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    Bytes damaged = whole;
    damaged[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    const auto decoded = decode_key_file(damaged, "key");
    ASSERT_FALSE(decoded) << bit;
    const bool in_version = bit / 8 >= 8 && bit / 8 < 12;
    EXPECT_EQ(decoded.error().code, in_version ? ErrorCode::limit_exceeded : ErrorCode::corrupt);
  }
}

TEST(KeyFile, with_bytes_after_its_end_is_corrupt) {
  Bytes longer = encode_key_file(MasterKey{});
  longer.push_back(std::byte{0});
  EXPECT_EQ(decode_key_file(longer, "key").error().code, ErrorCode::corrupt);
}

TEST(KeyFile, that_is_damaged_is_refused_and_left_alone) {
  const TemporaryDirectory directory;
  const std::string home = directory / "home";
  const std::string whole = make_key(home);
  for (const std::string& damaged :
       {std::string(), whole.substr(0, 40), "x" + whole.substr(1), std::string(5000, 'x')}) {
    write_file(home + "/key", damaged);
    const ErrorCode code = damaged.size() > 4096 ? ErrorCode::limit_exceeded : ErrorCode::corrupt;
    expect_key_refused(home, code);
    EXPECT_EQ(read_file(home + "/key"), damaged);
  }
}

TEST(KeyFile, of_a_newer_version_is_refused_by_name) {
  const TemporaryDirectory directory;
  const std::string home = directory / "home";
  std::string newer = make_key(home);
  newer[11] = 2;
  write_file(home + "/key", newer.substr(0, 20));
  const auto opened = open_home(home, "");
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, ErrorCode::limit_exceeded);
  EXPECT_NE(opened.error().message.find("newer"), std::string::npos);
}

TEST(KeyFile, that_others_may_read_is_refused_with_the_remedy) {
  const TemporaryDirectory directory;
  const std::string home = directory / "home";
  make_key(home);
  for (const mode_t mode : {0640u, 0604u, 0620u, 0601u, 0644u}) {
    ASSERT_EQ(::chmod((home + "/key").c_str(), mode), 0);
    const auto opened = open_home(home, "");
    ASSERT_FALSE(opened) << mode;
    EXPECT_EQ(opened.error().code, ErrorCode::permission_denied);
    EXPECT_NE(opened.error().hint.find("chmod 600"), std::string::npos);
  }
  ASSERT_EQ(::chmod((home + "/key").c_str(), 0400), 0);
  EXPECT_TRUE(open_home(home, ""));
}

TEST(KeyFile, that_is_a_directory_is_refused) {
  const TemporaryDirectory directory;
  std::filesystem::create_directories(directory / "home/key");
  expect_key_refused(directory / "home", ErrorCode::permission_denied);
}

TEST(DeviceName, is_the_host_name_at_first) {
  const TemporaryDirectory directory;
  char host[256] = {};
  ASSERT_EQ(::gethostname(host, sizeof host - 1), 0);
  const std::string name = open_home(directory / "home", "")->device_name;
  EXPECT_FALSE(name.empty());
  EXPECT_EQ(std::string(host).find(name), 0u);
}

TEST(DeviceName, is_one_line) {
  const TemporaryDirectory directory;
  EXPECT_EQ(*load_or_store_device_name(directory.path(), "two\nlines"), "two");
  EXPECT_EQ(*load_or_store_device_name(directory.path(), ""), "two");
  EXPECT_EQ(read_file(directory / "name"), "two\n");
}

TEST(HomeLock, is_held_by_one_and_names_the_process) {
  const TemporaryDirectory directory;
  const auto held = HomeLock::take(directory.path());
  ASSERT_TRUE(held);
  const auto second = HomeLock::take(directory.path());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::already_exists);
  EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos)
      << second.error().message;
}

TEST(HomeLock, can_be_taken_when_it_was_given_up) {
  const TemporaryDirectory directory;
  { const auto held = HomeLock::take(directory.path()); }
  EXPECT_TRUE(HomeLock::take(directory.path()));
}

TEST(HomeLock, ends_with_the_process_that_held_it) {
  const TemporaryDirectory directory;
  const pid_t child = ::fork();
  if (child == 0) {
    const auto held = HomeLock::take(directory.path());
    ::_exit(held ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_EQ(status, 0);
  EXPECT_EQ(read_file(directory / "lock"), std::to_string(child) + "\n");
  EXPECT_TRUE(HomeLock::take(directory.path()));
}

TEST(PrivateFile, kept_is_not_replaced) {
  const TemporaryDirectory directory;
  ASSERT_TRUE(write_private_file(directory.path(), "file", as_byte_view("one"), IfPresent::keep));
  const auto again =
      write_private_file(directory.path(), "file", as_byte_view("two"), IfPresent::keep);
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error().code, ErrorCode::already_exists);
  EXPECT_EQ(read_file(directory / "file"), "one");
  ASSERT_TRUE(
      write_private_file(directory.path(), "file", as_byte_view("two"), IfPresent::replace));
  EXPECT_EQ(read_file(directory / "file"), "two");
}

unsigned mode_of(const std::string& path) {
  struct stat info;
  return ::stat(path.c_str(), &info) == 0 ? info.st_mode & 07777u : 0;
}

void expect_key_refused(const std::string& home, ErrorCode code) {
  const auto opened = open_home(home, "");
  ASSERT_FALSE(opened);
  EXPECT_EQ(to_string(opened.error().code), to_string(code)) << opened.error().message;
  EXPECT_NE(opened.error().message.find("key"), std::string::npos);
}

std::string make_key(const std::string& home) {
  EXPECT_TRUE(open_home(home, ""));
  return read_file(home + "/key");
}

}  // namespace
}  // namespace kith::io
