#include "engine/transfer/receiver_state.h"

#include <array>

namespace kith::transfer {
namespace {

using State = ReceiverState;
using Event = ReceiverEvent;

struct Transition {
  State from;
  Event event;
  State to;
};

// What ends a transfer comes first in each group. In `ended` every event is legal and changes
// nothing, so it has no rows.
constexpr std::array kTransitions{
    Transition{State::awaiting_offer, Event::connection_lost, State::ended},
    Transition{State::awaiting_offer, Event::aborted, State::ended},
    Transition{State::awaiting_offer, Event::violated, State::ended},
    Transition{State::awaiting_offer, Event::refused, State::ended},
    Transition{State::awaiting_offer, Event::offered, State::reading_manifest},

    Transition{State::reading_manifest, Event::connection_lost, State::ended},
    Transition{State::reading_manifest, Event::aborted, State::ended},
    Transition{State::reading_manifest, Event::violated, State::ended},
    Transition{State::reading_manifest, Event::cancelled, State::ended},
    Transition{State::reading_manifest, Event::manifest_part, State::reading_manifest},
    Transition{State::reading_manifest, Event::decision_needed, State::deciding},
    Transition{State::reading_manifest, Event::approved, State::queued},

    Transition{State::deciding, Event::connection_lost, State::ended},
    Transition{State::deciding, Event::aborted, State::ended},
    Transition{State::deciding, Event::violated, State::ended},
    Transition{State::deciding, Event::cancelled, State::ended},
    Transition{State::deciding, Event::refused, State::ended},
    Transition{State::deciding, Event::undecided, State::ended},
    Transition{State::deciding, Event::approved, State::queued},

    Transition{State::queued, Event::connection_lost, State::ended},
    Transition{State::queued, Event::aborted, State::ended},
    Transition{State::queued, Event::violated, State::ended},
    Transition{State::queued, Event::cancelled, State::ended},
    Transition{State::queued, Event::admitted, State::staging},

    Transition{State::staging, Event::connection_lost, State::cleaning},
    Transition{State::staging, Event::aborted, State::cleaning},
    Transition{State::staging, Event::violated, State::cleaning},
    Transition{State::staging, Event::cancelled, State::cleaning},
    Transition{State::staging, Event::disk_failed, State::cleaning},
    Transition{State::staging, Event::staged, State::receiving},

    Transition{State::receiving, Event::connection_lost, State::cleaning},
    Transition{State::receiving, Event::aborted, State::cleaning},
    Transition{State::receiving, Event::violated, State::cleaning},
    Transition{State::receiving, Event::cancelled, State::cleaning},
    Transition{State::receiving, Event::disk_failed, State::cleaning},
    Transition{State::receiving, Event::chunk, State::receiving},
    Transition{State::receiving, Event::hashes, State::receiving},
    Transition{State::receiving, Event::file_failed, State::receiving},
    Transition{State::receiving, Event::resolved, State::cleaning},

    Transition{State::cleaning, Event::cleaned, State::ended},
};

}  // namespace

std::string_view to_string(ReceiverState state) {
  constexpr std::array<std::string_view, kReceiverStates> kNames{
      "awaiting_offer", "reading_manifest", "deciding", "queued",
      "staging",        "receiving",        "cleaning", "ended"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string_view to_string(ReceiverEvent event) {
  constexpr std::array<std::string_view, kReceiverEvents> kNames{
      "decision_needed", "approved", "refused", "undecided",   "admitted",        "staged",
      "disk_failed",     "resolved", "cleaned", "cancelled",   "connection_lost", "offered",
      "manifest_part",   "chunk",    "hashes",  "file_failed", "aborted",         "violated"};
  return kNames[static_cast<std::size_t>(event)];
}

std::optional<ReceiverState> next_state(ReceiverState state, ReceiverEvent event) {
  if (state == State::ended) return State::ended;
  for (const auto& transition : kTransitions) {
    if (transition.from == state && transition.event == event) return transition.to;
  }
  return std::nullopt;
}

}  // namespace kith::transfer
