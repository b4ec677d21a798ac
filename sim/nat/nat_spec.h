#pragma once

// What kind of gateway a NAT is, on the axes of RFC 4787 ("Network Address Translation (NAT)
// Behavioral Requirements for Unicast UDP"), and what it does beyond that document. X:x is an
// internal endpoint, X':x' what the outside sees of it, Y:y a remote endpoint.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "kith/time.h"

namespace kith::sim {

// What of the remote endpoint a rule looks at: of a mapping (section 4.1), whether X:x keeps its
// X':x' towards another remote; of a filter (section 5), who may send to it.
enum class Dependence : std::uint8_t {
  endpoint_independent,
  address_dependent,
  address_and_port_dependent,
};

// How x' is chosen (section 4.2).
enum class PortPolicy : std::uint8_t {
  preserve,           // x' = x; when that is taken, the next free port above it
  preserve_overload,  // x' = x also when another internal endpoint has it: two share X':x', and
                      // whoever sent to a remote last gets what it answers
  sequential,         // one above the last that was given
  random,
  preserve_parity,  // random, but even for even and odd for odd
};

// What becomes of a datagram from inside to X':x' (section 6).
enum class Hairpin : std::uint8_t {
  off,              // dropped
  external_source,  // arrives from the sender's own X':x', as section 6 wants
  internal_source,  // arrives from the sender's X:x
};

// Which of several public addresses a new mapping gets (section 4.1).
enum class Pooling : std::uint8_t {
  paired,     // one for all mappings of an internal address
  arbitrary,  // any
};

enum class WhenFull : std::uint8_t { drop_new, evict_oldest_idle };

struct NatSpec {
  Dependence mapping = Dependence::endpoint_independent;
  Dependence filtering = Dependence::address_and_port_dependent;
  PortPolicy port_policy = PortPolicy::preserve;
  Hairpin hairpin = Hairpin::external_source;
  Pooling pooling = Pooling::paired;

  // A flow is what a mapping and one admitted remote (as far as filtering looks at it) have with
  // each other. It ends so long after it was last refreshed; a mapping ends with its last flow.
  // Outbound datagrams refresh. A flow counts as replied from the first inbound datagram on; the
  // longer timeout begins with the next refresh.
  Duration unreplied_timeout = std::chrono::seconds(30);
  Duration replied_timeout = std::chrono::seconds(120);
  bool inbound_refreshes = true;  // section 4.3
  // A mapping ends so long after it was made, whatever passes; none if zero.
  Duration absolute_timeout{};

  std::size_t table_size = 16'384;  // flows
  WhenFull when_full = WhenFull::drop_new;

  bool udp_blocked = false;

  // An inbound datagram that nothing admits leaves a flow with the gateway itself, as conntrack of
  // Linux does: until that flow ends, a datagram from inside to its sender does not get the port
  // that the sender tried, but another one.
  bool unsolicited_poisons = false;

  // False: a stateful firewall. It filters by flows and changes no address, so that mapping, port
  // policy, hairpinning, pooling and poisoning are nothing to it. With endpoint_independent
  // filtering it lets everything pass.
  bool translate = true;

  friend bool operator==(const NatSpec&, const NatSpec&) = default;
};

// Why a spec describes no gateway; nothing if it does.
std::optional<std::string> fault_of(const NatSpec& spec);

inline constexpr std::size_t kLargestNatTable = 1 << 24;

// A gateway by the name an engineer would give it.
struct NamedNat {
  std::string_view name;
  std::string_view sentence;
  NatSpec spec;
};

std::span<const NamedNat> named_nats();
const NatSpec* find_nat(std::string_view name);

std::string_view to_string(Dependence dependence);
std::string_view to_string(PortPolicy policy);
std::string_view to_string(Hairpin hairpin);
std::string_view to_string(Pooling pooling);
std::string_view to_string(WhenFull when_full);

// Every combination of the axes that a probe from outside can tell apart has a number, so that a
// run can say which kinds of gateway it had.
inline constexpr std::size_t kNatCells = std::size_t{3} * 3 * 5 * 3 * 2;
std::size_t cell_of(const NatSpec& spec);
NatSpec cell_spec(std::size_t cell);  // the axes of the cell, defaults otherwise
std::string cell_name(std::size_t cell);

}  // namespace kith::sim
