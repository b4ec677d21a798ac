#include "io/disk/disk.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio/thread_pool.hpp>
#include <condition_variable>
#include <cstdio>
#include <filesystem>
#include <mutex>
#include <thread>

#include "tests/io/disk_conformance.h"
#include "tests/io/temporary_directory.h"
#include "tests/io/without_system_calls.h"

namespace kith::testing {
namespace {

template <io::Resolution resolution, bool rename_without_replacing>
class RealDisk final : public DiskUnderTest {
 public:
  RealDisk();
  ~RealDisk() override;

  std::string base() const override { return directory_.path(); }
  void submit(FileEffect effect) override;
  std::vector<FileCompleted> run_until_idle() override;
  void make_symlink(const std::string& path, const std::string& target) override;

 private:
  TemporaryDirectory directory_;
  boost::asio::thread_pool pool_{4};
  io::Disk disk_;
  std::mutex mutex_;
  std::condition_variable completed_;
  std::vector<FileCompleted> completions_;
  std::size_t outstanding_ = 0;
};

using RealDisks = ::testing::Types<RealDisk<io::Resolution::kernel, true>,
                                   RealDisk<io::Resolution::by_component, true>,
                                   RealDisk<io::Resolution::kernel, false>>;
INSTANTIATE_TYPED_TEST_SUITE_P(Real, DiskConformance, RealDisks);

// What only a real disk has.
class RealDiskTest : public ::testing::TestWithParam<io::Resolution> {
 protected:
  Result<FileOutcome> open(const std::string& relative, FileOpen::Mode mode) {
    return operations_.run(FileOpen{{}, FileHandle{++last_handle_}, path(relative), mode});
  }
  FilePath path(const std::string& relative) const { return {directory_ / "base", relative}; }
  void expect_refused(const Result<FileOutcome>& outcome) {
    ASSERT_FALSE(outcome);
    EXPECT_EQ(outcome.error().code, ErrorCode::permission_denied) << outcome.error().message;
  }
  void SetUp() override { std::filesystem::create_directory(directory_ / "base"); }

  TemporaryDirectory directory_;
  io::FileOperations operations_{io::DiskFeatures{GetParam(), true}};
  std::uint64_t last_handle_ = 0;
};
INSTANTIATE_TEST_SUITE_P(Resolutions, RealDiskTest,
                         ::testing::Values(io::Resolution::kernel, io::Resolution::by_component));

TEST(Resolver, uses_the_kernel_where_it_can_and_obeys_otherwise) {
  EXPECT_EQ(io::Resolver(io::Resolution::kernel).resolution(), io::Resolution::kernel);
  EXPECT_EQ(io::Resolver(io::Resolution::by_component).resolution(), io::Resolution::by_component);
}

TEST_P(RealDiskTest, a_fifo_is_refused_at_once) {
  ASSERT_EQ(::mkfifo((directory_ / "base/fifo").c_str(), 0600), 0);
  expect_refused(open("fifo", FileOpen::Mode::read));
  expect_refused(open("fifo", FileOpen::Mode::update));
}

TEST_P(RealDiskTest, a_socket_is_refused) {
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::string name = directory_ / "base/socket";
  ASSERT_LT(name.size(), sizeof address.sun_path);
  std::copy(name.begin(), name.end(), address.sun_path);
  ASSERT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
  expect_refused(open("socket", FileOpen::Mode::read));
  expect_refused(operations_.run(FileRemove{{}, path("socket")}));
  ::close(fd);
}

TEST_P(RealDiskTest, a_device_is_refused) {
  const auto outcome =
      operations_.run(FileOpen{{}, FileHandle{1}, {"/dev", "null"}, FileOpen::Mode::read});
  expect_refused(outcome);
}

TEST_P(RealDiskTest, a_magic_link_of_proc_is_not_followed) {
  write_file(directory_ / "outside", "secret");
  const int fd = ::open((directory_ / "outside").c_str(), O_RDONLY | O_CLOEXEC);
  const auto outcome = operations_.run(
      FileOpen{{}, FileHandle{1}, {"/proc/self/fd", std::to_string(fd)}, FileOpen::Mode::read});
  expect_refused(outcome);
  ::close(fd);
}

TEST_P(RealDiskTest, an_error_names_the_path_without_commanding_the_terminal) {
  const auto outcome = open("no\x1b[31m\nfile", FileOpen::Mode::read);
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::not_found);
  EXPECT_NE(outcome.error().message.find("file"), std::string::npos);
  EXPECT_EQ(outcome.error().message.find('\x1b'), std::string::npos);
  EXPECT_EQ(outcome.error().message.find('\n'), std::string::npos);
}

// Another program exchanges a directory for a link to the outside and back, as fast as it can.
TEST_P(RealDiskTest, a_directory_exchanged_for_a_link_never_leads_outside) {
  std::filesystem::create_directory(directory_ / "outside");
  write_file(directory_ / "outside/file", "outside");
  std::filesystem::create_directory(directory_ / "base/real");
  write_file(directory_ / "base/real/file", "inside");
  std::filesystem::create_directory_symlink(directory_ / "outside", directory_ / "base/trap");
  const std::string real = directory_ / "base/real";
  const std::string trap = directory_ / "base/trap";

  std::atomic<bool> ended{false};
  std::thread exchanger([&] {
    while (!ended) {
      ::renameat2(AT_FDCWD, real.c_str(), AT_FDCWD, trap.c_str(), RENAME_EXCHANGE);
    }
  });
  int opened = 0;
  int refused = 0;
  for (int attempt = 0; attempt < 20'000; ++attempt) {
    const auto outcome = open("real/file", FileOpen::Mode::read);
    if (!outcome) {
      // Between two steps a link may have become a directory again: then it is not found.
      EXPECT_TRUE(outcome.error().code == ErrorCode::permission_denied ||
                  outcome.error().code == ErrorCode::not_found)
          << outcome.error().message;
      ++refused;
      continue;
    }
    ++opened;
    const FileHandle handle{last_handle_};
    const auto read = operations_.run(FileRead{{}, handle, 0, 100});
    ASSERT_TRUE(read);
    EXPECT_EQ(as_text(std::get<SharedBytes>(*read).view()), "inside");
    ASSERT_TRUE(operations_.run(FileClose{{}, handle}));
  }
  ended = true;
  exchanger.join();
  // Both states were really met.
  EXPECT_GT(opened, 0);
  EXPECT_GT(refused, 0);
}

TEST_P(RealDiskTest, a_file_closed_while_it_is_written_is_written_to_the_end) {
  ASSERT_TRUE(open("file", FileOpen::Mode::create));
  const FileHandle handle{last_handle_};
  const SharedBytes megabyte(Bytes(1u << 20, std::byte{7}));
  std::thread writer([&] {
    for (std::uint64_t i = 0; i < 64; ++i) {
      const auto written = operations_.run(FileWrite{{}, handle, i << 20, megabyte});
      // After the close the handle is unknown; never is another file written.
      if (!written) {
        EXPECT_EQ(written.error().code, ErrorCode::not_found);
        return;
      }
    }
  });
  EXPECT_TRUE(operations_.run(FileClose{{}, handle}));
  for (int i = 0; i < 16; ++i) {
    ASSERT_TRUE(open("other" + std::to_string(i), FileOpen::Mode::create));
  }
  writer.join();
  for (int i = 0; i < 16; ++i) {
    EXPECT_EQ(std::filesystem::file_size(directory_ / ("base/other" + std::to_string(i))), 0u);
  }
}

// What Linux 5.5, or a container that forbids the newer calls, leaves.
TEST(FileOperations, work_on_a_kernel_without_openat2_and_renameat2) {
  const TemporaryDirectory directory;
  std::filesystem::create_symlink("/", directory / "link");
  for (const int error_number : {ENOSYS, EPERM}) {
    without_system_calls({SYS_openat2}, error_number, [&] {
      EXPECT_EQ(io::Resolver().resolution(), io::Resolution::by_component);
      const auto escaped =
          io::FileOperations().run(FileStat{{}, {directory.path(), "link/etc/passwd"}});
      ASSERT_FALSE(escaped);
      EXPECT_EQ(escaped.error().code, ErrorCode::permission_denied);
    });
  }
  for (const int error_number : {ENOSYS, EINVAL}) {
    without_system_calls({SYS_renameat2}, error_number, [&] {
      io::FileOperations operations;
      write_file(directory / "from", "mine");
      write_file(directory / "taken", "theirs");
      const FilePath from{directory.path(), "from"};
      const auto onto = operations.run(FileRename{{}, from, {directory.path(), "taken"}});
      ASSERT_FALSE(onto);
      EXPECT_EQ(onto.error().code, ErrorCode::already_exists);
      EXPECT_TRUE(operations.run(FileRename{{}, from, {directory.path(), "to"}}));
      EXPECT_EQ(read_file(directory / "to"), "mine");
      EXPECT_EQ(read_file(directory / "taken"), "theirs");
      EXPECT_FALSE(std::filesystem::exists(directory / "from"));
      std::filesystem::remove(directory / "to");
    });
  }
}

// --- the real disk as the conformance suite drives it -------------------------------------------

template <io::Resolution resolution, bool rename_without_replacing>
RealDisk<resolution, rename_without_replacing>::RealDisk()
    : disk_(
          pool_,
          [this](FileCompleted completed) {
            const std::lock_guard lock(mutex_);
            completions_.push_back(std::move(completed));
            completed_.notify_one();
          },
          io::DiskFeatures{resolution, rename_without_replacing}) {}

template <io::Resolution resolution, bool rename_without_replacing>
RealDisk<resolution, rename_without_replacing>::~RealDisk() {
  pool_.join();
}

template <io::Resolution resolution, bool rename_without_replacing>
void RealDisk<resolution, rename_without_replacing>::submit(FileEffect effect) {
  ++outstanding_;
  std::visit([this](auto& concrete) { disk_.submit(std::move(concrete)); }, effect);
}

template <io::Resolution resolution, bool rename_without_replacing>
std::vector<FileCompleted> RealDisk<resolution, rename_without_replacing>::run_until_idle() {
  std::unique_lock lock(mutex_);
  completed_.wait(lock, [this] { return completions_.size() == outstanding_; });
  outstanding_ = 0;
  return std::exchange(completions_, {});
}

template <io::Resolution resolution, bool rename_without_replacing>
void RealDisk<resolution, rename_without_replacing>::make_symlink(const std::string& path,
                                                                  const std::string& target) {
  std::filesystem::create_symlink(target, path);
}

}  // namespace
}  // namespace kith::testing
