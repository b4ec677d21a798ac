#include "sim/scenario/read_nat.h"

#include <span>
#include <string_view>
#include <vector>

#include "sim/scenario/read_choice.h"

namespace kith::sim {
namespace {

constexpr Duration kLongestTimeout = std::chrono::hours(24 * 7);

NatSpec read_named(const JsonValue& value, bool translates) {
  const NatSpec* const spec = find_nat(value.text());
  if (spec != nullptr && spec->translate == translates) return *spec;
  std::vector<std::string_view> known;
  for (const NamedNat& named : named_nats()) {
    if (named.spec.translate == translates) known.push_back(named.name);
  }
  value.refuse_unknown(translates ? "kind of NAT" : "kind of firewall", known);
}

}  // namespace

NatSpec read_nat(const JsonValue& value, bool translates) {
  if (value.is_text()) return read_named(value, translates);
  JsonObject keys = value.object();
  NatSpec nat;
  nat.translate = translates;
  if (keys.has("like")) nat = read_named(keys.at("like"), translates);
  constexpr Dependence kLastDependence = Dependence::address_and_port_dependent;
  if (translates) {
    nat.mapping = read_choice(keys, "mapping", kLastDependence, nat.mapping);
    nat.port_policy =
        read_choice(keys, "port_policy", PortPolicy::preserve_parity, nat.port_policy);
    nat.hairpin = read_choice(keys, "hairpin", Hairpin::internal_source, nat.hairpin);
    nat.pooling = read_choice(keys, "pooling", Pooling::arbitrary, nat.pooling);
    nat.unsolicited_poisons = keys.boolean_or("unsolicited_poisons", nat.unsolicited_poisons);
  }
  nat.filtering = read_choice(keys, "filtering", kLastDependence, nat.filtering);
  nat.unreplied_timeout =
      keys.seconds_or("unreplied_timeout_s", kLongestTimeout, nat.unreplied_timeout);
  nat.replied_timeout = keys.seconds_or("replied_timeout_s", kLongestTimeout, nat.replied_timeout);
  nat.absolute_timeout =
      keys.seconds_or("absolute_timeout_s", kLongestTimeout, nat.absolute_timeout);
  nat.inbound_refreshes = keys.boolean_or("inbound_refreshes", nat.inbound_refreshes);
  nat.table_size =
      static_cast<std::size_t>(keys.integer_or("table_size", 1, kLargestNatTable, nat.table_size));
  nat.when_full = read_choice(keys, "when_full", WhenFull::evict_oldest_idle, nat.when_full);
  nat.udp_blocked = keys.boolean_or("udp_blocked", nat.udp_blocked);
  keys.done();
  if (const auto fault = fault_of(nat)) value.refuse(*fault);
  return nat;
}

}  // namespace kith::sim
