#pragma once

// What joins the devices of a run, as the page draws it.

#include <cstdint>
#include <string>
#include <vector>

#include "sim/report/entry_log.h"
#include "sim/scenario/scenario.h"

namespace kith::sim {

struct TopologyView {
  static constexpr std::uint32_t kNoGroup = ~std::uint32_t{0};

  struct Node {
    std::string name;
    std::uint32_t group = kNoGroup;  // in `groups`
    DeviceIndex device = kNoDevice;  // none for a gateway and the like
    std::string note;                // "gateway, port restricted", or ""
  };
  struct Edge {
    std::uint32_t from = 0;  // in `nodes`
    std::uint32_t to = 0;
    std::string note;  // "50 Mbit/s, 15 ms"
  };

  std::vector<std::string> groups;  // names of sites
  std::vector<Node> nodes;
  std::vector<Edge> edges;
};

// Every device and every gateway; links, lines to carriers and places at sites as edges.
TopologyView topology_of(const Scenario& scenario);

}  // namespace kith::sim
