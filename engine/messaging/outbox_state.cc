#include "engine/messaging/outbox_state.h"

namespace kith::messaging {
namespace {

using Cell = std::optional<OutboxState>;

constexpr Cell kNone = std::nullopt;
constexpr Cell kIdle = OutboxState::idle;
constexpr Cell kDial = OutboxState::dialing;
constexpr Cell kOpen = OutboxState::opening;
constexpr Cell kGreet = OutboxState::greeting;
constexpr Cell kFlow = OutboxState::flowing;
constexpr Cell kWait = OutboxState::waiting;

// Rows: OutboxState, columns: OutboxTrigger, each in its order. A stream that flows stays when all
// is delivered: the next message takes no greeting. A new connection is preferred to the one in
// use: a device that has started again dials, while the old connection seems alive until it times
// out.
constexpr std::array<std::array<Cell, kOutboxTriggers>, kOutboxStates> kTable{{
    // clang-format off
    // queued, connected, dial_failed, stream_ready, resumed, lost, due, emptied
    {{kDial, kOpen, kNone, kNone, kNone, kNone, kNone, kNone}},   // idle
    {{kNone, kOpen, kWait, kNone, kNone, kNone, kNone, kIdle}},   // dialing
    {{kNone, kNone, kNone, kGreet, kNone, kWait, kNone, kIdle}},  // opening
    {{kNone, kOpen, kNone, kNone, kFlow, kWait, kNone, kIdle}},   // greeting
    {{kNone, kOpen, kNone, kNone, kNone, kWait, kNone, kNone}},   // flowing
    {{kNone, kOpen, kNone, kNone, kNone, kNone, kDial, kIdle}},   // waiting
    // clang-format on
}};

}  // namespace

std::optional<OutboxState> next_state(OutboxState from, OutboxTrigger trigger) {
  return kTable[static_cast<std::size_t>(from)][static_cast<std::size_t>(trigger)];
}

std::string_view to_string(OutboxState state) {
  constexpr std::array<std::string_view, kOutboxStates> kNames{"idle",     "dialing", "opening",
                                                               "greeting", "flowing", "waiting"};
  return kNames[static_cast<std::size_t>(state)];
}

std::string_view to_string(OutboxTrigger trigger) {
  constexpr std::array<std::string_view, kOutboxTriggers> kNames{
      "queued", "connected", "dial_failed", "stream_ready", "resumed", "lost", "due", "emptied"};
  return kNames[static_cast<std::size_t>(trigger)];
}

}  // namespace kith::messaging
