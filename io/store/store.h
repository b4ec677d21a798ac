#pragma once

// The durable store on a thread of its own: commits never hold up the engine or its files.
//
// Commits that queue up while one is written go into one transaction, so that many share one wait
// for the disk. They still complete one by one and in the order of their issue. If a shared
// transaction fails its commits are tried alone; one that fails leaves no trace.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "io/store/database.h"
#include "kith/io/effect_hook.h"
#include "kith/store.h"

namespace kith::io {

class Store {
 public:
  // `completed` is called on the store's thread. `effects` outlives the store.
  Store(Database database, std::function<void(StoreCompleted)> completed,
        EffectHook& effects = no_effect_hook);
  // Writes what was submitted before it ends.
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  void submit(StoreCommit commit);

 private:
  void run();
  void write(const std::vector<StoreCommit>& commits);
  std::vector<Result<void>> apply(const std::vector<StoreCommit>& commits);

  Database database_;
  std::function<void(StoreCompleted)> completed_;
  EffectHook& effects_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<StoreCommit> queued_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace kith::io
