#include "io/store/store.h"

#include <utility>

namespace kith::io {

Store::Store(Database database, std::function<void(StoreCompleted)> completed, EffectHook& effects)
    : database_(std::move(database)),
      completed_(std::move(completed)),
      effects_(effects),
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
  for (std::size_t i = 0; i < commits.size(); ++i) effects_.before(EffectKind::store);
  const std::vector<Result<void>> outcomes = apply(commits);
  for (std::size_t i = 0; i < commits.size(); ++i) {
    effects_.after(EffectKind::store);
    completed_(StoreCompleted{commits[i].op, outcomes[i]});
  }
}

std::vector<Result<void>> Store::apply(const std::vector<StoreCommit>& commits) {
  std::vector<Result<void>> outcomes(commits.size());
  if (database_.apply(commits)) return outcomes;
  for (std::size_t i = 0; i < commits.size(); ++i) {
    outcomes[i] = database_.apply(std::span(&commits[i], 1));
  }
  return outcomes;
}

}  // namespace kith::io
