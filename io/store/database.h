#pragma once

// The SQLite file that holds the store: one table of keys and values. Used by one thread at a time.
//
// WAL with synchronous=FULL: a transaction that was committed survives a power failure.

#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "kith/result.h"
#include "kith/store.h"

struct sqlite3;
struct sqlite3_stmt;

namespace kith::io {

// The version of the table's layout, in the file's user_version. Older ones are brought up to it,
// newer ones are refused.
inline constexpr int kDatabaseVersion = 1;

class Database {
 public:
  enum class Access { write, read_only };

  // Opens or creates the file, readable by its owner alone; read_only opens it beside a process
  // that writes. Errors: corrupt (it is damaged or not a store of kith; it is left as it is),
  // limit_exceeded (its version is newer), not_found (read_only), permission_denied, no_space,
  // io_error.
  static Result<Database> open(const std::string& path, Access access);

  Result<RestoredState> load_all();

  // Applies all changes of all commits, or on error none. Not for read_only.
  Result<void> apply(std::span<const StoreCommit> commits);

 private:
  struct Close {
    void operator()(sqlite3* connection) const;
  };
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  using Statement = std::unique_ptr<sqlite3_stmt, Finalize>;

  Database(std::unique_ptr<sqlite3, Close> connection, std::string path);

  Result<void> prepare_file(Access access);
  Result<void> check_version();
  Result<void> check_integrity();
  Result<int> read_number(const char* sql);
  Result<void> execute(const char* sql);
  Result<Statement> prepare(std::string_view sql);
  Result<void> apply_change(const StoreChange& change);
  tl::unexpected<Error> error(std::string_view action) const;

  std::unique_ptr<sqlite3, Close> connection_;
  std::string path_;
  Statement put_;
  Statement remove_;
};

}  // namespace kith::io
