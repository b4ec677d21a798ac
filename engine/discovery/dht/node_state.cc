#include "engine/discovery/dht/node_state.h"

namespace kith::dht {

std::string_view to_string(NodeState state) {
  switch (state) {
    case NodeState::good:
      return "good";
    case NodeState::questionable:
      return "questionable";
    case NodeState::bad:
      return "bad";
  }
  return "unknown";
}

std::string_view to_string(NodeTrigger trigger) {
  switch (trigger) {
    case NodeTrigger::answered:
      return "answered";
    case NodeTrigger::asked:
      return "asked";
    case NodeTrigger::silent:
      return "silent";
    case NodeTrigger::elapsed:
      return "elapsed";
  }
  return "unknown";
}

std::optional<NodeState> next_state(NodeState from, NodeTrigger trigger) {
  switch (from) {
    case NodeState::good:
      if (trigger == NodeTrigger::silent || trigger == NodeTrigger::elapsed) {
        return NodeState::questionable;
      }
      return std::nullopt;
    case NodeState::questionable:
      if (trigger == NodeTrigger::answered || trigger == NodeTrigger::asked) return NodeState::good;
      if (trigger == NodeTrigger::silent) return NodeState::bad;
      return std::nullopt;
    case NodeState::bad:
      // Whoever asks without answering is behind a NAT that we do not pass.
      if (trigger == NodeTrigger::answered) return NodeState::good;
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace kith::dht
