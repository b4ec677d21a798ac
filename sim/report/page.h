#pragma once

// A run as one HTML page that needs nothing beside itself: its style, its script and what it shows
// are in it, and it loads nothing. Equal runs of one commit give equal pages, byte for byte.

#include <string>
#include <string_view>

#include "sim/report/run_log.h"
#include "sim/report/topology_view.h"
#include "sim/scenario/report.h"

namespace kith::sim {

struct PageHead {
  std::string description;  // of the scenario
  std::string commit;       // that the program was built from
};

std::string page_of(const Report& report, const RunLog& log, const TopologyView& topology,
                    const PageHead& head);

// What the page's script reads. Names of devices and files are anybody's choice: in this text
// nothing can end the element that it stands in, or begin another.
std::string page_data(const Report& report, const RunLog& log, const TopologyView& topology,
                      const PageHead& head);

}  // namespace kith::sim
