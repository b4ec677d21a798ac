#include "io/core/requests.h"

#include <algorithm>
#include <utility>

namespace kith::io {
namespace {

Error unknown_request() {
  return {ErrorCode::not_found, "There is no such request, or its end was asked for before.", ""};
}

}  // namespace

std::vector<Command> Requests::add_listens(Listens listens) {
  listens_.emplace(std::move(listens));
  return listens_->begin();
}

void Requests::add_pairing(RequestId request, Pairing pairing, bool confirm_automatically) {
  pairings_.emplace(request, PairingEntry{std::move(pairing), confirm_automatically});
}

void Requests::add_share(RequestId request, Share share) {
  shares_.emplace(request, std::move(share));
}

void Requests::add_message(RequestId request, Message message) {
  messages_.emplace(request, std::move(message));
}

bool Requests::has(RequestId request) const {
  return pairings_.contains(request) || shares_.contains(request) || messages_.contains(request);
}

Error cancelled() {
  return {ErrorCode::cancelled, "The operation was cancelled because this device stops.", ""};
}

// --- the ends -----------------------------------------------------------------------------------

template <class Entries, class Ended>
void Requests::await(Entries& entries, RequestId request, Completion<Result<Ended>> done) {
  const auto entry = entries.find(request);
  if (entry == entries.end() || steps_of(entry->second).ended) {
    done(tl::unexpected(unknown_request()));
    return;
  }
  auto& steps = steps_of(entry->second);
  if (!steps.outcome) {
    steps.ended = std::move(done);
    return;
  }
  done(std::move(*steps.outcome));
  entries.erase(entry);
  std::erase(unclaimed_, request);
}

void Requests::await_paired(RequestId request, Completion<Result<PairedDevice>> done) {
  await(pairings_, request, std::move(done));
}

void Requests::await_transfer(RequestId request, Completion<Result<FinishedTransfer>> done) {
  await(shares_, request, std::move(done));
}

void Requests::await_delivered(RequestId request, Completion<Result<MessageId>> done) {
  await(messages_, request, std::move(done));
}

// After an entry has ended: forgets it if its end was told, otherwise keeps it for a while.
template <class Entries>
void Requests::settle(Entries& entries, typename Entries::iterator entry) {
  if (!steps_of(entry->second).outcome) {
    entries.erase(entry);
    return;
  }
  unclaimed_.push_back(entry->first);
  if (unclaimed_.size() <= kMaxUnclaimed) return;
  pairings_.erase(unclaimed_.front());
  shares_.erase(unclaimed_.front());
  messages_.erase(unclaimed_.front());
  unclaimed_.pop_front();
}

void Requests::fail(RequestId request, const Error& error) {
  if (const auto pairing = pairings_.find(request); pairing != pairings_.end()) {
    pairing->second.steps.fail(error);
    settle(pairings_, pairing);
  }
  if (const auto share = shares_.find(request); share != shares_.end()) {
    share->second.fail(error);
    settle(shares_, share);
  }
  if (const auto message = messages_.find(request); message != messages_.end()) {
    message->second.fail(error);
    settle(messages_, message);
  }
}

std::vector<Command> Requests::cancel_all() {
  std::vector<Command> commands;
  for (auto& [request, entry] : pairings_) {
    if (!entry.steps.outcome) commands.push_back(Cancel{request});
    entry.steps.fail(cancelled());
  }
  for (auto& [request, share] : shares_) {
    if (!share.outcome) commands.push_back(Cancel{request});
    share.fail(cancelled());
  }
  for (auto& [request, message] : messages_) message.fail(cancelled());
  if (listens_) {
    const std::vector<Command> closing = listens_->end(cancelled());
    commands.insert(commands.end(), closing.begin(), closing.end());
  }
  listens_.reset();
  pairings_.clear();
  shares_.clear();
  messages_.clear();
  transfers_.clear();
  unclaimed_.clear();
  return commands;
}

// --- events -------------------------------------------------------------------------------------

std::vector<Command> Requests::on_event(const Event& event) {
  return std::visit([this](const auto& concrete) { return on(concrete); }, event);
}

std::vector<Command> Requests::on(const Listening& event) {
  if (!listens_) return {};
  return listens_->on(event);
}

std::vector<Command> Requests::on(const RequestFailed& event) {
  if (listens_ && listens_->is_opening(event.request)) {
    auto commands = listens_->on(event);
    if (listens_->failed()) listens_.reset();
    return commands;
  }
  fail(event.request, event.error);
  return {};
}

std::vector<Command> Requests::on(const PairingCodeReady& event) {
  const auto pairing = pairings_.find(event.request);
  if (pairing != pairings_.end() && pairing->second.steps.begun) {
    pairing->second.steps.begun(PairingCode{event.request, event.words, event.expires_in});
  }
  return {};
}

std::vector<Command> Requests::on(const PairingConfirmationNeeded& event) {
  const auto pairing = pairings_.find(event.request);
  if (pairing == pairings_.end() || !pairing->second.confirm_automatically) return {};
  return {ConfirmPairing{event.request, true}};
}

std::vector<Command> Requests::on(const Paired& event) {
  const auto pairing = pairings_.find(event.request);
  if (pairing == pairings_.end()) return {};
  pairing->second.steps.end(PairedDevice{event.device, event.name});
  settle(pairings_, pairing);
  return {};
}

std::vector<Command> Requests::on(const PairingFailed& event) {
  fail(event.request, event.error);
  return {};
}

std::vector<Command> Requests::on(const TransferStarted& event) {
  const auto share = shares_.find(event.request);
  if (share == shares_.end() || !share->second.begun) return {};
  transfers_[event.transfer] = event.request;
  share->second.begun(StartedTransfer{event.request, event.transfer, event.bytes_total});
  return {};
}

std::vector<Command> Requests::on(const TransferCompleted& event) {
  if (event.direction != TransferDirection::sending) return {};
  const auto transfer = transfers_.find(event.transfer);
  if (transfer == transfers_.end()) return {};
  const auto share = shares_.find(transfer->second);
  transfers_.erase(transfer);
  if (share == shares_.end()) return {};
  share->second.end(FinishedTransfer{event.transfer, event.bytes, event.elapsed});
  settle(shares_, share);
  return {};
}

std::vector<Command> Requests::on(const TransferFailed& event) {
  if (event.direction != TransferDirection::sending) return {};
  transfers_.erase(event.transfer);
  fail(event.request, event.error);
  return {};
}

std::vector<Command> Requests::on(const MessageQueued& event) {
  const auto message = messages_.find(event.request);
  if (message != messages_.end() && message->second.begun) {
    message->second.begun(QueuedMessage{event.request, event.message});
  }
  return {};
}

std::vector<Command> Requests::on(const MessageDelivered& event) {
  const auto message = messages_.find(event.request);
  if (message == messages_.end()) return {};
  message->second.end(event.message);
  settle(messages_, message);
  return {};
}

std::vector<Command> Requests::on(const MessageFailed& event) {
  fail(event.request, event.error);
  return {};
}

}  // namespace kith::io
