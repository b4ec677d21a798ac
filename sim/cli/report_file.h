#pragma once

// The page of a run (sim/report/page.h) as a file. An older one stays until the new one is whole;
// what is no regular file, such as /dev/stdout, is written to as it is.

#include <fstream>
#include <memory>
#include <string>

#include "kith/result.h"
#include "sim/report/run_log.h"
#include "sim/scenario/report.h"
#include "sim/scenario/scenario.h"
#include "sim/world/world.h"

namespace kith::sim {

class ReportFile {
 public:
  // Before the run, so that a file that cannot be written is known before a long one.
  static Result<std::unique_ptr<ReportFile>> begin(World& world, const std::string& path);

  // After it.
  Result<void> end(const Report& report, const Scenario& scenario);

 private:
  ReportFile(World& world, const std::string& path);

  int check();

  std::string path_;
  std::ofstream device_;  // open if the path is no regular file
  RunLog log_;
};

}  // namespace kith::sim
