#pragma once

// Sites, carriers and the internet, and who is where: what a scenario says of a network, as realms
// and gateways of network.h.
//
//   device -- link -- site (LAN) -- gateway -- line -- [carrier -- gateway -- line --] internet
//
// It numbers what gives no address of its own: 20.0.0.1 and on in the internet, 100.64.0.1 and on
// inside a carrier (RFC 6598), 192.168.1.2 and on in every site, whose gateway has 192.168.1.1, so
// that sites have the same addresses, as homes do; and 2001:db8:<site>::<host> for IPv6, which is
// nowhere translated. It does not own: datagrams, devices.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kith/address.h"
#include "sim/nat/nat_spec.h"
#include "sim/network/network.h"

namespace kith::sim {

using SiteId = std::uint32_t;

struct SiteSpec {
  std::string name;
  // The carrier it is a customer of; on the internet if none. A site that has customers is a
  // carrier and needs nothing else for that.
  std::optional<SiteId> inside_of;
  NatSpec nat = {};                         // for IPv4
  NatSpec firewall = {.translate = false};  // for IPv6
  bool ipv6 = false;                        // whether there is any, here and in all carriers
  PortMappingSpec port_mapping = {};        // what its gateway does for hosts that ask it
  unsigned public_addresses = 1;            // of its IPv4 gateway in the network outside
  std::vector<Address> external;            // instead of numbered ones
  MemberSpec line;                          // to the network outside; `up` leads there
};

struct AttachmentSpec {
  std::optional<SiteId> site;  // on the internet if none
  MemberSpec link;
  std::vector<Address> addresses;  // instead of numbered ones
  bool ipv6 = false;               // on the internet; at a site the site decides
  bool connected = true;           // from the beginning
  bool forwarded = false;          // all gateways outside let datagrams in to `forwarded_port`
  std::uint16_t forwarded_port = 4433;
};

// A device's place on a network.
struct Attachment {
  AttachmentSpec spec;
  MemberId member = 0;
  std::vector<Address> addresses;  // those it has when it is connected
  bool connected = false;
};

class Topology {
 public:
  explicit Topology(Network& network) : network_(network) {}

  // `spec.inside_of` is there already.
  SiteId add_site(const SiteSpec& spec);
  const SiteSpec& site(SiteId id) const { return sites_[id].spec; }
  std::size_t site_count() const { return sites_.size(); }
  GatewayId gateway(SiteId id) const { return sites_[id].gateway; }
  // The internet if none.
  RealmId realm_of(std::optional<SiteId> site) const;
  const Network& network() const { return network_; }

  Attachment attach(NodeId node, const AttachmentSpec& spec);
  // Takes its addresses, or gives them back. Those of IPv6 alone if `ipv6_only`.
  void connect(Attachment& attachment, bool connected, bool ipv6_only = false);

  // Where others reach `port` behind it from the network furthest out at which they can: nothing
  // if its gateways let nobody in. Follows the gateways' addresses of now.
  std::optional<Address> forwarded_address(const Attachment& attachment) const;

  // Gives the gateway of a site other addresses in the network outside, as providers do. What is
  // forwarded to it follows.
  void renumber(SiteId id);

 private:
  // What the gateway of a site sends on.
  struct Forward {
    Address internal;
    std::size_t ip = 0;  // of its external addresses
    std::uint16_t port = 0;
  };
  struct Site {
    SiteSpec spec;
    RealmId realm = 0;
    GatewayId gateway = 0;
    std::uint32_t hosts = 0;     // numbered so far
    std::uint32_t networks = 0;  // carriers: customers numbered so far
    std::vector<Forward> forwards;
  };

  Address next_external(std::optional<SiteId> outside);
  Address next_ipv4(std::optional<SiteId> site);
  Address next_ipv6(std::optional<SiteId> site);
  void forward_ipv4(SiteId site, Address inside);
  void forward_ipv6(SiteId site, const Address& inside);
  Forward make_forward(const Site& site, const Address& internal, std::uint16_t first_port);
  Address outside_of(const Site& site, const Forward& forward) const;

  Network& network_;
  std::vector<Site> sites_;
  std::uint32_t internet_ipv4_ = 0;
  std::uint32_t internet_ipv6_ = 0;
};

}  // namespace kith::sim
