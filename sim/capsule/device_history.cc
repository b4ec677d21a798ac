#include "sim/capsule/device_history.h"

namespace kith::sim {

void DeviceHistory::on_stopped(Device& device, Instant, Ending) {
  if (device.index() == device_) sockets_.clear();
}

void DeviceHistory::on_input(Device& device, Instant, const Input& input) {
  if (device.index() != device_) return;
  if (const auto* opened = std::get_if<SocketOpened>(&input)) {
    sockets_.insert_or_assign(opened->socket, opened->local);
  } else if (const auto* failed = std::get_if<SocketFailed>(&input)) {
    sockets_.erase(failed->socket);
  }
}

void DeviceHistory::on_output(Device& device, Instant at, const Output& output) {
  if (device.index() != device_) return;
  if (const auto* closed = std::get_if<CloseSocket>(&output)) {
    sockets_.erase(closed->socket);
  } else if (const auto* event = std::get_if<Event>(&output)) {
    note(at, *event);
  }
}

void DeviceHistory::note(Instant at, const Event& event) {
  if (const auto* paired = std::get_if<Paired>(&event)) {
    paired_.emplace(paired->device, at);
  } else if (const auto* started = std::get_if<TransferStarted>(&event)) {
    transfers_[started->transfer].started_at = at;
  } else if (const auto* offered = std::get_if<TransferOffered>(&event)) {
    transfers_[offered->transfer] = {TransferDirection::receiving, at, {}, ""};
  } else if (const auto* completed = std::get_if<TransferCompleted>(&event)) {
    TransferSeen& seen = transfers_[completed->transfer];
    seen.direction = completed->direction;
    seen.completed_at = at;
  } else if (const auto* failed = std::get_if<TransferFailed>(&event)) {
    TransferSeen& seen = transfers_[failed->transfer];
    seen.direction = failed->direction;
    seen.failure = failed->error.message;
  } else if (std::holds_alternative<MessageQueued>(event)) {
    ++queued_;
  } else if (std::holds_alternative<MessageDelivered>(event)) {
    ++delivered_;
  } else if (std::holds_alternative<MessageReceived>(event)) {
    ++received_;
  }
}

}  // namespace kith::sim
