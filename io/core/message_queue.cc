#include "io/core/message_queue.h"

#include <utility>

#include "io/core/requests.h"

namespace kith::io {

void MessageQueue::push(const MessageReceived& message) {
  if (waiting_.empty()) return messages_.push_back(message);
  waiting_.front()(message);
  waiting_.pop_front();
}

void MessageQueue::take(Completion<Result<MessageReceived>> done) {
  if (messages_.empty()) return waiting_.push_back(std::move(done));
  done(std::move(messages_.front()));
  messages_.pop_front();
}

void MessageQueue::forget(const DeviceId& device, const MessageId& message) {
  std::erase_if(messages_, [&](const MessageReceived& held) {
    return held.device == device && held.message == message;
  });
}

void MessageQueue::cancel_all() {
  for (auto& done : std::exchange(waiting_, {})) done(tl::unexpected(cancelled()));
  messages_.clear();
}

}  // namespace kith::io
