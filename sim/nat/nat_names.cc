#include "sim/nat/nat.h"

namespace kith::sim {

std::string_view to_string(NatDrop drop) {
  switch (drop) {
    case NatDrop::none:
      return "none";
    case NatDrop::udp_blocked:
      return "udp_blocked";
    case NatDrop::other_family:
      return "other_family";
    case NatDrop::table_full:
      return "table_full";
    case NatDrop::no_port:
      return "no_port";
    case NatDrop::not_own:
      return "not_own";
    case NatDrop::no_mapping:
      return "no_mapping";
    case NatDrop::filtered:
      return "filtered";
    case NatDrop::hairpin_off:
      return "hairpin_off";
  }
  return {};
}

std::string_view to_string(NatProbe probe) {
  switch (probe) {
    case NatProbe::mapped:
      return "mapped";
    case NatProbe::port_taken:
      return "port_taken";
    case NatProbe::port_shared:
      return "port_shared";
    case NatProbe::hairpinned:
      return "hairpinned";
    case NatProbe::expired_unreplied:
      return "expired_unreplied";
    case NatProbe::expired_replied:
      return "expired_replied";
    case NatProbe::expired_absolute:
      return "expired_absolute";
    case NatProbe::evicted:
      return "evicted";
    case NatProbe::poisoned:
      return "poisoned";
    case NatProbe::poison_dodged:
      return "poison_dodged";
    case NatProbe::forwarded:
      return "forwarded";
    case NatProbe::rebooted:
      return "rebooted";
    case NatProbe::rebound:
      return "rebound";
    case NatProbe::address_changed:
      return "address_changed";
  }
  return {};
}

}  // namespace kith::sim
