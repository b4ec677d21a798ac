#pragma once

// Carries what worker threads finished to the engine's strand. Many completions share one wake-up.

#include <functional>
#include <mutex>
#include <vector>

#include "io/driver/strand.h"
#include "kith/input.h"

namespace kith::io {

class CompletionQueue {
 public:
  // `wake` runs on the strand after something was pushed to an empty queue.
  CompletionQueue(Strand strand, std::function<void()> wake);

  // From any thread.
  void push(Input input);

  std::vector<Input> take();

  // What is pushed from now on is dropped, and nobody is woken.
  void close();

 private:
  Strand strand_;
  std::function<void()> wake_;
  std::mutex mutex_;
  std::vector<Input> inputs_;
  bool closed_ = false;
};

}  // namespace kith::io
