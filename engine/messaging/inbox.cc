#include "engine/messaging/inbox.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "engine/base/check.h"
#include "engine/messaging/limits.h"

namespace kith::messaging {

Inbox::Inbox(Effects& effects, const DeviceId& device, RestoredBox restored)
    : effects_(effects),
      device_(device),
      counter_(restored.counter),
      messages_(std::move(restored.messages)) {
  if (!messages_.empty()) {
    counter_.arrivals = std::max(counter_.arrivals, messages_.rbegin()->first);
  }
}

bool Inbox::receive(ConnectionId connection, StreamId stream, const Message& message) {
  const Source source{connection, stream};
  if (const auto* greeting = std::get_if<Greeting>(&message)) {
    const bool late = source_ && source_->connection == connection && stream < source_->stream;
    if (late) {
      end(source);
      return true;
    }
    if (source_ && source_ != source) end(*source_);
    source_ = source;
    source_wrote_ = false;
    waiting_.clear();
    greeting_ = greeting->epoch;
    answer_greeting();
    return true;
  }
  const auto* envelope = std::get_if<Envelope>(&message);
  if (envelope == nullptr) return false;
  if (source_ != source) return true;
  if (greeting_ || envelope->sequence != received_ + 1) return false;
  ++received_;
  waiting_.push_back({envelope->id, envelope->correlation, envelope->body});
  write_next();
  return true;
}

void Inbox::end(const Source& source) {
  effects_.outputs.push_back(ResetStream{source.connection, source.stream, 0});
  effects_.outputs.push_back(StopStream{source.connection, source.stream, 0});
}

// What is still being written for an older stream has to be counted first.
void Inbox::answer_greeting() {
  if (!greeting_ || op_) return;
  if (*greeting_ != counter_.epoch) {
    counter_.epoch = *greeting_;
    counter_.sequence = 0;
  }
  greeting_.reset();
  received_ = counter_.sequence;
  effects_.write(source_->connection, source_->stream, Resume{counter_.sequence});
}

void Inbox::write_next() {
  if (op_ || waiting_.empty() || messages_.size() >= kMaxUnacknowledged) return;
  const std::size_t room = kMaxUnacknowledged - messages_.size();
  Counter next = counter_;
  std::vector<StoreChange> changes;
  while (!waiting_.empty() && writing_.size() < room) {
    ++next.sequence;
    changes.push_back(change_to(Box::in, device_, ++next.arrivals, waiting_.front()));
    writing_.push_back(std::move(waiting_.front()));
    waiting_.pop_front();
  }
  changes.push_back(change_to(Box::in, device_, next));
  source_wrote_ = true;
  op_ = effects_.commit(std::move(changes));
}

bool Inbox::stored(const StoreCompleted& completed) {
  if (op_ != completed.op) return false;
  op_.reset();
  auto written = std::exchange(writing_, {});
  if (!completed.outcome) {
    ++effects_.counters["messaging.not_stored"];
    // The sender tries again from what is durable.
    if (source_ && source_wrote_) {
      end(*source_);
      source_.reset();
      waiting_.clear();
    }
  }
  for (auto& message : written) {
    if (!completed.outcome) break;
    ++counter_.sequence;
    if (announcing_) emit(message);
    messages_.emplace(++counter_.arrivals, std::move(message));
  }
  if (completed.outcome && source_ && source_wrote_) {
    effects_.write(source_->connection, source_->stream, Stored{counter_.sequence});
  }
  if (source_) answer_greeting();
  write_next();
  return true;
}

void Inbox::stream_lost(ConnectionId connection, StreamId stream) {
  if (source_ != Source{connection, stream}) return;
  source_.reset();
  greeting_.reset();
  waiting_.clear();
}

void Inbox::disconnected(ConnectionId connection) {
  if (source_ && source_->connection == connection) stream_lost(connection, source_->stream);
}

void Inbox::announce() {
  if (std::exchange(announcing_, true)) return;
  for (const auto& [arrival, message] : messages_) emit(message);
}

void Inbox::emit(const StoredMessage& message) {
  effects_.emit(MessageReceived{device_, message.id, message.correlation, message.body});
}

void Inbox::acknowledge(const MessageId& message) {
  const auto found = std::find_if(messages_.begin(), messages_.end(),
                                  [&](const auto& entry) { return entry.second.id == message; });
  if (found == messages_.end()) return;
  effects_.commit({removal_of(Box::in, device_, found->first)});
  messages_.erase(found);
  write_next();
}

void Inbox::forget() {
  std::vector<StoreChange> removals{removal_of_counter(Box::in, device_)};
  for (const auto& [arrival, message] : messages_) {
    removals.push_back(removal_of(Box::in, device_, arrival));
  }
  for (std::size_t i = 0; i < writing_.size(); ++i) {
    removals.push_back(removal_of(Box::in, device_, counter_.arrivals + 1 + i));
  }
  effects_.commit(std::move(removals));
  messages_.clear();
  waiting_.clear();
  writing_.clear();
  op_.reset();
  source_.reset();
  greeting_.reset();
  counter_ = {};
}

void Inbox::check_invariants() const {
  KITH_CHECK(messages_.size() + writing_.size() <= kMaxUnacknowledged);
  KITH_CHECK(writing_.empty() || op_.has_value());
  if (!source_) KITH_CHECK(waiting_.empty() && !greeting_);
}

}  // namespace kith::messaging
