#include "sim/scenario/read_topology.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>

#include "engine/base/host_port.h"
#include "sim/network/headers.h"
#include "sim/scenario/read_links.h"
#include "sim/scenario/read_nat.h"
#include "sim/scenario/read_port_mapping.h"
#include "sim/scenario/suggest.h"

namespace kith::sim {
namespace {

constexpr std::size_t kMostRegions = 64;
constexpr std::size_t kMostNetworks = 8;    // of one device
constexpr std::size_t kMostAddresses = 8;   // of one device in one network
constexpr std::size_t kMostNameBytes = 64;  // what an engine shows: kith/engine.h
constexpr Duration kLongestBatch = std::chrono::milliseconds(10);
constexpr Duration kLongestLatency = std::chrono::seconds(10);

// Devices that name no address and no network get these in order: 10.0.0.1, 10.0.0.2, ...
Address numbered_address(std::size_t index) {
  const std::size_t host = index + 1;
  return Address::v4(10, static_cast<std::uint8_t>(host >> 16 & 0xff),
                     static_cast<std::uint8_t>(host >> 8 & 0xff),
                     static_cast<std::uint8_t>(host & 0xff), 0);
}

// What an address is that no host has of its own; empty for the others.
std::string_view kind_of_no_host(const Address& address) {
  const bool ipv4 = address.family == Address::Family::ipv4;
  const Address here = ipv4 ? Address::v4(127, 0, 0, 1, 0) : *Address::parse("[::1]:1");
  if (address.is_unspecified()) return "the unspecified one";
  if (is_multicast(address)) return "one of a group";
  if (ipv4 ? address.ip[0] == here.ip[0] : address.ip == here.ip) return "the host itself";
  if (ipv4 && address.ip == Address::v4(255, 255, 255, 255, 0).ip) return "the broadcast address";
  return "";
}

void refuse_if_no_host(const JsonValue& value, const Address& address) {
  const auto kind = kind_of_no_host(address);
  if (!kind.empty()) value.refuse(fmt::format("must be the address of a host, not {}", kind));
}

// An address without a port, as addresses of machines are written.
Address read_address(const JsonValue& value) {
  const std::string text = value.text();
  const bool bracketed = text.find(':') != std::string::npos;
  const auto address = Address::parse(bracketed ? "[" + text + "]:1" : text + ":1");
  if (!address) value.refuse(fmt::format("is not an IP address: {}", text));
  refuse_if_no_host(value, *address);
  Address ip = *address;
  ip.port = 0;
  return ip;
}

std::string read_name(JsonObject& keys, std::set<std::string>& taken, std::string_view of_what) {
  const JsonValue value = keys.at("name");
  const std::string name = value.text();
  if (name.size() > kMostNameBytes) {
    value.refuse(fmt::format("must have at most {} bytes", kMostNameBytes));
  }
  if (!taken.insert(name).second) value.refuse(fmt::format("another {} has this name", of_what));
  return name;
}

class TopologyReader {
 public:
  TopologySpec read(JsonObject keys) {
    if (keys.has("regions")) read_regions(keys.at("regions").object(), topology_);
    if (keys.has("sites")) {
      for (const JsonValue& entry : keys.at("sites").array(0, kMostSites)) {
        topology_.sites.push_back(read_site(entry.object()));
      }
    }
    for (const JsonValue& entry : keys.at("devices").array(1, kMostDevices)) {
      read_device(entry.object());
    }
    if (keys.has("links")) read_links(keys.at("links"));
    keys.done();
    for (const JsonValue& host : bootstrap_) check_bootstrap(host);
    check_joined(keys.at("devices"));
    return std::move(topology_);
  }

 private:
  RegionId read_region(const JsonValue& value) const {
    const auto found = std::find(topology_.regions.begin(), topology_.regions.end(), value.text());
    if (found == topology_.regions.end()) {
      value.refuse(
          fmt::format("no region is named \"{}\"{}", value.text(),
                      suggest(value.text(), {topology_.regions.begin(), topology_.regions.end()})));
    }
    return static_cast<RegionId>(found - topology_.regions.begin());
  }

  SiteId read_site_name(const JsonValue& value) const {
    const std::string wanted = value.text();
    const auto found = std::find_if(topology_.sites.begin(), topology_.sites.end(),
                                    [&](const SiteSpec& site) { return site.name == wanted; });
    if (found == topology_.sites.end()) {
      std::vector<std::string_view> before;
      for (const SiteSpec& site : topology_.sites) before.push_back(site.name);
      value.refuse(
          fmt::format("no site before it is named \"{}\"{}", wanted, suggest(wanted, before)));
    }
    return static_cast<SiteId>(found - topology_.sites.begin());
  }

  SiteSpec read_site(JsonObject keys) {
    SiteSpec site;
    site.name = read_name(keys, site_names_, "site");
    if (keys.has("inside_of")) site.inside_of = read_site_name(keys.at("inside_of"));
    if (keys.has("region")) site.line.region = read_region(keys.at("region"));
    site.nat = read_nat(keys.at("nat"), /*translates=*/true);
    if (keys.has("firewall")) site.firewall = read_nat(keys.at("firewall"), /*translates=*/false);
    if (keys.has("port_mapping")) site.port_mapping = read_port_mapping(keys.at("port_mapping"));
    site.ipv6 = keys.boolean_or("ipv6", site.ipv6);
    constexpr std::uint64_t kMostPublicAddresses = 16;
    site.public_addresses =
        static_cast<unsigned>(keys.integer_or("public_addresses", 1, kMostPublicAddresses, 1));
    if (keys.has("line")) read_link_object(keys.at("line"), site.line.up, site.line.down);
    keys.done();
    return site;
  }

  void read_device(JsonObject keys) {
    DeviceSpec& device = topology_.devices.emplace_back();
    device.name = read_name(keys, device_names_, "device");
    if (keys.has("networks")) {
      for (const JsonValue& entry : keys.at("networks").array(1, kMostNetworks)) {
        device.attachments.push_back(read_attachment(entry.object()));
      }
    }
    if (keys.has("address")) {
      device.addresses = {read_address(keys.at("address"))};
    } else if (device.attachments.empty()) {
      device.addresses = {numbered_address(topology_.devices.size() - 1)};
    }
    for (const Address& address : device.addresses) {
      if (!addresses_.insert(address).second) keys.refuse("another device has its address");
    }
    if (keys.has("interface")) read_interface(keys.at("interface").object(), device.interface);
    if (keys.has("disk")) read_disk(keys.at("disk").object(), device.disk);
    if (keys.has("discovery")) {
      device.engine.discovery = read_discovery(keys.at("discovery").object());
    }
    keys.done();
  }

  Discovery read_discovery(JsonObject keys) {
    Discovery discovery;
    discovery.mdns = keys.boolean_or("mdns", false);
    discovery.dht = keys.boolean_or("dht", false);
    discovery.visible = keys.boolean_or("visible", false);
    discovery.dht_port = static_cast<std::uint16_t>(keys.integer_or("dht_port", 1, 65'535, 0));
    if (keys.has("bootstrap")) {
      for (const JsonValue& host : keys.at("bootstrap").array(1, kMostAddresses)) {
        discovery.bootstrap.push_back(host.text());
        bootstrap_.push_back(host);
      }
    }
    keys.done();
    return discovery;
  }

  // Names of hosts are those of devices.
  void check_bootstrap(const JsonValue& value) const {
    const auto host = parse_host_port(value.text());
    if (!host) {
      value.refuse("must be a device or an address with a port from 1 to 65535: \"server:6881\"");
    }
    if (const auto address = Address::parse(value.text()))
      return refuse_if_no_host(value, *address);
    if (!device_names_.contains(host->host)) {
      value.refuse(fmt::format("no device is named \"{}\"{}", host->host,
                               suggest(host->host, {device_names_.begin(), device_names_.end()})));
    }
  }

  // Only a device that is alone in the world has nobody to reach.
  void check_joined(const JsonValue& devices) const {
    std::set<DeviceIndex> joined;
    for (const WireSpec& wire : topology_.wires) joined.insert({wire.from, wire.to});
    const std::vector<JsonValue> entries = devices.array(1, kMostDevices);
    for (DeviceIndex i = 0; entries.size() > 1 && i < entries.size(); ++i) {
      if (topology_.devices[i].attachments.empty() && !joined.contains(i)) {
        entries[i].refuse("has neither \"networks\" nor a link to another device");
      }
    }
  }

  AttachmentSpec read_attachment(JsonObject keys) {
    AttachmentSpec attachment;
    if (keys.has("site") == keys.has("internet")) {
      keys.refuse("needs either \"site\" or \"internet\"");
    }
    if (keys.has("site")) {
      attachment.site = read_site_name(keys.at("site"));
      attachment.forwarded = keys.boolean_or("forwarded", false);
    } else if (keys.at("internet").boolean()) {
      if (keys.has("region")) attachment.link.region = read_region(keys.at("region"));
      attachment.ipv6 = keys.boolean_or("ipv6", false);
    } else {
      keys.refuse("internet", "must be true");
    }
    if (keys.has("addresses")) {
      for (const JsonValue& address : keys.at("addresses").array(1, kMostAddresses)) {
        attachment.addresses.push_back(read_address(address));
      }
    }
    if (keys.has("link")) {
      read_link_object(keys.at("link"), attachment.link.up, attachment.link.down);
    }
    attachment.connected = keys.boolean_or("connected", true);
    keys.done();
    return attachment;
  }

  static void read_interface(JsonObject keys, InterfaceSpec& interface) {
    if (keys.has("rate_mbps")) interface.rate_bps = read_rate(keys.at("rate_mbps"));
    interface.queue_bytes =
        keys.integer_or("queue_bytes", 1, kLargestQueueBytes, interface.queue_bytes);
    interface.receive_batch =
        keys.milliseconds_or("receive_batch_ms", kLongestBatch, interface.receive_batch);
    keys.done();
  }

  static void read_disk(JsonObject keys, DiskSpec& disk) {
    disk.capacity_bytes =
        keys.integer_or("capacity_bytes", 0, disk.capacity_bytes, disk.capacity_bytes);
    constexpr Duration kSlowest = std::chrono::minutes(1);
    disk.latency_most = keys.milliseconds_or("latency_ms", kSlowest, disk.latency_most);
    disk.latency_least = std::min(disk.latency_least, disk.latency_most);
    disk.sync_most = keys.milliseconds_or("sync_ms", kSlowest, disk.sync_most);
    disk.sync_least = std::min(disk.sync_least, disk.sync_most);
    keys.done();
  }

  void read_links(const JsonValue& value) {
    const Names names = names_of(topology_);
    std::set<std::pair<DeviceIndex, DeviceIndex>> joined;
    for (const JsonValue& entry : value.array(0, kMostEntries)) {
      JsonObject keys = entry.object();
      WireSpec wire;
      const JsonValue between = keys.at("between");
      std::tie(wire.from, wire.to) = read_between(between, names);
      if (!joined.insert(std::minmax(wire.from, wire.to)).second) {
        between.refuse("these two devices have a link already");
      }
      if (topology_.devices[wire.from].addresses.empty() ||
          topology_.devices[wire.to].addresses.empty()) {
        between.refuse("a device with networks needs an \"address\" for a link of its own");
      }
      read_link_properties(keys, wire.there, wire.back);
      keys.done();
      topology_.wires.push_back(wire);
    }
  }

  TopologySpec topology_;
  std::set<std::string> site_names_;
  std::set<std::string> device_names_;
  std::set<Address> addresses_;
  std::vector<JsonValue> bootstrap_;  // of all devices: who is named may stand further down
};

}  // namespace

void read_regions(JsonObject keys, TopologySpec& topology) {
  std::set<std::string> taken;
  for (const JsonValue& name : keys.at("names").array(1, kMostRegions)) {
    if (!taken.insert(name.text()).second) name.refuse("another region has this name");
    topology.regions.push_back(name.text());
  }
  const std::size_t count = topology.regions.size();
  for (const JsonValue& row : keys.at("latency_ms").array(count, count)) {
    std::vector<Duration>& latencies = topology.latencies.emplace_back();
    for (const JsonValue& cell : row.array(count, count)) {
      latencies.push_back(cell.milliseconds(kLongestLatency));
    }
  }
  keys.done();
}

TopologySpec read_topology(JsonObject keys) { return TopologyReader().read(std::move(keys)); }

Names names_of(const TopologySpec& topology) {
  std::map<std::string, DeviceIndex> devices;
  for (const DeviceSpec& device : topology.devices) {
    devices.emplace(device.name, static_cast<DeviceIndex>(devices.size()));
  }
  std::map<std::string, SiteId> sites;
  for (const SiteSpec& site : topology.sites) {
    sites.emplace(site.name, static_cast<SiteId>(sites.size()));
  }
  return Names(std::move(devices), std::move(sites));
}

}  // namespace kith::sim
