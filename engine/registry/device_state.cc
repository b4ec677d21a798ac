#include "engine/registry/device_state.h"

namespace kith {
namespace {

using S = DeviceState;

constexpr DeviceTransition to(S state) { return {true, state}; }
constexpr DeviceTransition kGone{true, std::nullopt};
constexpr DeviceTransition kNo{};

// Rows: absent, then DeviceState in its order. Columns: DeviceTrigger in its order.
//
// A second pairing of a known device changes nothing until the peer has committed: the old secret
// stays beside the new one, so a pairing that breaks off never loses a device.
constexpr auto kDisc = to(S::discovered);
constexpr auto kPairing = to(S::pairing);
constexpr auto kProv = to(S::provisional);
constexpr auto kPaired = to(S::paired);
constexpr auto kConn = to(S::connected);
constexpr auto kLeft = to(S::disconnected);
constexpr auto kBlock = to(S::blocked);

constexpr std::array<std::array<DeviceTransition, kDeviceTriggers>, kDeviceStates> kTable{{
    // clang-format off
    // found, begun, failed, stored, committed, opened, closed, removed, blocked
    // absent
    {{kDisc, kPairing, kNo, kProv, kNo, kNo, kNo, kNo, kBlock}},
    // discovered
    {{kDisc, kPairing, kDisc, kProv, kNo, kNo, kNo, kGone, kBlock}},
    // pairing
    {{kPairing, kPairing, kDisc, kProv, kNo, kNo, kNo, kGone, kBlock}},
    // provisional
    {{kProv, kProv, kProv, kProv, kPaired, kNo, kNo, kGone, kBlock}},
    // paired
    {{kPaired, kPaired, kPaired, kPaired, kPaired, kConn, kPaired, kGone, kBlock}},
    // connected
    {{kConn, kConn, kConn, kConn, kConn, kConn, kLeft, kGone, kBlock}},
    // disconnected
    {{kLeft, kLeft, kLeft, kLeft, kLeft, kConn, kLeft, kGone, kBlock}},
    // blocked
    {{kBlock, kNo, kNo, kNo, kNo, kNo, kBlock, kGone, kBlock}},
    // clang-format on
}};

}  // namespace

DeviceTransition device_transition(std::optional<DeviceState> from, DeviceTrigger trigger) {
  const std::size_t row = from ? static_cast<std::size_t>(*from) + 1 : 0;
  return kTable[row][static_cast<std::size_t>(trigger)];
}

std::string_view to_string(DeviceTrigger trigger) {
  constexpr std::array<std::string_view, kDeviceTriggers> kNames{
      "found",          "pairing_begun",     "pairing_failed",     "secret_stored",
      "peer_committed", "connection_opened", "connections_closed", "removed",
      "blocked"};
  return kNames[static_cast<std::size_t>(trigger)];
}

}  // namespace kith
