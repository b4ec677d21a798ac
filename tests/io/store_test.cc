#include "io/store/store.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/store/database.h"
#include "tests/io/store_conformance.h"
#include "tests/io/temporary_directory.h"

namespace kith::testing {
namespace {

class RealStore final : public StoreUnderTest {
 public:
  RealStore() { open(); }

  void submit(StoreCommit commit) override;
  std::vector<StoreCompleted> run_until_idle() override;
  RestoredState restart() override;

 private:
  void open();

  TemporaryDirectory directory_;
  std::mutex mutex_;
  std::condition_variable completed_;
  std::vector<StoreCompleted> completions_;
  std::size_t outstanding_ = 0;
  std::optional<io::Store> store_;
};
INSTANTIATE_TYPED_TEST_SUITE_P(Real, StoreConformance, ::testing::Types<RealStore>);

using io::Database;

Result<Database> open_database(const std::string& path);
void run_sql(const std::string& path, const char* sql);
void expect_open_error(const std::string& path, ErrorCode code);
// Commits without end and writes a byte to `report` for each completion.
[[noreturn]] void commit_until_killed(const std::string& path, int report);

TEST(Database, file_is_private_whatever_the_umask) {
  const TemporaryDirectory directory;
  const mode_t before = ::umask(0);
  auto database = open_database(directory / "store.db");
  const StoreCommit commit{StoreOpId{1}, {{"key", to_bytes(as_byte_view("value"))}}};
  ASSERT_TRUE(database->apply(std::span(&commit, 1)));
  ::umask(before);
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
    EXPECT_EQ(static_cast<unsigned>(entry.status().permissions()), 0600u) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 2);  // the log as well
}

TEST(Database, of_a_newer_version_is_refused_and_left_alone) {
  const TemporaryDirectory directory;
  const std::string path = directory / "store.db";
  ASSERT_TRUE(open_database(path));
  run_sql(path, "PRAGMA user_version=2");
  expect_open_error(path, ErrorCode::limit_exceeded);
  run_sql(path, "PRAGMA user_version=1");
  EXPECT_TRUE(open_database(path));
}

TEST(Database, of_another_program_is_refused) {
  const TemporaryDirectory directory;
  const std::string path = directory / "store.db";
  run_sql(path, "CREATE TABLE theirs(x)");
  expect_open_error(path, ErrorCode::corrupt);
}

TEST(Database, that_is_no_database_is_refused_and_left_alone) {
  const TemporaryDirectory directory;
  const std::string path = directory / "store.db";
  const std::string text(8192, 'x');
  write_file(path, text);
  expect_open_error(path, ErrorCode::corrupt);
  EXPECT_EQ(read_file(path), text);
}

TEST(Database, with_a_damaged_page_is_refused) {
  const TemporaryDirectory directory;
  const std::string path = directory / "store.db";
  {
    auto database = open_database(path);
    std::vector<StoreChange> changes;
    for (int i = 0; i < 2000; ++i) changes.push_back({"key" + std::to_string(i), Bytes(50)});
    const StoreCommit commit{StoreOpId{1}, std::move(changes)};
    ASSERT_TRUE(database->apply(std::span(&commit, 1)));
  }
  std::string content = read_file(path);
  ASSERT_GT(content.size(), 40'000u);
  content.replace(20'480, 4096, std::string(4096, '\xff'));
  write_file(path, content);
  expect_open_error(path, ErrorCode::corrupt);
}

TEST(Database, in_a_directory_that_does_not_exist_is_not_found) {
  expect_open_error("/nonexistent/store.db", ErrorCode::not_found);
}

TEST(Database, can_be_read_while_another_one_writes) {
  const TemporaryDirectory directory;
  const std::string path = directory / "store.db";
  auto writer = open_database(path);
  ASSERT_TRUE(writer);
  const StoreCommit commit{StoreOpId{1}, {{"key", to_bytes(as_byte_view("value"))}}};
  ASSERT_TRUE(writer->apply(std::span(&commit, 1)));
  auto reader = Database::open(path, Database::Access::read_only);
  ASSERT_TRUE(reader) << reader.error().message;
  EXPECT_EQ(reader->load_all()->size(), 1u);
}

TEST(Database, that_does_not_exist_is_not_created_by_reading) {
  const TemporaryDirectory directory;
  const auto reader = Database::open(directory / "store.db", Database::Access::read_only);
  ASSERT_FALSE(reader);
  EXPECT_EQ(reader.error().code, ErrorCode::not_found);
  EXPECT_FALSE(std::filesystem::exists(directory / "store.db"));
}

TEST(Database, that_failed_one_commit_keeps_nothing_of_it) {
  const TemporaryDirectory directory;
  const std::string path = directory / "store.db";
  auto database = open_database(path);
  ASSERT_TRUE(database);
  run_sql(path,
          "CREATE TRIGGER refuse BEFORE INSERT ON kv WHEN new.key=x'626164' "
          "BEGIN SELECT RAISE(ABORT,'refused'); END");
  const std::vector<StoreCommit> commits = {
      {StoreOpId{1}, {{"first", Bytes(1)}}},
      {StoreOpId{2}, {{"half", Bytes(1)}, {"bad", Bytes(1)}}},
  };
  EXPECT_FALSE(database->apply(commits));
  EXPECT_TRUE(database->load_all()->empty());

  std::vector<StoreCompleted> completions;
  {
    io::Store store(std::move(*database),
                    [&](StoreCompleted completed) { completions.push_back(completed); });
    for (const StoreCommit& commit : commits) store.submit(commit);
    store.submit({StoreOpId{3}, {{"last", Bytes(1)}}});
  }
  ASSERT_EQ(completions.size(), 3u);
  EXPECT_TRUE(completions[0].outcome);
  EXPECT_FALSE(completions[1].outcome);
  EXPECT_TRUE(completions[2].outcome);
  const auto state = open_database(path)->load_all();
  ASSERT_TRUE(state);
  EXPECT_EQ(state->size(), 2u);
  EXPECT_TRUE(state->contains("first"));
  EXPECT_TRUE(state->contains("last"));
}

TEST(Store, writes_what_was_submitted_before_it_ends) {
  const TemporaryDirectory directory;
  const std::string path = directory / "store.db";
  {
    io::Store store(*open_database(path), [](StoreCompleted) {});
    for (std::uint64_t i = 0; i < 500; ++i) {
      store.submit({StoreOpId{i}, {{"key" + std::to_string(i), Bytes(1)}}});
    }
  }
  EXPECT_EQ(open_database(path)->load_all()->size(), 500u);
}

TEST(Store, killed_at_any_moment_holds_a_prefix_with_every_completed_commit) {
  for (int round = 0; round < 10; ++round) {
    const TemporaryDirectory directory;
    const std::string path = directory / "store.db";
    int report[2];
    ASSERT_EQ(::pipe(report), 0);
    const pid_t child = ::fork();
    if (child == 0) commit_until_killed(path, report[1]);
    ::close(report[1]);
    std::size_t completed = 0;
    char byte = 0;
    const std::size_t wanted = 20 + static_cast<std::size_t>(round) * 13;
    while (completed < wanted && ::read(report[0], &byte, 1) == 1) ++completed;
    ::kill(child, SIGKILL);
    while (::read(report[0], &byte, 1) == 1) ++completed;
    ::close(report[0]);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);

    const auto state = open_database(path)->load_all();
    ASSERT_TRUE(state);
    ASSERT_GE(completed, wanted);
    // Commit n puts "n/a" and "n/b".
    EXPECT_GE(state->size(), 2 * completed);
    EXPECT_EQ(state->size() % 2, 0u);
    for (std::size_t n = 0; n < state->size() / 2; ++n) {
      EXPECT_TRUE(state->contains(std::to_string(n) + "/a")) << n;
      EXPECT_TRUE(state->contains(std::to_string(n) + "/b")) << n;
    }
  }
}

// --- helpers ------------------------------------------------------------------------------------

void RealStore::open() {
  auto database = Database::open(directory_ / "store.db", Database::Access::write);
  ASSERT_TRUE(database) << database.error().message;
  store_.emplace(std::move(*database), [this](StoreCompleted completed) {
    const std::lock_guard lock(mutex_);
    completions_.push_back(std::move(completed));
    completed_.notify_one();
  });
}

void RealStore::submit(StoreCommit commit) {
  ++outstanding_;
  store_->submit(std::move(commit));
}

std::vector<StoreCompleted> RealStore::run_until_idle() {
  std::unique_lock lock(mutex_);
  completed_.wait(lock, [this] { return completions_.size() == outstanding_; });
  outstanding_ = 0;
  return std::exchange(completions_, {});
}

// A copy of the files taken while they are in use is what a killed process leaves.
RestoredState RealStore::restart() {
  const TemporaryDirectory copy;
  std::filesystem::copy(directory_.path(), copy.path());
  auto database = Database::open(copy / "store.db", Database::Access::write);
  EXPECT_TRUE(database);
  auto state = database->load_all();
  EXPECT_TRUE(state);
  store_.reset();
  open();
  return std::move(*state);
}

Result<Database> open_database(const std::string& path) {
  return Database::open(path, Database::Access::write);
}

void run_sql(const std::string& path, const char* sql) {
  sqlite3* connection = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &connection), SQLITE_OK);
  EXPECT_EQ(sqlite3_exec(connection, sql, nullptr, nullptr, nullptr), SQLITE_OK)
      << sqlite3_errmsg(connection);
  sqlite3_close(connection);
}

void expect_open_error(const std::string& path, ErrorCode code) {
  const auto database = open_database(path);
  ASSERT_FALSE(database);
  EXPECT_EQ(to_string(database.error().code), to_string(code)) << database.error().message;
  EXPECT_NE(database.error().message.find("store.db"), std::string::npos);
  EXPECT_FALSE(code == ErrorCode::corrupt && database.error().hint.empty());
}

void commit_until_killed(const std::string& path, int report) {
  io::Store store(*open_database(path), [report](StoreCompleted completed) {
    if (!completed.outcome || ::write(report, "c", 1) != 1) ::_exit(1);
  });
  for (std::uint64_t n = 0;; ++n) {
    const std::string name = std::to_string(n);
    store.submit({StoreOpId{n}, {{name + "/a", Bytes(100)}, {name + "/b", Bytes(100)}}});
    if (n % 4 == 3) ::usleep(500);
  }
}

}  // namespace
}  // namespace kith::testing
