#include "sim/checkers/resources.h"

#include <fmt/core.h>

#include "sim/world/world.h"

namespace kith::sim {

void Resources::on_output(Device& device, Instant at, const Output& output) {
  Watched& watched = devices_[device.index()];
  if (const auto* open = std::get_if<OpenSocket>(&output)) {
    watched.sockets.insert(open->socket);
    check(device, at, watched.sockets.size(), kMostSockets, "sockets");
  } else if (const auto* close = std::get_if<CloseSocket>(&output)) {
    watched.sockets.erase(close->socket);
  } else if (std::holds_alternative<StoreCommit>(output)) {
    check(device, at, ++watched.commits, kMostCommits, "commits under way");
  } else if (std::holds_alternative<Compute>(output)) {
    check(device, at, ++watched.jobs, kMostJobs, "jobs under way");
  } else if (const auto request = file_request_of(output)) {
    on_file(device, at, *request);
  }
}

void Resources::on_file(Device& device, Instant at, const FileRequest& request) {
  Watched& watched = devices_[device.index()];
  watched.files_used = at;
  check(device, at, ++watched.file_effects, kMostFileEffects, "file effects under way");
  if (const auto* open = std::get_if<FileOpen>(&request)) {
    watched.files.insert(open->handle);
    watched.opening[open->op] = open->handle;
    check(device, at, watched.files.size(), kMostOpenFiles, "open files");
  } else if (const auto* close = std::get_if<FileClose>(&request)) {
    watched.closing[close->op] = close->handle;
  }
}

void Resources::on_input(Device& device, Instant, const Input& input) {
  Watched& watched = devices_[device.index()];
  if (const auto* failed = std::get_if<SocketFailed>(&input)) {
    watched.sockets.erase(failed->socket);
  } else if (std::holds_alternative<StoreCompleted>(input)) {
    if (watched.commits > 0) --watched.commits;
  } else if (std::holds_alternative<ComputeCompleted>(input)) {
    if (watched.jobs > 0) --watched.jobs;
  } else if (const auto* completed = std::get_if<FileCompleted>(&input)) {
    if (watched.file_effects > 0) --watched.file_effects;
    // A file that could not be opened is not open, and one that could not be closed is closed.
    if (const auto opened = watched.opening.find(completed->op); opened != watched.opening.end()) {
      if (!completed->outcome) watched.files.erase(opened->second);
      watched.opening.erase(opened);
    } else if (const auto closed = watched.closing.find(completed->op);
               closed != watched.closing.end()) {
      watched.files.erase(closed->second);
      watched.closing.erase(closed);
    }
  }
}

void Resources::on_stopped(Device& device, Instant, Ending) { devices_.erase(device.index()); }

void Resources::finish(World& world) {
  for (const auto& [index, watched] : devices_) {
    const Device& device = world.device(index);
    const bool quiet = world.now() - watched.files_used > kLongQuiet;
    if (!device.running() || device.paused() || !quiet || watched.files.empty()) continue;
    violate(
        device, world.now(),
        fmt::format("still holds {} files open, of which it wants nothing", watched.files.size()));
  }
}

void Resources::check(const Device& device, Instant at, std::size_t count, std::size_t most,
                      std::string_view what) {
  if (count > most) violate(device, at, fmt::format("has {} {}", count, what));
}

}  // namespace kith::sim
