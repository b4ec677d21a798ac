#include "sim/cli/report_file.h"

#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "engine/base/text.h"
#include "generated/kith_commit.h"
#include "sim/cli/output_paths.h"
#include "sim/replay/whole_file.h"
#include "sim/report/page.h"

namespace kith::sim {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> cannot_write(const std::string& path, int error) {
  return failure(ErrorCode::io_error, fmt::format("--report: {} cannot be written: {}.",
                                                  printable(path), std::strerror(error)));
}

}  // namespace

ReportFile::ReportFile(World& world, const std::string& path) : path_(path), log_(world) {
  world.add_observer(log_);
}

// The error, or 0.
int ReportFile::check() {
  std::error_code ignored;
  const fs::file_status status = fs::status(path_, ignored);
  if (fs::is_directory(status)) return EISDIR;
  if (!fs::exists(status)) return check_directory_of(file_named(path_));
  if (::access(path_.c_str(), W_OK) != 0) return errno;
  if (fs::is_regular_file(status)) return check_directory_of(file_named(path_));
  device_.open(path_, std::ios::binary);
  return device_ ? 0 : errno;
}

Result<std::unique_ptr<ReportFile>> ReportFile::begin(World& world, const std::string& path) {
  std::unique_ptr<ReportFile> file(new ReportFile(world, path));
  if (const int error = file->check(); error != 0) return cannot_write(path, error);
  return file;
}

Result<void> ReportFile::end(const Report& report, const Scenario& scenario) {
  const std::string page =
      page_of(report, log_, topology_of(scenario), {scenario.description, KITH_COMMIT});
  int error = 0;
  if (device_.is_open()) {
    errno = 0;
    device_ << page;
    device_.close();
    if (!device_) error = errno;
  } else {
    error = write_whole_file(file_named(path_), as_byte_view(page), Existing::replaced);
  }
  if (error == 0) return {};
  return cannot_write(path_, error);
}

}  // namespace kith::sim
