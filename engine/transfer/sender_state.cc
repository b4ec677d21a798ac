#include "engine/transfer/sender_state.h"

#include <array>

namespace kith::transfer {
namespace {

using State = SenderState;
using Event = SenderEvent;

struct Transition {
  State from;
  Event event;
  State to;
};

// In `ended` every event is legal and changes nothing, so it has no rows.
constexpr std::array kTransitions{
    Transition{State::preparing, Event::prepared, State::opening},
    Transition{State::preparing, Event::source_failed, State::ended},
    Transition{State::preparing, Event::dial_failed, State::ended},
    Transition{State::preparing, Event::cancelled, State::ended},
    Transition{State::preparing, Event::connection_lost, State::ended},

    Transition{State::opening, Event::control_opened, State::offering},
    Transition{State::opening, Event::cancelled, State::ended},
    Transition{State::opening, Event::connection_lost, State::ended},

    Transition{State::offering, Event::accepted, State::sending},
    Transition{State::offering, Event::declined, State::ended},
    Transition{State::offering, Event::cancelled, State::ended},
    Transition{State::offering, Event::connection_lost, State::ended},
    Transition{State::offering, Event::aborted, State::ended},
    Transition{State::offering, Event::violated, State::ended},

    Transition{State::sending, Event::written, State::sending},
    Transition{State::sending, Event::item_done, State::sending},
    Transition{State::sending, Event::all_sent, State::finishing},
    // When every item that was still to come has failed.
    Transition{State::sending, Event::done, State::ended},
    Transition{State::sending, Event::cancelled, State::ended},
    Transition{State::sending, Event::connection_lost, State::ended},
    Transition{State::sending, Event::aborted, State::ended},
    Transition{State::sending, Event::violated, State::ended},

    Transition{State::finishing, Event::written, State::finishing},
    Transition{State::finishing, Event::item_done, State::finishing},
    Transition{State::finishing, Event::done, State::ended},
    Transition{State::finishing, Event::cancelled, State::ended},
    Transition{State::finishing, Event::connection_lost, State::ended},
    Transition{State::finishing, Event::aborted, State::ended},
    Transition{State::finishing, Event::violated, State::ended},
};

}  // namespace

std::string_view to_string(SenderState state) {
  constexpr std::array<std::string_view, kSenderStates> kNames{"preparing", "opening",   "offering",
                                                               "sending",   "finishing", "ended"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string_view to_string(SenderEvent event) {
  constexpr std::array<std::string_view, kSenderEvents> kNames{
      "prepared",        "control_opened", "all_sent", "source_failed", "dial_failed", "cancelled",
      "connection_lost", "accepted",       "declined", "written",       "item_done",   "done",
      "aborted",         "violated"};
  return kNames[static_cast<std::size_t>(event)];
}

std::optional<SenderState> next_state(SenderState state, SenderEvent event) {
  if (state == State::ended) return State::ended;
  for (const auto& transition : kTransitions) {
    if (transition.from == state && transition.event == event) return transition.to;
  }
  return std::nullopt;
}

}  // namespace kith::transfer
