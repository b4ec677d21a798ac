#pragma once

// One NAT, or stateful firewall, as a pure machine: what becomes of a datagram's addresses.
//
//                       +-- by internal endpoint (and remote, as far as mapping looks at it)
//   outbound  X:x, Y:y -+-> mapping: X:x <-> X':x' --+--> X':x'
//                                                    +--> flow with Y:y: made or refreshed
//   inbound   X':x', Y:y --> mapping --> a flow admits Y:y? --> X:x
//
// What has expired is gone before anything else happens in a call, at the cost of one comparison
// when nothing has. Choices take draws only where the spec leaves a choice. It does not own: which
// datagrams come to it, time to live and ICMP, and who asks for port forwards (port_mapping.h).

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "kith/address.h"
#include "kith/time.h"
#include "sim/nat/endpoint.h"
#include "sim/nat/flat_index.h"
#include "sim/nat/flow_table.h"
#include "sim/nat/nat_spec.h"
#include "sim/nat/port_set.h"
#include "sim/world/chance.h"

namespace kith::sim {

// Why a datagram goes no further.
enum class NatDrop : std::uint8_t {
  none,
  udp_blocked,
  other_family,  // of another IP version than the public addresses
  table_full,
  no_port,     // none is left of the public address
  not_own,     // inbound, to an address that is not the gateway's
  no_mapping,  // inbound, to a port of nobody
  filtered,    // inbound, from whom no flow admits
  hairpin_off,
};
inline constexpr std::size_t kNatDrops = 9;
std::string_view to_string(NatDrop drop);

// What happened in a NAT, for probes that want to have seen everything.
enum class NatProbe : std::uint8_t {
  mapped,             // a mapping was made
  port_taken,         // with another port than the preferred one, because that was taken
  port_shared,        // with a port that another internal endpoint has (preserve_overload)
  hairpinned,         // one from inside to inside passed
  expired_unreplied,  // a flow ended
  expired_replied,
  expired_absolute,  // a mapping ended
  evicted,           // a flow made room for another one
  poisoned,          // an unsolicited datagram left a flow with the gateway
  poison_dodged,     // a mapping got another port because of it
  forwarded,         // an inbound datagram passed by a static forward
  rebooted,
  rebound,  // a mapping got a new port after rebind()
  address_changed,
};
inline constexpr std::size_t kNatProbes = 14;
std::string_view to_string(NatProbe probe);

class Nat {
 public:
  // The public addresses are of one IP version; their ports are not looked at. A firewall has none.
  Nat(const NatSpec& spec, std::vector<Address> external_ips, DrawStream draws);

  // `now` never decreases from call to call.

  struct Outbound {
    Address source;  // X':x'; meaningless when dropped
    NatDrop drop = NatDrop::none;
  };
  Outbound outbound(Instant now, const Address& source, const Address& destination);

  struct Inbound {
    Address destination;  // X:x; meaningless when dropped
    NatDrop drop = NatDrop::none;
  };
  Inbound inbound(Instant now, const Address& external, const Address& remote);

  // A datagram from inside to an own address.
  struct Hairpinned {
    Address source;  // as the receiver sees it
    Address destination;
    NatDrop drop = NatDrop::none;
  };
  Hairpinned hairpin(Instant now, const Address& source, const Address& destination);

  // Whether a datagram from inside to this address wants to be hairpinned. Never, for a firewall.
  bool is_own(const Address& address) const;
  const std::vector<Address>& external_ips() const { return external_ips_; }
  const NatSpec& spec() const { return spec_; }

  // A static port forward, which also maps what the internal endpoint sends, unless a mapping of
  // its own lives. A firewall opens the internal endpoint, whose port is `external_port`. It gives
  // the external endpoint, or nothing if the port is taken by a forward or a mapping of others.
  std::optional<Address> forward(Instant now, std::uint16_t external_port, const Address& internal);
  bool has_forward(std::uint16_t external_port, const Address& internal) const;
  // Whether somebody has this port of a public address.
  bool is_taken(std::uint16_t external_port) const;
  // Takes a forward back.
  void unforward(Instant now, std::uint16_t external_port, const Address& internal);

  // Forgets all mappings; forwards stay.
  void reboot(Instant now);
  // Gives every mapping another port when it is next used from inside; until then, and by their
  // old ports for ever, nobody gets in. Flows stay, and so do forwards. No firewall does this.
  void rebind(Instant now);
  // Mappings are forgotten; forwards move to the new addresses, which are of the same IP version.
  void change_address(Instant now, std::vector<Address> external_ips);

  // What lives as of the last call.
  std::size_t mappings() const { return by_internal_.size(); }
  std::size_t flows() const { return flows_.size(); }
  std::uint64_t passed_out() const { return passed_out_; }
  std::uint64_t passed_in() const { return passed_in_; }
  std::uint64_t drops(NatDrop drop) const { return drops_[static_cast<std::size_t>(drop)]; }
  std::uint64_t seen(NatProbe probe) const { return probes_[static_cast<std::size_t>(probe)]; }

 private:
  using Position = std::uint32_t;

  // Ports below are given only to who has one of them inside (RFC 4787, REQ-3 a).
  static constexpr std::uint32_t kFirstDrawnPort = 1024;

  struct Mapping {
    Endpoint internal;
    Endpoint remote;  // as far as the mapping looks at it
    Instant made;
    Position first_flow = kNowhere;
    Position next_sharing = kNowhere;  // another mapping of the same external port
    Position older = kNowhere, newer = kNowhere;
    std::uint16_t port = 0;
    std::uint8_t ip = 0;   // of external_ips_
    bool listed = false;   // has its external port: by_external_ leads to it
    bool for_one = false;  // for one remote alone, because a poisoned flow has the port of the rest
  };
  struct Forward {
    Endpoint internal;
    std::uint16_t port = 0;
    std::uint8_t ip = 0;
  };
  // An external port for a mapping.
  struct Choice {
    std::uint16_t port = 0;
    std::uint8_t ip = 0;
    bool dodged = false;  // a poisoned flow has one that was preferred
  };
  // Ports from which a mapping may get one: from `first` on and around, in [low, end).
  struct Search {
    std::uint32_t first = 0, low = 0, end = 65'536;
    std::uint64_t wanted = ~std::uint64_t{0};  // of every 64 ports
  };

  // nat.cc: the ways of a datagram
  void take_addresses(std::vector<Address> external_ips);
  bool lets_all_pass() const {
    return !spec_.translate && spec_.filtering == Dependence::endpoint_independent;
  }
  NatDrop refuses(const Address& one, const Address& other) const;
  Outbound map(Instant now, const Endpoint& source, const Address& given,
               const Endpoint& destination);
  Inbound admit(Instant now, const Endpoint& external, const Endpoint& remote, bool may_poison);
  Inbound pass_in(Instant now, const Endpoint& internal, Position flow);
  Outbound sent(const Forward& forward, const Address& given);
  Inbound received(const Forward& forward);
  Outbound drop_out(NatDrop drop);
  Inbound drop_in(NatDrop drop);
  void count(NatProbe probe) { ++probes_[static_cast<std::size_t>(probe)]; }

  // nat_ports.cc: external addresses and ports
  std::optional<std::uint8_t> own_index(const Endpoint& address) const;
  Address own_endpoint(std::uint8_t ip, std::uint16_t port) const;
  std::optional<Choice> choose(const Endpoint& internal, const Endpoint& destination,
                               const Mapping* leaves);
  std::optional<Choice> choose_on(std::uint8_t ip, const Endpoint& internal,
                                  const Endpoint& destination, const Mapping* leaves);
  std::optional<Choice> search(const Search& where, Choice so_far, const Endpoint& destination,
                               const Mapping* leaves);
  bool may_have(Choice& choice, const Endpoint& destination, const Mapping* leaves) const;
  bool shareable(std::uint8_t ip, std::uint16_t port, const Endpoint& internal) const;
  std::uint8_t paired(const Endpoint& internal) const;
  std::uint32_t draw_below(std::uint32_t bound);
  bool has_port(Position at, const Endpoint& destination);
  void list(Position at, const Choice& choice);
  void unlist(Position at);
  static std::uint64_t external_hash(std::uint8_t ip, std::uint16_t port) {
    return mix(0, std::uint64_t{ip} << 16 | port);
  }
  Position find_external(std::uint8_t ip, std::uint16_t port) const;
  const Forward* forward_of(const Endpoint& internal) const;
  const Forward* forward_at(std::uint8_t ip, std::uint16_t port) const;

  // nat_state.cc: mappings, flows, and their ends
  Endpoint as_mapped(const Endpoint& remote) const;
  Endpoint as_filtered(const Endpoint& remote) const;
  // Who gives one port to two and filters nothing knows only by the remote whose a datagram is.
  bool tells_by_remote() const {
    return spec_.translate && spec_.port_policy == PortPolicy::preserve_overload &&
           spec_.filtering == Dependence::endpoint_independent;
  }
  bool leads_to(const Mapping& mapping, const Endpoint& remote) const {
    return mapping.remote == (mapping.for_one ? remote : as_mapped(remote));
  }
  Position find_mapping(const Endpoint& internal, const Endpoint& remote) const;
  Position mapping_towards(const Endpoint& source, const Endpoint& destination) const;
  Position mapping_for_new_flow(Instant now, const Endpoint& source, const Endpoint& destination);
  Position make_mapping(Instant now, const Endpoint& internal, const Endpoint& destination);
  void forget_mapping(Position at);
  Position flow_of(Position mapping, const Endpoint& filtered) const;
  bool make_room();
  Position make_flow(Instant now, Position mapping, const Endpoint& filtered);
  void refresh(Instant now, Position flow);
  void end_flow(Position at);
  bool poisoned(std::uint8_t ip, std::uint16_t port, const Endpoint& remote) const;
  void poison(Instant now, std::uint8_t ip, std::uint16_t port, const Endpoint& remote);
  Duration timeout_of(bool replied) const {
    return replied ? spec_.replied_timeout : spec_.unreplied_timeout;
  }
  void expire(Instant now) {
    if (now >= next_expiry_) expire_due(now);
  }
  void expire_due(Instant now);
  void forget_all();

  NatSpec spec_;
  std::vector<Address> external_ips_;
  std::vector<Endpoint> own_;   // the same
  std::vector<PortSet> ports_;  // taken, of each
  DrawStream draws_;
  std::uint64_t pool_seed_ = 0;
  std::uint32_t next_port_ = 0;  // sequential

  std::vector<Mapping> mappings_;
  std::vector<Position> free_mappings_;
  FlatIndex by_internal_;  // and Mapping::remote
  FlatIndex by_external_;  // to the first of those that share the port
  Position oldest_mapping_ = kNowhere, newest_mapping_ = kNowhere;
  std::size_t for_one_ = 0;  // mappings of that kind

  FlowTable flows_;
  std::size_t poisoned_ = 0;                // flows of the gateway itself
  Instant next_expiry_ = Instant::never();  // nothing ends before

  std::vector<Forward> forwards_;

  std::uint64_t passed_out_ = 0;
  std::uint64_t passed_in_ = 0;
  std::array<std::uint64_t, kNatDrops> drops_{};
  std::array<std::uint64_t, kNatProbes> probes_{};
};

}  // namespace kith::sim
