#pragma once

// How far a node of the routing table is trusted to answer (BEP 5, "routing table"), and the only
// moves between. A node is in the table only once it has answered.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace kith::dht {

enum class NodeState : std::uint8_t {
  good,          // answered within the last 15 minutes, or has since it answered asked us
  questionable,  // nothing heard for 15 minutes, or one query was not answered
  bad,           // two in a row were not answered: replaced by whoever comes
};
inline constexpr std::size_t kNodeStates = 3;

enum class NodeTrigger : std::uint8_t {
  answered,
  asked,    // it sent a query
  silent,   // a query of ours was not answered
  elapsed,  // 15 minutes without a word
};
inline constexpr std::size_t kNodeTriggers = 4;

std::string_view to_string(NodeState state);
std::string_view to_string(NodeTrigger trigger);

// Empty where the trigger changes nothing.
std::optional<NodeState> next_state(NodeState from, NodeTrigger trigger);

}  // namespace kith::dht
