#pragma once

// Faults and links as people are told of them.

#include <string>
#include <vector>

#include "sim/scenario/scenario.h"

namespace kith::sim {

// "50 Mbit/s, 15 ms, 5 % lost", or "down".
std::string link_text(const LinkSpec& link);

struct FaultNotice {
  std::string what;                  // a sentence without its full stop
  std::vector<DeviceIndex> devices;  // that it strikes
};

FaultNotice notice_of(const Fault& fault, const Scenario& scenario);

}  // namespace kith::sim
