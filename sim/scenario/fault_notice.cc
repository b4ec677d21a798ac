#include "sim/scenario/fault_notice.h"

#include <fmt/core.h>

#include <algorithm>
#include <numeric>
#include <string_view>

#include "sim/world/seconds.h"

namespace kith::sim {
namespace {

constexpr std::uint64_t kBitsPerMegabit = 1'000'000;
constexpr std::uint32_t kPpmPerPercent = 10'000;

std::string percent(Ppm rate, std::string_view of_them) {
  if (rate == Ppm{}) return "";
  return fmt::format(", {} % {}", static_cast<double>(rate.value) / kPpmPerPercent, of_them);
}

}  // namespace

std::string link_text(const LinkSpec& link) {
  if (!link.up) return "down";
  const std::string rate =
      link.rate_bps == 0
          ? "unlimited"
          : fmt::format("{} Mbit/s", static_cast<double>(link.rate_bps) / kBitsPerMegabit);
  return fmt::format("{}, {} ms", rate, seconds_of(link.delay) * 1000) +
         percent(link.loss, "lost") + percent(link.duplicate, "doubled") +
         percent(link.reorder, "overtaken") + percent(link.corrupt, "corrupted");
}

namespace {

class Noticer {
 public:
  explicit Noticer(const TopologySpec& topology) : topology_(topology) {}

  FaultNotice operator()(const StopFault& fault) const {
    return {fmt::format("{} {} and is down for {} s", name(fault.device),
                        fault.ending == Ending::crashed ? "loses power" : "is killed",
                        seconds_of(fault.down)),
            {fault.device}};
  }

  FaultNotice operator()(const LinkFault& fault) const {
    const WireSpec& wire = topology_.wires[fault.wire];
    return {fmt::format("the link between {} and {} is now {}", name(wire.from), name(wire.to),
                        both(fault.there, fault.back)),
            {wire.from, wire.to}};
  }

  FaultNotice operator()(const LineFault& fault) const {
    return {fmt::format("the line of {} is now {}", site(fault.site), both(fault.up, fault.down)),
            devices_at(fault.site)};
  }

  FaultNotice operator()(const NetworkFault& fault) const {
    std::string what = fmt::format("{} {} network {}, {}", name(fault.device),
                                   fault.connected ? "is on" : "is off", fault.network,
                                   both(fault.up, fault.down));
    if (!fault.ipv6) what += ", without IPv6";
    return {std::move(what), {fault.device}};
  }

  FaultNotice operator()(const GatewayFault& fault) const {
    static constexpr std::string_view kDoes[] = {"reboots", "rebinds its ports", "is renumbered",
                                                 "has its table filled by others"};
    return {fmt::format("the gateway of {} {}", site(fault.site),
                        kDoes[static_cast<std::size_t>(fault.mishap)]),
            devices_at(fault.site)};
  }

  FaultNotice operator()(const PartitionFault& fault) const {
    static constexpr std::string_view kCuts[] = {"reached again", "cut off inbound",
                                                 "cut off outbound", "cut off"};
    FaultNotice notice{
        fmt::format("island {} is {}", fault.island, kCuts[static_cast<std::size_t>(fault.cut)]),
        fault.devices};
    for (const SiteId id : fault.sites) {
      const std::vector<DeviceIndex> there = devices_at(id);
      notice.devices.insert(notice.devices.end(), there.begin(), there.end());
    }
    return notice;
  }

  FaultNotice operator()(const CrashAtEffectFault& fault) const {
    static constexpr std::string_view kEffects[] = {"commit", "file operation", "datagram sent",
                                                    "datagram received"};
    return of(fault.device, fmt::format("will die at its {}. {} from now", fault.crash.nth,
                                        kEffects[static_cast<std::size_t>(fault.crash.effect)]));
  }
  FaultNotice operator()(const PauseFault& fault) const {
    return of(fault.device,
              fmt::format("{} for {} s", fault.pause.monotonic_stops ? "sleeps" : "is stopped",
                          seconds_of(fault.pause.lasting)));
  }
  FaultNotice operator()(const ClockRateFault& fault) const {
    return of(fault.device, fmt::format("has clocks that gain {} ppm", fault.ppm));
  }
  FaultNotice operator()(const ClockJumpFault& fault) const {
    return of(fault.device, fmt::format("has its wall clock set by {} s", seconds_of(fault.by)));
  }
  FaultNotice operator()(const SendErrorsFault& fault) const {
    return of(fault.device, fmt::format("cannot send for {} s", seconds_of(fault.lasting)));
  }
  FaultNotice operator()(const BitRotFault& fault) const {
    return of(fault.device, fmt::format("has a bit flipped in {}",
                                        fault.path.empty() ? "some file" : fault.path));
  }
  FaultNotice operator()(const DiskFullFault& fault) const {
    return of(fault.device, fmt::format("has a full disk for {} s", seconds_of(fault.lasting)));
  }
  FaultNotice operator()(const DiskErrorFault& fault) const {
    return of(fault.device,
              fault.nth == 0
                  ? fmt::format("has a failing disk for {} s", seconds_of(fault.lasting))
                  : fmt::format("has a disk that will fail once, at the {}. time", fault.nth));
  }
  FaultNotice operator()(const StoreErrorFault& fault) const {
    return of(fault.device,
              fault.nth == 0
                  ? fmt::format("has a failing store for {} s", seconds_of(fault.lasting))
                  : fmt::format("has a store that will fail once, at the {}. commit", fault.nth));
  }
  FaultNotice operator()(const DiskSlowFault& fault) const {
    return of(fault.device, fmt::format("has a disk {} times as slow for {} s", fault.factor,
                                        seconds_of(fault.lasting)));
  }

  FaultNotice operator()(const SpooferSpec& spec) const {
    return {fmt::format("somebody {} sends under the addresses of others for {} s",
                        place(spec.site), seconds_of(spec.lasting)),
            devices_near(spec.site)};
  }
  FaultNotice operator()(const LanLiarSpec& spec) const {
    return {fmt::format("somebody {} tells lies by multicast DNS for {} s{}", place(spec.site),
                        seconds_of(spec.lasting), spec.impostor ? " that lead to an impostor" : ""),
            devices_near(spec.site)};
  }
  FaultNotice operator()(const StaleRecordsSpec& spec) const {
    return {fmt::format("somebody {} collects records for {} s and repeats them for {} s",
                        place(spec.site), seconds_of(spec.listening), seconds_of(spec.lasting)),
            devices_near(spec.site)};
  }
  FaultNotice operator()(const PortGrabberSpec& spec) const {
    return {fmt::format("somebody {} has the gateway make port forwards for {} s", place(spec.site),
                        seconds_of(spec.lasting)),
            devices_near(spec.site)};
  }
  FaultNotice operator()(const DhtSybilsSpec& spec) const {
    return {fmt::format("{} hosts of one party stand around {} in the DHT for {} s", spec.count,
                        spec.device ? "what " + name(*spec.device) + " publishes" : "a place",
                        seconds_of(spec.lasting)),
            devices_near(std::nullopt)};
  }

 private:
  FaultNotice of(DeviceIndex device, const std::string& what) const {
    return {fmt::format("{} {}", name(device), what), {device}};
  }

  const std::string& name(DeviceIndex device) const { return topology_.devices[device].name; }
  const std::string& site(SiteId id) const { return topology_.sites[id].name; }

  static std::string both(const LinkSpec& there, const LinkSpec& back) {
    const std::string one = link_text(there);
    const std::string other = link_text(back);
    return one == other ? one : fmt::format("{} there and {} back", one, other);
  }

  std::string place(std::optional<SiteId> id) const {
    return id ? fmt::format("at {}", site(*id)) : "in the internet";
  }

  // Whom somebody there can do something to: everyone, if it is in the internet.
  std::vector<DeviceIndex> devices_near(std::optional<SiteId> id) const {
    if (id) return devices_at(*id);
    std::vector<DeviceIndex> all(topology_.devices.size());
    std::iota(all.begin(), all.end(), DeviceIndex{0});
    return all;
  }

  std::vector<DeviceIndex> devices_at(SiteId id) const {
    std::vector<DeviceIndex> found;
    for (DeviceIndex i = 0; i < topology_.devices.size(); ++i) {
      const auto& attachments = topology_.devices[i].attachments;
      const bool there = std::any_of(attachments.begin(), attachments.end(),
                                     [&](const auto& each) { return each.site == id; });
      if (there) found.push_back(i);
    }
    return found;
  }

  const TopologySpec& topology_;
};

}  // namespace

FaultNotice notice_of(const Fault& fault, const Scenario& scenario) {
  return std::visit(Noticer(scenario.topology), fault.what);
}

}  // namespace kith::sim
