#include "engine/transfer/cleaner.h"

#include <utility>

#include "engine/transfer/limits.h"

namespace kith::transfer {

Cleaner::Cleaner(Effects& effects, MachineId machine, const Manifest& manifest,
                 const StagingPaths& paths)
    : effects_(effects), machine_(machine), manifest_(manifest), paths_(paths) {}

void Cleaner::start(const std::function<bool(std::uint32_t)>& may_be_there) {
  batches_.emplace_back();
  for (std::uint32_t i = 0; i < manifest_.entries().size(); ++i) {
    if (!manifest_.entries()[i].directory && may_be_there(i)) batches_.back().push_back(i);
  }
  const auto levels = directories_by_depth(manifest_);
  for (auto level = levels.rbegin(); level != levels.rend(); ++level) {
    batches_.emplace_back();
    for (const auto entry : *level) {
      if (may_be_there(entry)) batches_.back().push_back(entry);
    }
  }
  pump();
}

void Cleaner::pump() {
  while (in_flight_ < kMaxFileOps && batch_ < batches_.size()) {
    if (next_in_batch_ < batches_[batch_].size()) {
      remove(Step::entry, paths_.hidden(manifest_, batches_[batch_][next_in_batch_++]));
    } else if (in_flight_ > 0) {
      return;
    } else {
      next_in_batch_ = 0;
      if (++batch_ == batches_.size()) remove(Step::root, paths_.root());
    }
  }
}

void Cleaner::on_file(const Ticket& ticket, const Result<FileOutcome>& outcome) {
  --in_flight_;
  // A file that was asked for and never made is not there.
  if (!outcome && outcome.error().code != ErrorCode::not_found) {
    effects_.count("transfer.leftover_not_removed");
  }
  if (static_cast<Step>(ticket.step) == Step::root) complete_ = true;
  pump();
}

void Cleaner::remove(Step step, const FilePath& path) {
  ++in_flight_;
  effects_.file(Ticket{machine_, Part::cleaner, static_cast<std::uint8_t>(step), 0},
                FileRemove{{}, path});
}

}  // namespace kith::transfer
