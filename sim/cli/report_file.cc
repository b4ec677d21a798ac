#include "sim/cli/report_file.h"

#include <fmt/core.h>

#include "generated/kith_commit.h"
#include "sim/report/page.h"

namespace kith::sim {

ReportFile::ReportFile(World& world, const std::string& path)
    : path_(path), file_(path, std::ios::binary | std::ios::trunc), log_(world) {
  world.add_observer(log_);
}

Result<std::unique_ptr<ReportFile>> ReportFile::begin(World& world, const std::string& path) {
  std::unique_ptr<ReportFile> file(new ReportFile(world, path));
  if (file->file_) return file;
  return failure(ErrorCode::io_error, fmt::format("--report: {} cannot be written.", path));
}

Result<void> ReportFile::end(const Report& report, const Scenario& scenario) {
  file_ << page_of(report, log_, topology_of(scenario), {scenario.description, KITH_COMMIT});
  file_.close();
  if (file_) return {};
  return failure(ErrorCode::io_error, fmt::format("--report: {} could not be written.", path_));
}

}  // namespace kith::sim
