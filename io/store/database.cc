#include "io/store/database.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "engine/base/check.h"
#include "engine/base/text.h"
#include "io/base/private_file.h"
#include "io/base/system_error.h"
#include "io/base/unique_fd.h"

namespace kith::io {
namespace {

// "KITH": tells a store of kith from any other SQLite file.
constexpr int kApplicationId = 0x4b495448;

// Another process may hold the file for a moment, such as one that lists devices.
constexpr int kBusyTimeoutMs = 5000;

ErrorCode code_of(int sqlite_code) {
  switch (sqlite_code & 0xff) {
    case SQLITE_FULL:
      return ErrorCode::no_space;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
      return ErrorCode::corrupt;
    case SQLITE_PERM:
    case SQLITE_READONLY:
    case SQLITE_AUTH:
      return ErrorCode::permission_denied;
    default:
      return ErrorCode::io_error;
  }
}

std::string_view hint_for(ErrorCode code) {
  switch (code) {
    case ErrorCode::corrupt:
      return "Put back a copy of it, or move it away and pair your devices again.";
    case ErrorCode::no_space:
      return "Free some space on its file system and try again.";
    case ErrorCode::permission_denied:
      return "Check its owner and permissions, and those of the directories above it.";
    default:
      return "";
  }
}

tl::unexpected<Error> damaged(std::string_view path, std::string_view what) {
  return failure(ErrorCode::corrupt, fmt::format("The store {} {}.", printable(path), what),
                 std::string(hint_for(ErrorCode::corrupt)));
}

// SQLite would create the file with the mode of the umask and would not make its name durable. It
// gives its log the mode of the file.
Result<void> ensure_private_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (fd) return sync_directory(std::filesystem::path(path).parent_path().string());
  if (errno == EEXIST) return {};
  return system_failure(errno, "create", path);
}

Bytes column_bytes(sqlite3_stmt* row, int column) {
  const auto* data = static_cast<const std::byte*>(sqlite3_column_blob(row, column));
  return to_bytes(ByteView(data, static_cast<std::size_t>(sqlite3_column_bytes(row, column))));
}

}  // namespace

void Database::Close::operator()(sqlite3* connection) const { sqlite3_close(connection); }
void Database::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Database::Database(std::unique_ptr<sqlite3, Close> connection, std::string path)
    : connection_(std::move(connection)), path_(std::move(path)) {}

Result<Database> Database::open(const std::string& path, Access access) {
  int flags = SQLITE_OPEN_NOMUTEX;
  if (access == Access::write) {
    const auto present = ensure_private_file(path);
    if (!present) return tl::unexpected(present.error());
    flags |= SQLITE_OPEN_READWRITE;
  } else {
    if (::access(path.c_str(), F_OK) != 0) return system_failure(errno, "open", path);
    flags |= SQLITE_OPEN_READONLY;
  }
  sqlite3* connection = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &connection, flags, nullptr);
  // SQLite gives a connection even then, for its message and to be closed.
  Database database(std::unique_ptr<sqlite3, Close>(connection), path);
  if (code != SQLITE_OK) return database.error("open");
  const auto prepared = database.prepare_file(access);
  if (!prepared) return tl::unexpected(prepared.error());
  return database;
}

Result<void> Database::prepare_file(Access access) {
  sqlite3_busy_timeout(connection_.get(), kBusyTimeoutMs);
  sqlite3_extended_result_codes(connection_.get(), 1);
  if (auto checked = check_version(); !checked) return checked;
  if (auto checked = check_integrity(); !checked) return checked;
  if (access == Access::read_only) return {};
  const std::string layout = fmt::format(
      "PRAGMA journal_mode=WAL;"
      "PRAGMA synchronous=FULL;"
      "BEGIN IMMEDIATE;"
      "CREATE TABLE IF NOT EXISTS kv(key BLOB PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;"
      "PRAGMA application_id={};"
      "PRAGMA user_version={};"
      "COMMIT;",
      kApplicationId, kDatabaseVersion);
  if (auto done = execute(layout.c_str()); !done) return done;
  auto put = prepare("INSERT INTO kv VALUES(?1,?2) ON CONFLICT(key) DO UPDATE SET value=?2");
  if (!put) return tl::unexpected(put.error());
  auto remove = prepare("DELETE FROM kv WHERE key=?1");
  if (!remove) return tl::unexpected(remove.error());
  put_ = std::move(*put);
  remove_ = std::move(*remove);
  return {};
}

Result<void> Database::check_version() {
  const auto version = read_number("PRAGMA user_version");
  if (!version) return tl::unexpected(version.error());
  const auto application = read_number("PRAGMA application_id");
  if (!application) return tl::unexpected(application.error());
  const auto tables = read_number("SELECT count(*) FROM sqlite_master");
  if (!tables) return tl::unexpected(tables.error());
  if (*application != kApplicationId && (*tables != 0 || *version != 0)) {
    return damaged(path_, "is not a store of kith");
  }
  if (*version > kDatabaseVersion) {
    return failure(
        ErrorCode::limit_exceeded,
        fmt::format("The store {} was written by a newer kith (format {}, this one reads "
                    "up to {}).",
                    printable(path_), *version, kDatabaseVersion),
        "Install the newer kith again, or use another home.");
  }
  return {};
}

// The store is small: reading all of it once at start costs less than carrying damage further.
Result<void> Database::check_integrity() {
  auto statement = prepare("PRAGMA quick_check(1)");
  if (!statement) return tl::unexpected(statement.error());
  if (sqlite3_step(statement->get()) != SQLITE_ROW) return error("check");
  const Bytes verdict = column_bytes(statement->get(), 0);
  if (as_text(verdict) != "ok") return damaged(path_, "is damaged");
  return {};
}

Result<RestoredState> Database::load_all() {
  RestoredState state;
  const auto tables = read_number("SELECT count(*) FROM sqlite_master WHERE name='kv'");
  if (!tables) return tl::unexpected(tables.error());
  if (*tables == 0) return state;
  auto statement = prepare("SELECT key, value FROM kv");
  if (!statement) return tl::unexpected(statement.error());
  int code = sqlite3_step(statement->get());
  for (; code == SQLITE_ROW; code = sqlite3_step(statement->get())) {
    const Bytes key = column_bytes(statement->get(), 0);
    state.emplace(as_text(key), column_bytes(statement->get(), 1));
  }
  if (code != SQLITE_DONE) return error("read");
  return state;
}

Result<void> Database::apply(std::span<const StoreCommit> commits) {
  KITH_CHECK(put_ != nullptr);
  if (auto begun = execute("BEGIN IMMEDIATE"); !begun) return begun;
  for (const StoreCommit& commit : commits) {
    for (const StoreChange& change : commit.changes) {
      if (auto applied = apply_change(change); !applied) {
        sqlite3_exec(connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
        return applied;
      }
    }
  }
  if (auto committed = execute("COMMIT"); !committed) {
    sqlite3_exec(connection_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
    return committed;
  }
  return {};
}

Result<void> Database::apply_change(const StoreChange& change) {
  // An empty blob given by a null pointer would be NULL.
  static constexpr std::byte kNothing{};
  sqlite3_stmt* statement = change.value ? put_.get() : remove_.get();
  sqlite3_bind_blob64(statement, 1, change.key.empty() ? "" : change.key.data(), change.key.size(),
                      SQLITE_STATIC);
  if (change.value) {
    sqlite3_bind_blob64(statement, 2, change.value->empty() ? &kNothing : change.value->data(),
                        change.value->size(), SQLITE_STATIC);
  }
  const int code = sqlite3_step(statement);
  auto outcome = code == SQLITE_DONE ? Result<void>() : Result<void>(error("write"));
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  return outcome;
}

Result<int> Database::read_number(const char* sql) {
  auto statement = prepare(sql);
  if (!statement) return tl::unexpected(statement.error());
  if (sqlite3_step(statement->get()) != SQLITE_ROW) return error("read");
  return sqlite3_column_int(statement->get(), 0);
}

Result<void> Database::execute(const char* sql) {
  if (sqlite3_exec(connection_.get(), sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    return error("write");
  }
  return {};
}

Result<Database::Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(connection_.get(), sql.data(), static_cast<int>(sql.size()), &statement,
                         nullptr) != SQLITE_OK) {
    return error("read");
  }
  return Statement(statement);
}

tl::unexpected<Error> Database::error(std::string_view action) const {
  const ErrorCode code = code_of(sqlite3_errcode(connection_.get()));
  return failure(code,
                 fmt::format("Cannot {} the store {}: {}.", action, printable(path_),
                             sqlite3_errmsg(connection_.get())),
                 std::string(hint_for(code)));
}

}  // namespace kith::io
