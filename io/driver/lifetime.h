#pragma once

// Says whether a driver is still there, to handlers that may run later than it lives. They hold the
// lifetime, not the driver. The strand keeps handlers apart from each other; the mutex here keeps
// them apart from a thread that ends the driver.

#include <memory>
#include <mutex>

namespace kith::io {

class Lifetime {
 public:
  // Runs `function`, alone, unless the driver has ended.
  template <class Function>
  void while_alive(const Function& function) {
    const std::lock_guard lock(mutex_);
    if (!ended_) function();
  }

  // Runs `function`, alone.
  template <class Function>
  void exclusively(const Function& function) {
    const std::lock_guard lock(mutex_);
    function();
  }

  // Both within one of the functions above.
  bool ended() const { return ended_; }
  void end() { ended_ = true; }

 private:
  std::mutex mutex_;
  bool ended_ = false;
};

}  // namespace kith::io
