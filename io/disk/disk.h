#pragma once

// Carries out file effects on a thread pool. They run concurrently and complete in any order.

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <functional>
#include <utility>

#include "io/disk/file_operations.h"
#include "kith/file.h"

namespace kith::io {

class Disk {
 public:
  // `completed` is called on a thread of the pool. The pool has stopped and joined before the disk
  // is destroyed.
  Disk(boost::asio::thread_pool& pool, std::function<void(FileCompleted)> completed,
       const DiskFeatures& features = {})
      : pool_(pool), completed_(std::move(completed)), operations_(features) {}

  // Takes any effect of kith/file.h.
  template <class Effect>
  void submit(Effect effect) {
    boost::asio::post(pool_, [this, effect = std::move(effect)] {
      completed_(FileCompleted{effect.op, operations_.run(effect)});
    });
  }

 private:
  boost::asio::thread_pool& pool_;
  std::function<void(FileCompleted)> completed_;
  FileOperations operations_;
};

}  // namespace kith::io
