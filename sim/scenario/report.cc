#include "sim/scenario/report.h"

#include <algorithm>

namespace kith::sim {

bool Report::ok() const {
  return violations.empty() && std::all_of(expectations.begin(), expectations.end(),
                                           [](const Finding& finding) { return finding.ok; });
}

}  // namespace kith::sim
