#include "sim/checkers/no_partial_content.h"

#include <fmt/core.h>

#include <algorithm>

#include "engine/base/text.h"
#include "engine/transfer/names.h"
#include "sim/world/world.h"

namespace kith::sim {
namespace {

std::string absolute(const FilePath& path) {
  return path.relative.empty() ? path.base : path.base + "/" + path.relative;
}

bool is_beneath(const std::string& path, const std::string& directory) {
  return path.size() > directory.size() && path.starts_with(directory) &&
         path[directory.size()] == '/';
}

}  // namespace

void NoPartialContent::on_input(Device& device, Instant, const Input& input) {
  transfers_.on_input(device, input);
  const auto* policy = command_in<SetReceivePolicy>(input);
  if (policy == nullptr || policy->inbox.empty()) return;
  Watched& watched = devices_[device.index()];
  if (!watched.inboxes.insert(policy->inbox).second) return;
  for (const auto& [path, entry] : snapshot(device.disk(), policy->inbox)) {
    if (entry.info.type == FileType::regular) watched.there_before.insert(entry.digest);
  }
}

void NoPartialContent::on_output(Device& device, Instant, const Output& output) {
  transfers_.on_output(device, output);
}

void NoPartialContent::on_file_done(Device& device, Instant at, const FileRequest& request,
                                    const Result<FileOutcome>& outcome) {
  if (!outcome) return;
  Watched& watched = devices_[device.index()];
  if (const auto* open = std::get_if<FileOpen>(&request)) {
    const std::string path = absolute(open->path);
    watched.open[open->handle] = path;
    if (open->mode == FileOpen::Mode::create && is_final(watched, path)) {
      violate(device, at, fmt::format("made {} under its final name", printable(path)));
    }
  } else if (const auto* write = std::get_if<FileWrite>(&request)) {
    const auto found = watched.open.find(write->handle);
    if (found != watched.open.end() && is_final(watched, found->second)) {
      violate(device, at, fmt::format("wrote to {} in its place", printable(found->second)));
    }
  } else if (const auto* close = std::get_if<FileClose>(&request)) {
    watched.open.erase(close->handle);
  } else if (const auto* rename = std::get_if<FileRename>(&request)) {
    const std::string from = absolute(rename->from);
    const std::string to = absolute(rename->to);
    for (auto& [handle, path] : watched.open) {
      if (path == from || is_beneath(path, from)) path = to + path.substr(from.size());
    }
    if (is_final(watched, to)) check_tree(device, at, to, /*fresh=*/true);
  }
}

void NoPartialContent::on_stopped(Device& device, Instant at, Ending) {
  devices_[device.index()].open.clear();
  check_inboxes(device, at);
}

void NoPartialContent::finish(World& world) {
  for (DeviceIndex index = 0; index < world.device_count(); ++index) {
    check_inboxes(world.device(index), world.now());
  }
}

void NoPartialContent::check_inboxes(Device& device, Instant at) {
  for (const std::string& inbox : devices_[device.index()].inboxes) {
    check_tree(device, at, inbox, /*fresh=*/false);
  }
}

void NoPartialContent::check_tree(Device& device, Instant at, const std::string& path, bool fresh) {
  const Watched& watched = devices_[device.index()];
  for (const auto& [relative, entry] : snapshot(device.disk(), path)) {
    if (entry.info.type != FileType::regular) continue;
    const std::string file = relative.empty() ? path : path + "/" + relative;
    const bool excused = entry.rotten && !fresh;
    if (is_final(watched, file) && !excused && !is_whole(device, entry)) {
      violate(device, at,
              fmt::format("shows {} with {} bytes that are no file shared with it", printable(file),
                          entry.info.size_bytes));
    }
  }
}

bool NoPartialContent::is_final(const Watched& watched, const std::string& path) const {
  return std::any_of(
      watched.inboxes.begin(), watched.inboxes.end(), [&path](const std::string& inbox) {
        const std::string reserved = "/" + std::string(transfer::kStagingPrefix);
        return is_beneath(path, inbox) && path.find(reserved, inbox.size()) == std::string::npos;
      });
}

bool NoPartialContent::is_whole(const Device& device, const SnapshotEntry& file) const {
  const auto watched = devices_.find(device.index());
  if (watched != devices_.end() && watched->second.there_before.contains(file.digest)) return true;
  for (const WatchedShare* share : transfers_.shares_with(device.id())) {
    for (const TreeSnapshot& source : share->sources) {
      for (const auto& [path, entry] : source) {
        if (entry.info.type != FileType::regular) continue;
        if (entry.digest == file.digest) return true;
        if (entry.rotten && entry.info.size_bytes == file.info.size_bytes) return true;
      }
    }
  }
  return false;
}

}  // namespace kith::sim
