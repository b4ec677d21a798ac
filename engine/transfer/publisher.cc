#include "engine/transfer/publisher.h"

#include <utility>

#include "engine/base/check.h"
#include "engine/transfer/failure.h"
#include "engine/transfer/limits.h"
#include "engine/transfer/names.h"

namespace kith::transfer {
namespace {

// What the owner needs to open, rename and empty a directory while it is hidden.
constexpr std::uint32_t kOwnerMode = 0700;

}  // namespace

Publisher::Publisher(Effects& effects, MachineId machine, const Manifest& manifest,
                     const StagingPaths& paths)
    : effects_(effects),
      machine_(machine),
      manifest_(manifest),
      paths_(paths),
      renamed_(manifest.items().size()) {}

void Publisher::publish(std::uint32_t item) {
  Item state;
  state.next_entry = manifest_.items()[item].first;
  state.name = manifest_.entries()[state.next_entry].name;
  KITH_CHECK(items_.emplace(item, std::move(state)).second);
  to_prepare_.push_back(item);
  pump();
}

void Publisher::pump() {
  while (!stopped_ && !error_ && !to_prepare_.empty() && in_flight_ < kMaxFileOps) {
    const auto item = to_prepare_.front();
    auto& state = items_.at(item);
    if (prepare_next(item, state)) continue;
    to_prepare_.pop_front();
    if (state.preparing == 0) rename(item, state);
  }
}

// The time of a directory is set now because nothing is added to it any more.
bool Publisher::prepare_next(std::uint32_t item, Item& state) {
  const auto& range = manifest_.items()[item];
  while (state.next_entry < range.end) {
    const auto index = state.next_entry++;
    const auto& entry = manifest_.entries()[index];
    if (!entry.directory) continue;
    // Moving the item may touch its own time; a mode that locks its owner out would stop the rest.
    if (index == range.first || (entry.mode & kOwnerMode) != kOwnerMode) {
      state.to_restrict.push_back(index);
    }
    ++state.preparing;
    ask(Step::attributes, index,
        FileSetDirectoryAttributes{
            {}, paths_.hidden(manifest_, index), entry.mode | kOwnerMode, entry.modified_ns});
    return true;
  }
  return false;
}

void Publisher::on_file(const Ticket& ticket, const Result<FileOutcome>& outcome) {
  --in_flight_;
  const auto subject = static_cast<std::uint32_t>(ticket.subject);
  switch (static_cast<Step>(ticket.step)) {
    case Step::attributes:
      if (!outcome) return fail(outcome.error(), paths_.hidden(manifest_, subject));
      if (!stopped_) ask(Step::sync, subject, DirectorySync{{}, paths_.hidden(manifest_, subject)});
      break;
    case Step::sync: {
      if (!outcome) return fail(outcome.error(), paths_.hidden(manifest_, subject));
      const auto item = manifest_.item_of(subject);
      auto& state = items_.at(item);
      const bool all_asked = state.next_entry == manifest_.items()[item].end;
      const bool queued = !to_prepare_.empty() && to_prepare_.front() == item;
      if (--state.preparing == 0 && all_asked && !queued && !stopped_) rename(item, state);
      break;
    }
    case Step::rename:
      on_renamed(subject, outcome);
      break;
    case Step::restrict:
      if (!outcome) return fail(outcome.error(), paths_.destination());
      restrict_next(subject);
      break;
    case Step::sync_destination:
      if (!outcome) return fail(outcome.error(), paths_.destination());
      for (const auto item : std::exchange(syncing_, {})) {
        const auto path = paths_.published(items_.at(item).name, "");
        published_.push_back({item, join(path.base, path.relative)});
        items_.erase(item);
      }
      sync_destination();
      break;
  }
  pump();
}

void Publisher::rename(std::uint32_t item, Item& state) {
  ask(Step::rename, item,
      FileRename{{},
                 paths_.hidden(manifest_, manifest_.items()[item].first),
                 paths_.published(state.name, "")});
}

void Publisher::on_renamed(std::uint32_t item, const Result<FileOutcome>& outcome) {
  auto& state = items_.at(item);
  if (outcome) {
    renamed_[item] = true;
    return restrict_next(item);
  }
  const auto taken = paths_.published(state.name, "");
  if (outcome.error().code != ErrorCode::already_exists || state.attempt == kMaxNameAttempts) {
    return fail(outcome.error(), taken);
  }
  if (stopped_) return;
  const auto& entry = manifest_.entries()[manifest_.items()[item].first];
  state.name = alternative_name(entry.name, entry.directory, ++state.attempt);
  rename(item, state);
}

// Deepest first, so that every path can still be walked.
void Publisher::restrict_next(std::uint32_t item) {
  auto& state = items_.at(item);
  if (state.to_restrict.empty()) {
    to_sync_.push_back(item);
    return sync_destination();
  }
  const auto index = state.to_restrict.back();
  state.to_restrict.pop_back();
  const auto& entry = manifest_.entries()[index];
  ask(Step::restrict, item,
      FileSetDirectoryAttributes{{},
                                 paths_.published(state.name, manifest_.path_below_item(index)),
                                 entry.mode,
                                 entry.modified_ns});
}

// One at a time: items renamed meanwhile share the next.
void Publisher::sync_destination() {
  if (!syncing_.empty() || to_sync_.empty()) return;
  syncing_ = std::exchange(to_sync_, {});
  ask(Step::sync_destination, 0, DirectorySync{{}, paths_.destination()});
}

void Publisher::fail(const Error& error, const FilePath& path) {
  if (!error_) error_ = disk_failed(error, join(path.base, path.relative));
}

std::vector<Publisher::Published> Publisher::take_published() {
  return std::exchange(published_, {});
}

template <class Request>
void Publisher::ask(Step step, std::uint64_t subject, Request request) {
  ++in_flight_;
  effects_.file(Ticket{machine_, Part::publisher, static_cast<std::uint8_t>(step), subject},
                std::move(request));
}

}  // namespace kith::transfer
