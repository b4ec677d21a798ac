#pragma once

// Messages that have come and that the application has not asked for yet, or the application's
// questions for the next one: one of the two is empty. What is held is bounded by what the engine
// lets a device have unacknowledged.

#include <deque>

#include "kith/event.h"
#include "kith/io/completion.h"

namespace kith::io {

class MessageQueue {
 public:
  void push(const MessageReceived& message);
  void take(Completion<Result<MessageReceived>> done);
  // One that was acknowledged without having been asked for, as those who listen to events do.
  void forget(const DeviceId& device, const MessageId& message);
  // Completes what waits with `cancelled`.
  void cancel_all();

 private:
  std::deque<MessageReceived> messages_;
  std::deque<Completion<Result<MessageReceived>>> waiting_;
};

}  // namespace kith::io
