#include "sim/checkers/peers_are_paired.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "sim/checkers/transfer_watch.h"

namespace kith::sim {
namespace {

// The states in which a device has proven the secret of a pairing.
bool is_proven(DeviceState state) {
  return state == DeviceState::paired || state == DeviceState::connected ||
         state == DeviceState::disconnected;
}

}  // namespace

void PeersArePaired::on_input(Device& device, Instant, const Input& input) {
  if (const auto* join = command_in<JoinPairing>(input)) {
    typed_[join->code_entropy].insert(device.id());
    note_met(join->code_entropy);
  } else if (const auto* confirm = command_in<ConfirmPairing>(input)) {
    const auto asked = asked_.find({device.index(), confirm->request});
    if (asked == asked_.end() || !confirm->accept) return;
    accepted_.insert({device.id(), asked->second});
  }
}

void PeersArePaired::on_output(Device& device, Instant at, const Output& output) {
  const auto* event = std::get_if<Event>(&output);
  if (event == nullptr) return;
  if (const auto* ready = std::get_if<PairingCodeReady>(event)) {
    on_words(device, *ready);
  } else if (const auto* needed = std::get_if<PairingConfirmationNeeded>(event)) {
    asked_.insert_or_assign({device.index(), needed->request}, needed->device);
    check_met(device, at, needed->device, "asks its person about");
  } else if (const auto* paired = std::get_if<Paired>(event)) {
    check_paired(device, at, paired->device, "is paired with");
  } else if (const auto* changed = std::get_if<DeviceChanged>(event)) {
    if (changed->removed) return;
    if (changed->device.state == DeviceState::provisional) {
      check_met(device, at, changed->device.id, "is half paired with");
    } else if (is_proven(changed->device.state)) {
      check_paired(device, at, changed->device.id, "knows");
    }
  } else if (const auto* received = std::get_if<MessageReceived>(event)) {
    check_paired(device, at, received->device, "has a message from");
  } else if (const auto* delivered = std::get_if<MessageDelivered>(event)) {
    check_paired(device, at, delivered->device, "delivered a message to");
  } else if (const auto* offered = std::get_if<TransferOffered>(event)) {
    check_paired(device, at, offered->device, "is offered files by");
  } else if (const auto* started = std::get_if<TransferStarted>(event)) {
    check_paired(device, at, started->device, "sends files to");
  } else if (const auto* connected = std::get_if<PeerConnected>(event)) {
    if (connected->paired) check_paired(device, at, connected->peer, "has a paired connection to");
  }
}

void PeersArePaired::on_words(const Device& device, const PairingCodeReady& ready) {
  const auto words = parse_pairing_words(fmt::format("{}", fmt::join(ready.words, " ")));
  if (!words) return;
  shown_.insert_or_assign(*words, device.id());
  note_met(*words);
}

// A person may be quicker at typing what she was shown than this checker is told of it.
void PeersArePaired::note_met(const Words& words) {
  const auto shown = shown_.find(words);
  if (shown == shown_.end()) return;
  for (const DeviceId& typed : typed_[words]) {
    met_.insert({typed, shown->second});
    met_.insert({shown->second, typed});
  }
}

void PeersArePaired::check_met(const Device& device, Instant at, const DeviceId& peer,
                               std::string_view doing) {
  if (met_.contains({device.id(), peer})) return;
  violate(device, at, fmt::format("{} {}, whose words nobody typed", doing, peer.to_hex()));
}

void PeersArePaired::check_paired(const Device& device, Instant at, const DeviceId& peer,
                                  std::string_view doing) {
  if (accepted_.contains({device.id(), peer}) && accepted_.contains({peer, device.id()})) return;
  violate(device, at, fmt::format("{} {}, to which not both have said yes", doing, peer.to_hex()));
}

}  // namespace kith::sim
