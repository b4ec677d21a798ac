#include "sim/report/topology_view.h"

#include <fmt/core.h>

#include "sim/scenario/fault_notice.h"

namespace kith::sim {
namespace {

std::string both_ways(const LinkSpec& there, const LinkSpec& back) {
  std::string note = link_text(there);
  const std::string other = link_text(back);
  if (other != note) note += "; back: " + other;
  return note;
}

std::string gateway_note(const NatSpec& nat) {
  if (nat.udp_blocked) return "gateway, lets no UDP pass";
  return fmt::format("gateway, mapping {}, filtering {}", to_string(nat.mapping),
                     to_string(nat.filtering));
}

}  // namespace

TopologyView topology_of(const Scenario& scenario) {
  const TopologySpec& topology = scenario.topology;
  TopologyView view;
  const auto devices = static_cast<std::uint32_t>(topology.devices.size());
  for (DeviceIndex i = 0; i < devices; ++i) {
    view.nodes.push_back({topology.devices[i].name, TopologyView::kNoGroup, i, ""});
  }
  // The gateway of site i stands at devices + i.
  for (std::uint32_t i = 0; i < topology.sites.size(); ++i) {
    const SiteSpec& site = topology.sites[i];
    view.groups.push_back(site.name);
    view.nodes.push_back({site.name, i, kNoDevice, gateway_note(site.nat)});
    if (!site.inside_of) continue;
    view.edges.push_back(
        {devices + i, devices + *site.inside_of, both_ways(site.line.up, site.line.down)});
  }
  for (DeviceIndex i = 0; i < devices; ++i) {
    for (const AttachmentSpec& attachment : topology.devices[i].attachments) {
      if (!attachment.site) continue;
      if (view.nodes[i].group == TopologyView::kNoGroup) view.nodes[i].group = *attachment.site;
      view.edges.push_back(
          {i, devices + *attachment.site, both_ways(attachment.link.up, attachment.link.down)});
    }
  }
  for (const WireSpec& wire : topology.wires) {
    view.edges.push_back({wire.from, wire.to, both_ways(wire.there, wire.back)});
  }
  return view;
}

}  // namespace kith::sim
