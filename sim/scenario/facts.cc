#include "sim/scenario/facts.h"

#include <fmt/core.h>

#include <algorithm>

namespace kith::sim {
namespace {

std::string text_of(const Error& error) {
  return fmt::format("{}: {}", to_string(error.code), error.message);
}

}  // namespace

void Facts::on_output(Device& device, Instant at, const Output& output) {
  const auto* event = std::get_if<Event>(&output);
  if (event == nullptr) return;
  std::visit([&](const auto& which) { note(device, at, which); }, *event);
}

std::optional<Instant> Facts::paired_at(DeviceIndex device, const DeviceId& with) const {
  const auto found = paired_.find({device, with});
  if (found == paired_.end()) return std::nullopt;
  return found->second;
}

std::string Facts::pairing_failure(DeviceIndex device) const {
  const auto found = pairing_failures_.find(device);
  return found == pairing_failures_.end() ? "" : found->second;
}

const SendFacts* Facts::find_send(const std::string& name) const {
  const auto found = sends_.find(name);
  return found == sends_.end() ? nullptr : &found->second;
}

const MessageFacts* Facts::find_messages(const std::string& name) const {
  const auto found = messages_.find(name);
  return found == messages_.end() ? nullptr : &found->second;
}

SendFacts* Facts::by_request(DeviceIndex device, RequestId request) {
  const auto found = std::find_if(sends_.begin(), sends_.end(), [&](const auto& entry) {
    return entry.second.from == device && entry.second.request == request;
  });
  return request.value == 0 || found == sends_.end() ? nullptr : &found->second;
}

SendFacts* Facts::by_transfer(TransferId transfer) {
  const auto found = std::find_if(sends_.begin(), sends_.end(), [&](const auto& entry) {
    return entry.second.transfer == transfer;
  });
  return found == sends_.end() ? nullptr : &found->second;
}

void Facts::note(const Device& device, Instant at, const Paired& event) {
  paired_.try_emplace({device.index(), event.device}, at);
}

void Facts::note(const Device& device, Instant, const PairingFailed& event) {
  pairing_failures_[device.index()] = text_of(event.error);
}

void Facts::note(const Device& device, Instant, const RequestFailed& event) {
  fail(by_request(device.index(), event.request), event.error);
}

void Facts::fail(SendFacts* send, const Error& error) {
  if (send == nullptr) return;
  send->failure = send->last_failure = text_of(error);
}

void Facts::note(const Device& device, Instant, const TransferStarted& event) {
  if (SendFacts* send = by_request(device.index(), event.request)) send->transfer = event.transfer;
}

void Facts::note(const Device&, Instant, const ItemCompleted& event) {
  SendFacts* const send = by_transfer(event.transfer);
  if (send == nullptr) return;
  (event.direction == TransferDirection::sending ? send->sent : send->received).push_back(event);
}

void Facts::note(const Device&, Instant at, const TransferCompleted& event) {
  SendFacts* const send = by_transfer(event.transfer);
  if (send == nullptr) return;
  (event.direction == TransferDirection::sending ? send->sent_at : send->received_at) = at;
}

void Facts::note(const Device& device, Instant, const TransferFailed& event) {
  SendFacts* send = by_request(device.index(), event.request);
  if (send == nullptr) send = by_transfer(event.transfer);
  fail(send, event.error);
}

void Facts::note(const Device& device, Instant at, const MessageDelivered& event) {
  for (auto& [name, facts] : messages_) {
    if (facts.from != device.index() || !facts.queued.contains(event.message)) continue;
    if (facts.delivered.insert(event.message).second) facts.last = at;
  }
}

void Facts::note(const Device& device, Instant at, const MessageReceived& event) {
  for (auto& [name, facts] : messages_) {
    if (facts.to != device.index() || !facts.queued.contains(event.message)) continue;
    if (facts.received.insert(event.message).second) facts.last = at;
  }
}

}  // namespace kith::sim
