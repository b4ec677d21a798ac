#pragma once

// A first-in first-out queue that refuses to grow past its capacity.

#include <cstddef>
#include <deque>
#include <optional>
#include <utility>

#include "engine/base/check.h"

namespace kith {

template <class T>
class BoundedQueue {
 public:
  explicit BoundedQueue(std::size_t capacity) : capacity_(capacity) { KITH_CHECK(capacity > 0); }

  // False when the queue is full; `item` is then left as it was.
  [[nodiscard]] bool push(T&& item) {
    if (full()) return false;
    items_.push_back(std::move(item));
    return true;
  }
  [[nodiscard]] bool push(const T& item) {
    if (full()) return false;
    items_.push_back(item);
    return true;
  }

  std::optional<T> pop() {
    if (items_.empty()) return std::nullopt;
    std::optional<T> item(std::move(items_.front()));
    items_.pop_front();
    return item;
  }

  // The queue is not empty.
  T& front() {
    KITH_CHECK(!items_.empty());
    return items_.front();
  }
  const T& front() const {
    KITH_CHECK(!items_.empty());
    return items_.front();
  }

  void clear() { items_.clear(); }

  std::size_t size() const { return items_.size(); }
  std::size_t capacity() const { return capacity_; }
  bool empty() const { return items_.empty(); }
  bool full() const { return items_.size() == capacity_; }

 private:
  std::size_t capacity_;
  std::deque<T> items_;
};

}  // namespace kith
