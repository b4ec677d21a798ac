#include "sim/world/topology.h"

#include <algorithm>

#include "engine/base/check.h"

namespace kith::sim {
namespace {

Address ipv4(std::uint32_t ip) {
  return Address::v4(
      static_cast<std::uint8_t>(ip >> 24), static_cast<std::uint8_t>(ip >> 16 & 0xff),
      static_cast<std::uint8_t>(ip >> 8 & 0xff), static_cast<std::uint8_t>(ip & 0xff), 0);
}

// 20.0.0.0: no special use (RFC 6890).
constexpr std::uint32_t kFirstInternetIp = 20u << 24;
// 100.64.0.0, shared address space (RFC 6598).
constexpr std::uint32_t kFirstCarrierIp = 100u << 24 | 64u << 16;
constexpr std::uint32_t kGatewayIp = 192u << 24 | 168u << 16 | 1u << 8 | 1;

std::size_t index_of(const std::vector<Address>& ips, Address wanted) {
  wanted.port = 0;
  const auto found = std::find(ips.begin(), ips.end(), wanted);
  KITH_CHECK(found != ips.end());
  return static_cast<std::size_t>(found - ips.begin());
}

}  // namespace

RealmId Topology::realm_of(std::optional<SiteId> site) const {
  return site ? sites_[*site].realm : kInternet;
}

SiteId Topology::add_site(const SiteSpec& spec) {
  KITH_CHECK(!spec.inside_of || *spec.inside_of < sites_.size());
  const auto id = static_cast<SiteId>(sites_.size());
  GatewaySpec gateway{spec.nat, spec.firewall, spec.external, ipv4(kGatewayIp), spec.port_mapping};
  while (gateway.external.size() < spec.public_addresses) {
    gateway.external.push_back(next_external(spec.inside_of));
  }
  Site& site = sites_.emplace_back();
  site.spec = spec;
  site.realm = network_.add_realm();
  site.gateway = network_.add_gateway(site.realm, realm_of(spec.inside_of), gateway, spec.line);
  return id;
}

Address Topology::next_external(std::optional<SiteId> outside) {
  if (!outside) return ipv4(kFirstInternetIp + ++internet_ipv4_);
  return ipv4(kFirstCarrierIp + ++sites_[*outside].networks);
}

Address Topology::next_ipv4(std::optional<SiteId> site) {
  if (!site) return next_external(site);
  return ipv4(kGatewayIp + ++sites_[*site].hosts);
}

Address Topology::next_ipv6(std::optional<SiteId> site) {
  Address address{.family = Address::Family::ipv6};
  const std::uint32_t network = site ? *site + 1 : 0;
  const std::uint32_t host = site ? sites_[*site].hosts : ++internet_ipv6_;
  const auto put = [&address](std::size_t at, std::uint32_t value) {
    for (std::size_t i = 0; i < 4; ++i) {
      address.ip[at + i] = static_cast<std::byte>(value >> (8 * (3 - i)) & 0xff);
    }
  };
  put(0, 0x20010db8);  // RFC 3849
  put(4, network);
  put(12, host);
  return address;
}

Attachment Topology::attach(NodeId node, const AttachmentSpec& spec) {
  Attachment attachment;
  attachment.spec = spec;
  attachment.member = network_.join(node, realm_of(spec.site), spec.link);
  attachment.addresses = spec.addresses;
  if (attachment.addresses.empty()) {
    attachment.addresses.push_back(next_ipv4(spec.site));
    if (spec.site ? sites_[*spec.site].spec.ipv6 : spec.ipv6) {
      attachment.addresses.push_back(next_ipv6(spec.site));
    }
  }
  connect(attachment, spec.connected);
  if (!spec.forwarded || !spec.site) return attachment;
  for (Address inside : attachment.addresses) {
    inside.port = spec.forwarded_port;
    if (inside.family == Address::Family::ipv4) {
      forward_ipv4(*spec.site, inside);
    } else {
      forward_ipv6(*spec.site, inside);
    }
  }
  return attachment;
}

void Topology::connect(Attachment& attachment, bool connected, bool ipv6_only) {
  for (const Address& address : attachment.addresses) {
    if (ipv6_only && address.family == Address::Family::ipv4) continue;
    // Taken first in any case, so that none is there twice.
    network_.take_address(attachment.member, address);
    if (connected) network_.give_address(attachment.member, address);
  }
  if (!ipv6_only) attachment.connected = connected;
}

// Each gateway on the way out sends on what comes to a port of its own.
void Topology::forward_ipv4(SiteId id, Address inside) {
  for (std::optional<SiteId> at = id; at; at = sites_[*at].spec.inside_of) {
    Site& site = sites_[*at];
    site.forwards.push_back(make_forward(site, inside, inside.port));
    inside = outside_of(site, site.forwards.back());
  }
}

void Topology::forward_ipv6(SiteId id, const Address& inside) {
  for (std::optional<SiteId> at = id; at; at = sites_[*at].spec.inside_of) {
    network_.firewall(sites_[*at].gateway).forward(network_.now(), inside.port, inside);
  }
}

Topology::Forward Topology::make_forward(const Site& site, const Address& internal,
                                         std::uint16_t first_port) {
  Nat& nat = network_.nat(site.gateway);
  std::optional<Address> outside;
  for (std::uint16_t port = first_port; !outside && port < 65535; ++port) {
    outside = nat.forward(network_.now(), port, internal);
  }
  KITH_CHECK_MSG(outside.has_value(), "no port of {} is free", site.spec.name);
  return {internal, index_of(nat.external_ips(), *outside), outside->port};
}

Address Topology::outside_of(const Site& site, const Forward& forward) const {
  Address outside = network_.nat(site.gateway).external_ips()[forward.ip];
  outside.port = forward.port;
  return outside;
}

std::optional<Address> Topology::forwarded_address(const Attachment& attachment) const {
  if (!attachment.spec.forwarded || !attachment.spec.site) return std::nullopt;
  Address address = attachment.addresses.front();
  address.port = attachment.spec.forwarded_port;
  for (auto at = attachment.spec.site; at; at = sites_[*at].spec.inside_of) {
    const Site& site = sites_[*at];
    const auto found =
        std::find_if(site.forwards.begin(), site.forwards.end(),
                     [&](const Forward& forward) { return forward.internal == address; });
    KITH_CHECK(found != site.forwards.end());
    address = outside_of(site, *found);
  }
  return address;
}

void Topology::renumber(SiteId id) {
  const Site& site = sites_[id];
  const std::vector<Address> old = network_.nat(site.gateway).external_ips();
  std::vector<Address> fresh;
  while (fresh.size() < old.size()) fresh.push_back(next_external(site.spec.inside_of));
  network_.change_external(site.gateway, fresh);
  if (!site.spec.inside_of) return;
  Site& carrier = sites_[*site.spec.inside_of];
  for (Forward& forward : carrier.forwards) {
    const auto moved = std::find_if(old.begin(), old.end(), [&](const Address& ip) {
      return ip.family == forward.internal.family && ip.ip == forward.internal.ip;
    });
    if (moved == old.end()) continue;
    Address internal = fresh[static_cast<std::size_t>(moved - old.begin())];
    internal.port = forward.internal.port;
    network_.nat(carrier.gateway).unforward(network_.now(), forward.port, forward.internal);
    forward = make_forward(carrier, internal, forward.port);
  }
}

}  // namespace kith::sim
