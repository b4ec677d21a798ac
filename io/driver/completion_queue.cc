#include "io/driver/completion_queue.h"

#include <boost/asio/post.hpp>
#include <utility>

namespace kith::io {

CompletionQueue::CompletionQueue(Strand strand, std::function<void()> wake)
    : strand_(std::move(strand)), wake_(std::move(wake)) {}

void CompletionQueue::push(Input input) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;
  inputs_.push_back(std::move(input));
  if (inputs_.size() == 1) boost::asio::post(strand_, wake_);
}

std::vector<Input> CompletionQueue::take() {
  const std::lock_guard lock(mutex_);
  return std::exchange(inputs_, {});
}

void CompletionQueue::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  inputs_.clear();
}

}  // namespace kith::io
