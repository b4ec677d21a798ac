#include "engine/discovery/dht/standing.h"

namespace kith::dht {

std::string_view to_string(Standing standing) {
  switch (standing) {
    case Standing::hidden:
      return "hidden";
    case Standing::trying:
      return "trying";
    case Standing::open:
      return "open";
  }
  return "unknown";
}

std::string_view to_string(StandingTrigger trigger) {
  switch (trigger) {
    case StandingTrigger::asked_by_stranger:
      return "asked by stranger";
    case StandingTrigger::try_due:
      return "try due";
    case StandingTrigger::try_over:
      return "try over";
    case StandingTrigger::unvisited:
      return "unvisited";
    case StandingTrigger::moved:
      return "moved";
  }
  return "unknown";
}

std::optional<Standing> next_state(Standing from, StandingTrigger trigger) {
  switch (from) {
    case Standing::hidden:
      if (trigger == StandingTrigger::asked_by_stranger) return Standing::open;
      if (trigger == StandingTrigger::try_due) return Standing::trying;
      return std::nullopt;
    case Standing::trying:
      if (trigger == StandingTrigger::asked_by_stranger) return Standing::open;
      if (trigger == StandingTrigger::try_over || trigger == StandingTrigger::moved) {
        return Standing::hidden;
      }
      return std::nullopt;
    case Standing::open:
      if (trigger == StandingTrigger::unvisited || trigger == StandingTrigger::moved) {
        return Standing::hidden;
      }
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace kith::dht
