// What each fault of a scenario does to the world of a run.

#include "engine/base/append.h"
#include "engine/base/host_port.h"
#include "sim/adversaries/lan_liar.h"
#include "sim/adversaries/port_grabber.h"
#include "sim/adversaries/spoofer.h"
#include "sim/adversaries/stale_records.h"
#include "sim/adversaries/sybil.h"
#include "sim/nat/exhaust.h"
#include "sim/scenario/fault_notice.h"
#include "sim/scenario/run.h"

namespace kith::sim {

void Run::strike(const Fault& fault) {
  const FaultNotice notice = notice_of(fault, scenario_);
  world_.notify(&Observer::on_fault, world_.now(), notice.what, notice.devices);
  std::visit([this](const auto& what) { strike(what); }, fault.what);
}

Instant Run::end_of_wait(Duration waiting) const {
  return waiting == kForEver ? Instant::never() : world_.now() + waiting;
}

void Run::strike(const LinkFault& fault) {
  world_.network().change_link(wires_[fault.wire].there, fault.there);
  world_.network().change_link(wires_[fault.wire].back, fault.back);
}

void Run::change_member(MemberId member, const LinkSpec& up, const LinkSpec& down) {
  Network& network = world_.network();
  network.change_link(network.up_link(member), up);
  network.change_link(network.down_link(member), down);
}

void Run::strike(const LineFault& fault) {
  const GatewayId gateway = world_.topology().gateway(fault.site);
  change_member(world_.network().outside_of(gateway), fault.up, fault.down);
}

void Run::strike(const NetworkFault& fault) {
  Device& device = world_.device(fault.device);
  const Attachment& attachment = device.attachment(fault.network);
  change_member(attachment.member, fault.up, fault.down);
  if (attachment.connected != fault.connected) world_.probes().fire(Probe::roam);
  device.attach(fault.network, fault.connected);
  if (fault.connected && !fault.ipv6) {
    world_.probes().fire(Probe::ipv6_vanish);
    device.attach(fault.network, false, /*ipv6_only=*/true);
  }
}

void Run::strike(const GatewayFault& fault) {
  const GatewayId gateway = world_.topology().gateway(fault.site);
  switch (fault.mishap) {
    case GatewayMishap::reboot:
      return world_.network().reboot(gateway);
    case GatewayMishap::rebind:
      return world_.network().nat(gateway).rebind(world_.now());
    case GatewayMishap::renumber:
      return world_.topology().renumber(fault.site);
    case GatewayMishap::exhaust:
      return exhaust(world_.network().nat(gateway), world_.now());
  }
}

void Run::strike(const PartitionFault& fault) {
  Network& network = world_.network();
  for (const SiteId site : fault.sites) {
    const MemberId member = network.outside_of(world_.topology().gateway(site));
    network.set_on_island(member, fault.island, true);
  }
  for (const DeviceIndex index : fault.devices) {
    const Device& device = world_.device(index);
    for (std::size_t i = 0; i < device.attachment_count(); ++i) {
      network.set_on_island(device.attachment(i).member, fault.island, true);
    }
  }
  network.cut_off(fault.island, fault.cut);
}

void Run::strike(const StopFault& fault) {
  world_.device(fault.device).stop(fault.ending, Unfinished::drawn, fault.loss);
  schedule(fault.down, Kind::restart, fault.device);
}

void Run::strike(const CrashAtEffectFault& fault) {
  Crash crash = fault.crash;
  crash.until = end_of_wait(fault.waiting);
  world_.device(fault.device).crash_at(crash);
}

void Run::strike(const PauseFault& fault) { world_.device(fault.device).pause(fault.pause); }

void Run::strike(const ClockRateFault& fault) {
  world_.device(fault.device).change_clock_rate(fault.ppm);
}

void Run::strike(const ClockJumpFault& fault) {
  world_.device(fault.device).set_wall_clock(fault.by);
}

void Run::strike(const SendErrorsFault& fault) {
  world_.device(fault.device).refuse_sends(world_.now() + fault.lasting);
}

void Run::strike(const BitRotFault& fault) {
  Device& device = world_.device(fault.device);
  if (const auto path = device.disk().rot(fault.path)) {
    world_.notify(&Observer::on_rot, device, world_.now(), *path);
  }
}

void Run::strike(const DiskFullFault& fault) {
  world_.device(fault.device).disk().faults().full_until(world_.now() + fault.lasting);
}

void Run::strike(const DiskErrorFault& fault) {
  DiskFaults& faults = world_.device(fault.device).disk().faults();
  const Instant until = end_of_wait(fault.lasting);
  if (fault.nth > 0) {
    faults.fail_nth(fault.operation, fault.nth, ErrorCode::io_error, until);
  } else {
    faults.fail_until(fault.operation, until, ErrorCode::io_error);
  }
}

void Run::strike(const StoreErrorFault& fault) {
  VirtualStore& store = world_.device(fault.device).store();
  const Instant until = end_of_wait(fault.lasting);
  if (fault.nth > 0) {
    store.fail_commit(fault.nth, fault.code, until);
  } else {
    store.fail_until(until, fault.code);
  }
}

void Run::strike(const DiskSlowFault& fault) {
  world_.device(fault.device)
      .disk()
      .faults()
      .slow_until(world_.now() + fault.lasting, fault.factor);
}

// --- adversaries --------------------------------------------------------------------------------

void Run::strike(const SpooferSpec& spec) {
  adversaries_.push_back(std::make_unique<Spoofer>(world_, spec, adversaries_.size()));
}

void Run::strike(const LanLiarSpec& spec) {
  adversaries_.push_back(std::make_unique<LanLiar>(world_, spec, adversaries_.size()));
}

void Run::strike(const StaleRecordsSpec& spec) {
  adversaries_.push_back(std::make_unique<StaleRecords>(world_, spec, adversaries_.size()));
}

void Run::strike(const PortGrabberSpec& spec) {
  adversaries_.push_back(std::make_unique<PortGrabber>(world_, spec, adversaries_.size()));
}

void Run::strike(const DhtSybilsSpec& spec) {
  SybilSpec party;
  if (spec.device) {
    party.target = dht::mutable_target(world_.device(*spec.device).id(), {});
  } else {
    RandomSource random = world_.random("sybils' place", sybils_.size());
    party.target = dht::NodeId::random(random);
  }
  party.count = spec.count;
  party.entrances = entrances_to_dht();
  party.manners = spec.manners;
  party.until = world_.now() + spec.lasting;
  sybils_.push_back(std::make_unique<Sybils>(world_, party));
}

// Where the devices of the scenario begin, others can as well.
std::vector<Address> Run::entrances_to_dht() const {
  std::vector<Address> entrances;
  for (const DeviceSpec& device : scenario_.topology.devices) {
    for (const std::string& text : device.engine.discovery.bootstrap) {
      if (const auto address = Address::parse(text)) {
        append_once(entrances, *address);
      } else if (const auto host = parse_host_port(text)) {
        const auto found = world_.resolve(host->host, host->port);
        if (!found) continue;
        for (const Address& each : *found) append_once(entrances, each);
      }
    }
  }
  return entrances;
}

}  // namespace kith::sim
