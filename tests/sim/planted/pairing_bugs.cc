#include "tests/sim/planted/pairing_bugs.h"

#include <memory>

#include "tests/sim/planted/victims.h"

namespace kith::sim {

// It takes the sender of the third device's pair for its own peer.
void a_stranger_for_a_peer(World& world) {
  DeviceId stranger = sender(world).id();
  stranger.bytes[0] ^= std::byte{1};
  receiver(world).set_output_tap([stranger](Output& output) {
    auto* event = std::get_if<Event>(&output);
    auto* changed = event == nullptr ? nullptr : std::get_if<DeviceChanged>(event);
    if (changed != nullptr && changed->device.state == DeviceState::connected) {
      changed->device.id = stranger;
    }
  });
}

void asks_twice_after_one_guess(World& world) {
  const auto last = std::make_shared<std::optional<PairingConfirmationNeeded>>();
  sender(world).set_output_tap([last](Output& output) {
    auto* event = std::get_if<Event>(&output);
    if (event == nullptr) return;
    if (const auto* needed = std::get_if<PairingConfirmationNeeded>(event)) {
      *last = *needed;
    } else if (std::holds_alternative<DeviceChanged>(*event) && *last) {
      *event = **last;
    }
  });
}

}  // namespace kith::sim
