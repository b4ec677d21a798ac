#pragma once

// Why a run is not ok, for the message of a test.

#include <string>

#include "sim/scenario/report.h"

namespace kith::sim {

inline std::string text_of_failures(const Report& report) {
  std::string text;
  for (const auto* findings : {&report.violations, &report.expectations}) {
    for (const Finding& finding : *findings) {
      if (!finding.ok) text += finding.name + ": " + finding.value + "; ";
    }
  }
  return text;
}

}  // namespace kith::sim
