#pragma once

// Removes what a transfer leaves in its hidden directory, and the directory. What cannot be removed
// is counted and left: it stays hidden.

#include <cstdint>
#include <functional>
#include <vector>

#include "engine/transfer/effects.h"
#include "engine/transfer/manifest.h"
#include "engine/transfer/staging.h"

namespace kith::transfer {

class Cleaner {
 public:
  Cleaner(Effects& effects, MachineId machine, const Manifest& manifest, const StagingPaths& paths);

  // `may_be_there` says which entries could still lie in the hidden directory. Nothing else may be
  // in flight there.
  void start(const std::function<bool(std::uint32_t entry)>& may_be_there);
  void on_file(const Ticket& ticket, const Result<FileOutcome>& outcome);

  bool complete() const { return complete_; }
  std::size_t ops_in_flight() const { return in_flight_; }

 private:
  enum class Step : std::uint8_t { entry, root };

  void pump();
  void remove(Step step, const FilePath& path);

  Effects& effects_;
  MachineId machine_;
  const Manifest& manifest_;
  const StagingPaths& paths_;
  std::vector<std::vector<std::uint32_t>> batches_;  // each after all before it: files, then
                                                     // directories from the deepest up
  std::size_t batch_ = 0;
  std::size_t next_in_batch_ = 0;
  std::size_t in_flight_ = 0;
  bool complete_ = false;
};

}  // namespace kith::transfer
