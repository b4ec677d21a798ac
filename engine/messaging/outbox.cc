#include "engine/messaging/outbox.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/text.h"

namespace kith::messaging {

Outbox::Outbox(Effects& effects, const DeviceId& device, RestoredBox restored)
    : effects_(effects), device_(device), counter_(restored.counter) {
  if (!restored.has_counter) counter_.epoch = effects_.random.bytes<16>();
  for (auto& [sequence, message] : restored.messages) {
    counter_.sequence = std::max(counter_.sequence, sequence);
    queue_.emplace(sequence, Entry{std::move(message), {}});
  }
}

void Outbox::begin(Instant now) { seek(now); }

void Outbox::send(const SendMessage& command) {
  Entry entry{{{}, command.correlation, command.body}, command.request};
  entry.message.id.bytes = effects_.random.bytes<16>();
  if (command.body.size() > kMaxBodyBytes) {
    return fail(entry, {ErrorCode::invalid_argument, "a message has at most 65536 bytes",
                        "send larger content as a file"});
  }
  if (!is_utf8(as_byte_view(command.body))) {
    return fail(entry, {ErrorCode::invalid_argument, "the message is not UTF-8", ""});
  }
  if (queue_.size() + unwritten_.size() + writing_.size() >= kMaxQueued) {
    return fail(entry, {ErrorCode::limit_exceeded, "1024 messages wait for this device already",
                        "let it come online first"});
  }
  unwritten_.push_back(std::move(entry));
  write_next();
}

// --- the store ----------------------------------------------------------------------------------

void Outbox::write_next() {
  if (op_) return;
  if (renumber_) {
    write_renumbered();
  } else if (!unwritten_.empty()) {
    write_batch();
  }
}

void Outbox::write_batch() {
  Counter next = counter_;
  std::vector<StoreChange> changes;
  for (Entry& entry : unwritten_) {
    changes.push_back(change_to(Box::out, device_, ++next.sequence, entry.message));
    writing_.push_back(std::move(entry));
  }
  unwritten_.clear();
  changes.push_back(change_to(Box::out, device_, next));
  op_ = effects_.commit(std::move(changes));
}

void Outbox::write_renumbered() {
  Counter next{effects_.random.bytes<16>(), 0, 0};
  std::vector<StoreChange> changes;
  for (const auto& [sequence, entry] : queue_) {
    changes.push_back(removal_of(Box::out, device_, sequence));
  }
  for (const auto& [sequence, entry] : queue_) {
    changes.push_back(change_to(Box::out, device_, ++next.sequence, entry.message));
  }
  changes.push_back(change_to(Box::out, device_, next));
  // Nothing else is numbered until this is written.
  counter_ = next;
  op_ = effects_.commit(std::move(changes));
}

bool Outbox::stored(Instant now, const StoreCompleted& completed) {
  if (op_ != completed.op) return false;
  op_.reset();
  if (renumber_ && writing_.empty()) {
    on_renumbered(now, completed.outcome);
  } else {
    on_batch(now, completed.outcome);
  }
  write_next();
  return true;
}

void Outbox::on_batch(Instant now, const Result<void>& outcome) {
  for (Entry& entry : std::exchange(writing_, {})) {
    if (!outcome) {
      fail(entry, outcome.error());
      continue;
    }
    effects_.emit(MessageQueued{entry.request, device_, entry.message.id});
    queue_.emplace(++counter_.sequence, std::move(entry));
  }
  seek(now);
}

void Outbox::on_renumbered(Instant now, const Result<void>& outcome) {
  renumber_ = false;
  std::map<std::uint64_t, Entry> queue;
  std::uint64_t sequence = 0;
  for (auto& [old, entry] : queue_) queue.emplace(++sequence, std::move(entry));
  queue_ = std::move(queue);
  if (!outcome) {
    // What is stored still has the old numbers. The next attempt finds them wrong again.
    advance(now, OutboxTrigger::lost, outcome.error());
  } else if (state_ == OutboxState::greeting) {
    effects_.write(*connection_, *stream_, Greeting{counter_.epoch});
  }
}

void Outbox::fail(const Entry& entry, const Error& error) {
  effects_.emit(MessageFailed{entry.request, device_, error});
}

// --- the way ------------------------------------------------------------------------------------

void Outbox::seek(Instant now) {
  if (queue_.empty()) return;
  if (state_ == OutboxState::flowing) return flow();
  if (!connections_.empty()) {
    advance(now, OutboxTrigger::connected);
  } else {
    advance(now, OutboxTrigger::queued);
  }
}

void Outbox::connected(Instant now, ConnectionId connection) {
  connections_.insert(connection);
  dial_.reset();
  const bool in_use = state_ == OutboxState::greeting || state_ == OutboxState::flowing;
  if (in_use || !queue_.empty()) advance(now, OutboxTrigger::connected);
}

void Outbox::disconnected(Instant now, ConnectionId connection, const Error& error) {
  connections_.erase(connection);
  if (connection_ == connection) advance(now, OutboxTrigger::lost, error);
}

bool Outbox::dial_failed(Instant now, const DialFailed& failed) {
  if (dial_ != failed.dial) return false;
  dial_.reset();
  advance(now, OutboxTrigger::dial_failed, failed.error);
  return true;
}

void Outbox::stream_ready(Instant now, ConnectionId connection, StreamId stream) {
  if (connection_ != connection) return;
  stream_ = stream;
  if (!advance(now, OutboxTrigger::stream_ready)) return;
  effects_.write(connection, stream, Greeting{counter_.epoch});
}

void Outbox::stream_lost(Instant now, ConnectionId connection, StreamId stream,
                         const Error& error) {
  if (connection_ == connection && stream_ == stream) advance(now, OutboxTrigger::lost, error);
}

void Outbox::expire(Instant now) {
  if (state_ == OutboxState::waiting) {
    if (connections_.empty()) {
      advance(now, OutboxTrigger::due);
    } else {
      advance(now, OutboxTrigger::connected);
    }
    return;
  }
  effects_.close(*connection_, CloseCode::unanswered);
  connections_.erase(*connection_);
  advance(now, OutboxTrigger::lost, {ErrorCode::timed_out, "the device did not answer", ""});
}

bool Outbox::advance(Instant now, OutboxTrigger trigger, const Error& error) {
  const auto next = next_state(state_, trigger);
  if (!next) return false;
  state_ = *next;
  enter(now, error);
  return true;
}

void Outbox::enter(Instant now, const Error& error) {
  deadline_ = Instant::never();
  switch (state_) {
    case OutboxState::dialing:
      dial_ = effects_.ids.dial();
      effects_.outputs.push_back(DialDevice{*dial_, device_});
      break;
    case OutboxState::opening:
      if (stream_) {
        effects_.outputs.push_back(ResetStream{*connection_, *stream_, 0});
        effects_.outputs.push_back(StopStream{*connection_, *stream_, 0});
        stream_.reset();
      }
      connection_ = *connections_.rbegin();  // the newest
      effects_.outputs.push_back(OpenStream{*connection_, StreamKind::bidirectional, 0});
      break;
    case OutboxState::greeting:
      deadline_ = now + kGreetingTimeout;
      break;
    case OutboxState::flowing:
      pause_ = kFirstRetry;
      break;
    case OutboxState::idle:
    case OutboxState::waiting:
      connection_.reset();
      stream_.reset();
      if (state_ == OutboxState::idle) break;
      if (queue_.empty()) {
        advance(now, OutboxTrigger::emptied);
        break;
      }
      deadline_ = now + pause_;
      effects_.emit(MessagesDelayed{device_, error, pause_});
      pause_ = std::min(2 * pause_, kLongestRetry);
      break;
  }
}

// --- what the receiver says ---------------------------------------------------------------------

bool Outbox::receive(Instant now, ConnectionId connection, StreamId stream,
                     const Message& message) {
  if (connection_ != connection || stream_ != stream) return true;
  if (const auto* resume = std::get_if<Resume>(&message)) {
    if (state_ != OutboxState::greeting || renumber_) return false;
    on_resume(now, resume->sequence);
    return true;
  }
  const auto* stored = std::get_if<Stored>(&message);
  if (stored == nullptr || state_ != OutboxState::flowing || stored->sequence > sent_) return false;
  deliver_up_to(stored->sequence);
  flow();
  return true;
}

void Outbox::on_resume(Instant now, std::uint64_t sequence) {
  if (sequence > counter_.sequence) {
    renumber_ = true;
    return write_next();
  }
  deliver_up_to(sequence);
  sent_ = sequence;
  advance(now, OutboxTrigger::resumed);
  flow();
}

void Outbox::deliver_up_to(std::uint64_t sequence) {
  std::vector<StoreChange> removals;
  while (!queue_.empty() && queue_.begin()->first <= sequence) {
    const Entry& entry = queue_.begin()->second;
    removals.push_back(removal_of(Box::out, device_, queue_.begin()->first));
    effects_.emit(MessageDelivered{entry.request, device_, entry.message.id});
    queue_.erase(queue_.begin());
  }
  // A removal that is lost is made again: the receiver tells what it holds.
  if (!removals.empty()) effects_.commit(std::move(removals));
}

void Outbox::flow() {
  for (auto next = queue_.upper_bound(sent_); next != queue_.end(); ++next) {
    if (sent_ >= queue_.begin()->first && sent_ - queue_.begin()->first + 1 >= kMaxInFlight) return;
    const StoredMessage& message = next->second.message;
    effects_.write(*connection_, *stream_,
                   Envelope{next->first, message.id, message.correlation, message.body});
    sent_ = next->first;
  }
}

void Outbox::forget(Instant now) {
  std::vector<StoreChange> removals{removal_of_counter(Box::out, device_)};
  const Error error{ErrorCode::cancelled, "the device was removed or blocked", ""};
  for (const auto& [sequence, entry] : queue_) {
    removals.push_back(removal_of(Box::out, device_, sequence));
    fail(entry, error);
  }
  // A batch that is being written completes before this commit does.
  std::uint64_t sequence = counter_.sequence;
  for (const Entry& entry : std::exchange(writing_, {})) {
    removals.push_back(removal_of(Box::out, device_, ++sequence));
    fail(entry, error);
  }
  for (const Entry& entry : std::exchange(unwritten_, {})) fail(entry, error);
  queue_.clear();
  op_.reset();
  renumber_ = false;
  effects_.commit(std::move(removals));
  advance(now, OutboxTrigger::emptied);
}

void Outbox::check_invariants() const {
  KITH_CHECK(writing_.empty() || op_.has_value());
  KITH_CHECK(unwritten_.empty() || op_.has_value());
  KITH_CHECK(queue_.empty() || op_ || queue_.rbegin()->first <= counter_.sequence);
  const bool on_stream = state_ == OutboxState::greeting || state_ == OutboxState::flowing;
  if (on_stream) KITH_CHECK(connection_ && stream_);
  if (state_ == OutboxState::idle) KITH_CHECK(queue_.empty());
}

}  // namespace kith::messaging
