#include "sim/disk/virtual_store.h"

#include <utility>

#include "engine/base/check.h"

namespace kith::sim {

void VirtualStore::begin(Instant now, StoreCommit commit) {
  Underway& underway = underway_.emplace_back();
  underway.commit = std::move(commit);
  ++begun_;
  if (now < lasting_fault_.until) underway.fault = lasting_fault_.code;
  if (const auto fault = faults_.find(begun_); fault != faults_.end()) {
    if (now < fault->second.until) underway.fault = fault->second.code;
    faults_.erase(fault);
  }
  underway.forgotten = lies_.erase(begun_) > 0;
}

StoreCompleted VirtualStore::finish() {
  KITH_CHECK(!underway_.empty());
  Underway oldest = std::move(underway_.front());
  underway_.pop_front();
  const StoreOpId op = oldest.commit.op;
  if (oldest.fault) return {op, failure(*oldest.fault, "The store failed a commit as a test.")};
  if (oldest.forgotten) return {op, {}};
  std::map<std::string, std::optional<Bytes>> before;
  for (StoreChange& change : oldest.commit.changes) {
    const auto old = content_.find(change.key);
    before.try_emplace(change.key,
                       old == content_.end() ? std::nullopt : std::optional(old->second));
    set(change.key, std::move(change.value));
  }
  if (size_bytes_ <= spec_.capacity_bytes) return {op, {}};
  for (auto& [key, value] : before) set(key, std::move(value));
  return {op, failure(ErrorCode::no_space, "The store is full.")};
}

void VirtualStore::fail_commit(std::uint64_t nth, ErrorCode code, Instant until) {
  KITH_CHECK(nth > 0);
  faults_[begun_ + nth] = {code, until};
}

void VirtualStore::fail_until(Instant until, ErrorCode code) { lasting_fault_ = {code, until}; }

void VirtualStore::forget_commit(std::uint64_t nth) {
  KITH_CHECK(nth > 0);
  lies_.insert(begun_ + nth);
}

void VirtualStore::crash(RandomSource& random) {
  crash(static_cast<std::size_t>(random.below(underway_.size() + 1)));
}

void VirtualStore::crash(std::size_t survivors) {
  for (std::size_t i = 0; i < survivors; ++i) finish();
  underway_.clear();
}

void VirtualStore::set(const std::string& key, std::optional<Bytes> value) {
  if (const auto old = content_.find(key); old != content_.end()) {
    size_bytes_ -= key.size() + old->second.size();
    content_.erase(old);
  }
  if (!value) return;
  size_bytes_ += key.size() + value->size();
  content_.emplace(key, std::move(*value));
}

}  // namespace kith::sim
