#include "io/cli/paths.h"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>

#include "engine/base/text.h"

namespace kith::cli {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> cannot(const std::string& what, const std::string& path,
                             const std::error_code& error) {
  const std::string message = fmt::format("{} '{}': {}.", what, printable(path), error.message());
  if (error == std::errc::no_such_file_or_directory || error == std::errc::not_a_directory) {
    return failure(ErrorCode::not_found, message, "Check the path.");
  }
  if (error == std::errc::permission_denied) {
    return failure(ErrorCode::permission_denied, message, "Check its permissions.");
  }
  return failure(ErrorCode::io_error, message);
}

}  // namespace

Result<std::string> absolute_source(const std::string& typed) {
  if (typed.empty()) {
    return failure(ErrorCode::invalid_argument, "An empty path names nothing.",
                   "Name a file or directory.");
  }
  fs::path path = typed;
  if (!path.has_filename()) path = path.parent_path();  // "dir/"
  std::error_code error;
  const bool has_own_name =
      path.has_filename() && path.filename() != "." && path.filename() != "..";
  if (!has_own_name) {
    const fs::path whole = fs::canonical(path, error);
    if (error) return cannot("Cannot find", typed, error);
    return whole.native();
  }
  const fs::path parent = path.has_parent_path() ? path.parent_path() : fs::path(".");
  const fs::path folder = fs::canonical(parent, error);
  if (error) return cannot("Cannot find", typed, error);
  const fs::path whole = folder / path.filename();
  const fs::file_status status = fs::symlink_status(whole, error);
  if (!fs::exists(status)) {
    if (!error) error = std::make_error_code(std::errc::no_such_file_or_directory);
    return cannot("Cannot find", typed, error);
  }
  return whole.native();
}

Result<void> ensure_directory(const std::string& directory) {
  std::error_code error;
  fs::create_directory(directory, error);
  if (error) return cannot("Cannot make the directory", directory, error);
  return {};
}

}  // namespace kith::cli
