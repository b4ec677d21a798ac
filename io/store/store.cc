#include "io/store/store.h"

#include <utility>

namespace kith::io {

Store::Store(Database database, std::function<void(StoreCompleted)> completed)
    : database_(std::move(database)),
      completed_(std::move(completed)),
      thread_([this] { run(); }) {}

Store::~Store() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Store::submit(StoreCommit commit) {
  {
    const std::lock_guard lock(mutex_);
    queued_.push_back(std::move(commit));
  }
  changed_.notify_one();
}

void Store::run() {
  while (true) {
    std::vector<StoreCommit> commits;
    {
      std::unique_lock lock(mutex_);
      changed_.wait(lock, [this] { return ending_ || !queued_.empty(); });
      if (queued_.empty()) return;
      commits.swap(queued_);
    }
    write(commits);
  }
}

void Store::write(const std::vector<StoreCommit>& commits) {
  if (database_.apply(commits)) {
    for (const StoreCommit& commit : commits) completed_(StoreCompleted{commit.op, {}});
    return;
  }
  for (const StoreCommit& commit : commits) {
    completed_(StoreCompleted{commit.op, database_.apply(std::span(&commit, 1))});
  }
}

}  // namespace kith::io
