#include "sim/checkers/old_or_new_after_crash.h"

#include <fmt/core.h>

#include "engine/base/text.h"
#include "sim/checkers/transfer_watch.h"

namespace kith::sim {
namespace {

void change(const StoreCommit& commit, RestoredState& state) {
  for (const StoreChange& each : commit.changes) {
    if (each.value) {
      state.insert_or_assign(each.key, *each.value);
    } else {
      state.erase(each.key);
    }
  }
}

}  // namespace

void OldOrNewAfterCrash::on_started(Device& device, Instant at) {
  Watched& watched = devices_[device.index()];
  if (watched.begun) {
    check_store(device, at, watched);
    check_received(device, at, watched);
  }
  watched.begun = true;
  watched.durable = device.store().content();
  watched.underway.clear();
}

void OldOrNewAfterCrash::on_input(Device& device, Instant, const Input& input) {
  const auto* completed = std::get_if<StoreCompleted>(&input);
  if (completed == nullptr) return;
  Watched& watched = devices_[device.index()];
  if (watched.underway.empty()) return;
  if (completed->outcome) change(watched.underway.front(), watched.durable);
  watched.underway.pop_front();
}

void OldOrNewAfterCrash::on_output(Device& device, Instant, const Output& output) {
  if (const auto* commit = std::get_if<StoreCommit>(&output)) {
    devices_[device.index()].underway.push_back(*commit);
  }
  const auto* item = event_in<ItemCompleted>(output);
  if (item == nullptr || item->direction != TransferDirection::receiving) return;
  TreeSnapshot& received = devices_[device.index()].received[item->path];
  const auto info = device.disk().info(item->path);
  if (info && info->type == FileType::regular) {
    // Hashed by its engine already, and published_equals_source says whether rightly.
    received = {{"", {*info, Digest{item->digest}, device.disk().is_rotten(item->path)}}};
  } else {
    received = snapshot(device.disk(), item->path);
  }
}

void OldOrNewAfterCrash::check_store(Device& device, Instant at, const Watched& watched) {
  const RestoredState& found = device.store().content();
  if (found == watched.durable) return;
  RestoredState state = watched.durable;
  for (const StoreCommit& commit : watched.underway) {
    change(commit, state);
    if (found == state) return;
  }
  violate(device, at,
          fmt::format("was given a store that none of its commits left: of {} keys, not of the {} "
                      "that were durable",
                      found.size(), watched.durable.size()));
}

void OldOrNewAfterCrash::check_received(Device& device, Instant at, const Watched& watched) {
  for (const auto& [path, wanted] : watched.received) {
    const auto what = difference(wanted, snapshot(device.disk(), path), /*attributes=*/false);
    if (!what) continue;
    violate(device, at,
            fmt::format("had received {}, but after its death {}", printable(path), *what));
  }
}

}  // namespace kith::sim
