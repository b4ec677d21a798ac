#include "sim/nat/nat_spec.h"

#include <fmt/core.h>

#include <array>

namespace kith::sim {
namespace {

using std::chrono::seconds;

constexpr Dependence kIndependent = Dependence::endpoint_independent;
constexpr Dependence kAddress = Dependence::address_dependent;
constexpr Dependence kAddressAndPort = Dependence::address_and_port_dependent;

constexpr NatSpec home_with(Dependence filtering) {
  NatSpec spec;
  spec.filtering = filtering;
  return spec;
}

constexpr NatSpec symmetric(PortPolicy policy) {
  NatSpec spec;
  spec.mapping = kAddressAndPort;
  spec.port_policy = policy;
  spec.hairpin = Hairpin::off;
  return spec;
}

constexpr NatSpec linux_router() {
  NatSpec spec;
  spec.hairpin = Hairpin::internal_source;
  spec.unsolicited_poisons = true;
  return spec;
}

constexpr NatSpec carrier(Dependence filtering) {
  NatSpec spec;
  spec.filtering = filtering;
  spec.port_policy = PortPolicy::random;
  spec.replied_timeout = seconds(300);
  spec.table_size = 65'536;
  return spec;
}

constexpr NatSpec cellular_absolute() {
  NatSpec spec = carrier(kAddressAndPort);
  spec.absolute_timeout = seconds(60);
  return spec;
}

constexpr NatSpec udp_blocked() {
  NatSpec spec;
  spec.udp_blocked = true;
  return spec;
}

constexpr NatSpec firewall(Dependence filtering) {
  NatSpec spec;
  spec.filtering = filtering;
  spec.translate = false;
  return spec;
}

constexpr NatSpec overloading() {
  NatSpec spec;
  spec.port_policy = PortPolicy::preserve_overload;
  spec.hairpin = Hairpin::off;
  return spec;
}

constexpr std::array kNamed = {
    NamedNat{"open", "Lets everything pass as it is.", firewall(kIndependent)},
    NamedNat{"full_cone", "One external port for each internal one, and anyone may send to it.",
             home_with(kIndependent)},
    NamedNat{"restricted_cone", "Addresses that were sent to may answer from any port.",
             home_with(kAddress)},
    NamedNat{"port_restricted_cone", "Only endpoints that were sent to may answer.",
             home_with(kAddressAndPort)},
    NamedNat{"home", "The usual router at home: port_restricted_cone, and it keeps port numbers.",
             home_with(kAddressAndPort)},
    NamedNat{"linux", "A home router that unsolicited datagrams cost a port, as conntrack does.",
             linux_router()},
    NamedNat{"overloading", "A router that gives two devices the same port if they use the same.",
             overloading()},
    NamedNat{"symmetric", "Another random port for each remote endpoint, and only that may answer.",
             symmetric(PortPolicy::random)},
    NamedNat{"symmetric_sequential", "As symmetric, but ports follow each other.",
             symmetric(PortPolicy::sequential)},
    NamedNat{"cgnat", "A carrier's NAT: one random port for each internal one, for a long time.",
             carrier(kAddressAndPort)},
    NamedNat{"cellular", "A mobile carrier's: addresses that were sent to may answer.",
             carrier(kAddress)},
    NamedNat{"cellular_absolute", "A mobile carrier's that ends every mapping after a minute.",
             cellular_absolute()},
    NamedNat{"udp_blocked", "Lets no datagram through.", udp_blocked()},
    NamedNat{"firewall6", "Keeps addresses and lets in only answers, as IPv6 routers at home do.",
             firewall(kAddressAndPort)},
};

}  // namespace

std::span<const NamedNat> named_nats() { return kNamed; }

const NatSpec* find_nat(std::string_view name) {
  for (const NamedNat& named : kNamed) {
    if (named.name == name) return &named.spec;
  }
  return nullptr;
}

std::optional<std::string> fault_of(const NatSpec& spec) {
  if (spec.unreplied_timeout <= Duration{}) return "the unreplied timeout is not above zero";
  if (spec.replied_timeout <= Duration{}) return "the replied timeout is not above zero";
  if (spec.absolute_timeout < Duration{}) return "the absolute timeout is negative";
  if (spec.table_size == 0) return "the table holds nothing";
  if (spec.table_size > kLargestNatTable) {
    return fmt::format("the table holds more than {}", kLargestNatTable);
  }
  return std::nullopt;
}

std::string_view to_string(Dependence dependence) {
  switch (dependence) {
    case Dependence::endpoint_independent:
      return "endpoint_independent";
    case Dependence::address_dependent:
      return "address_dependent";
    case Dependence::address_and_port_dependent:
      return "address_and_port_dependent";
  }
  return {};
}

std::string_view to_string(PortPolicy policy) {
  switch (policy) {
    case PortPolicy::preserve:
      return "preserve";
    case PortPolicy::preserve_overload:
      return "preserve_overload";
    case PortPolicy::sequential:
      return "sequential";
    case PortPolicy::random:
      return "random";
    case PortPolicy::preserve_parity:
      return "preserve_parity";
  }
  return {};
}

std::string_view to_string(Hairpin hairpin) {
  switch (hairpin) {
    case Hairpin::off:
      return "off";
    case Hairpin::external_source:
      return "external_source";
    case Hairpin::internal_source:
      return "internal_source";
  }
  return {};
}

std::string_view to_string(Pooling pooling) {
  return pooling == Pooling::paired ? "paired" : "arbitrary";
}

std::string_view to_string(WhenFull when_full) {
  return when_full == WhenFull::drop_new ? "drop_new" : "evict_oldest_idle";
}

std::size_t cell_of(const NatSpec& spec) {
  std::size_t cell = static_cast<std::size_t>(spec.mapping);
  cell = cell * 3 + static_cast<std::size_t>(spec.filtering);
  cell = cell * 5 + static_cast<std::size_t>(spec.port_policy);
  cell = cell * 3 + static_cast<std::size_t>(spec.hairpin);
  return cell * 2 + (spec.translate ? 1 : 0);
}

NatSpec cell_spec(std::size_t cell) {
  NatSpec spec;
  spec.translate = cell % 2 == 1;
  spec.hairpin = static_cast<Hairpin>(cell / 2 % 3);
  spec.port_policy = static_cast<PortPolicy>(cell / 6 % 5);
  spec.filtering = static_cast<Dependence>(cell / 30 % 3);
  spec.mapping = static_cast<Dependence>(cell / 90 % 3);
  return spec;
}

std::string cell_name(std::size_t cell) {
  const NatSpec spec = cell_spec(cell);
  return fmt::format("mapping={} filtering={} ports={} hairpin={}{}", to_string(spec.mapping),
                     to_string(spec.filtering), to_string(spec.port_policy),
                     to_string(spec.hairpin), spec.translate ? "" : " firewall");
}

}  // namespace kith::sim
