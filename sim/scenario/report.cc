#include "sim/scenario/report.h"

#include <algorithm>

namespace kith::sim {

bool Report::ok() const {
  return violations.empty() &&
         std::none_of(expectations.begin(), expectations.end(),
                      [](const Finding& finding) { return finding.failed(); });
}

}  // namespace kith::sim
