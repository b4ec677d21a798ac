#include "sim/checkers/path_escape.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "engine/base/text.h"
#include "engine/transfer/names.h"
#include "sim/checkers/transfer_watch.h"

namespace kith::sim {
namespace {

struct Named {
  const FilePath* path = nullptr;
  bool change = false;
};

// The paths of a request, and whether it changes what lies there.
std::vector<Named> paths_of(const FileRequest& request) {
  return std::visit(
      []<class T>(const T& effect) -> std::vector<Named> {
        if constexpr (std::is_same_v<T, FileRename>) {
          return {{&effect.from, true}, {&effect.to, true}};
        } else if constexpr (std::is_same_v<T, FileOpen>) {
          return {{&effect.path, effect.mode != FileOpen::Mode::read}};
        } else if constexpr (requires { effect.path; }) {
          constexpr bool kLooks = std::is_same_v<T, FileStat> || std::is_same_v<T, FileList> ||
                                  std::is_same_v<T, DirectorySync>;
          return {{&effect.path, !kLooks}};
        } else {
          return {};
        }
      },
      request);
}

std::string absolute(const FilePath& path) {
  if (path.relative.empty()) return path.base;
  return path.base + (path.base.ends_with('/') ? "" : "/") + path.relative;
}

bool is_at_or_beneath(std::string_view path, std::string_view place) {
  return path == place ||
         (path.size() > place.size() && path.starts_with(place) && path[place.size()] == '/');
}

bool climbs(std::string_view path) {
  const std::string slashed = "/" + std::string(path) + "/";
  return slashed.find("/../") != std::string::npos || slashed.find("/./") != std::string::npos;
}

// The first symbolic link on the way to a path below its base; the last name is not the way.
std::optional<std::string> link_on_the_way(const VirtualDisk& disk, const FilePath& path) {
  for (std::size_t at = path.relative.find('/'); at != std::string::npos;
       at = path.relative.find('/', at + 1)) {
    const std::string way = path.base + "/" + path.relative.substr(0, at);
    const auto info = disk.info(way);
    if (info && info->type == FileType::symlink) return way;
  }
  return std::nullopt;
}

}  // namespace

void PathEscape::on_input(Device& device, Instant, const Input& input) {
  if (const auto* share = command_in<ShareWithDevice>(input)) {
    devices_[device.index()].shared.insert(share->paths.begin(), share->paths.end());
  }
  const auto* policy = command_in<SetReceivePolicy>(input);
  if (policy == nullptr || policy->inbox.empty()) return;
  Watched& watched = devices_[device.index()];
  if (watched.inboxes.insert(policy->inbox).second) look_at_inboxes(device, watched);
}

// A power loss may have taken names.
void PathEscape::on_stopped(Device& device, Instant, Ending) {
  look_at_inboxes(device, devices_[device.index()]);
}

void PathEscape::look_at_inboxes(const Device& device, Watched& watched) {
  watched.finals.clear();
  for (const std::string& inbox : watched.inboxes) {
    for (const auto& [relative, info] : device.disk().tree(inbox)) {
      const FilePath path{inbox, relative};
      const bool directory = info.type == FileType::directory;
      if (!directory && !is_staged(watched, path)) watched.finals.insert(absolute(path));
    }
  }
}

void PathEscape::on_output(Device& device, Instant at, const Output& output) {
  const auto request = file_request_of(output);
  if (!request) return;
  const Watched& watched = devices_[device.index()];
  for (const auto& [path, change] : paths_of(*request)) {
    check_path(device, at, watched, *path, change);
  }
}

void PathEscape::check_path(Device& device, Instant at, const Watched& watched,
                            const FilePath& path, bool change) {
  const auto covers = [&path](const std::string& place) {
    return is_at_or_beneath(path.base, place);
  };
  const bool in_inbox = std::any_of(watched.inboxes.begin(), watched.inboxes.end(), covers);
  const bool in_shared =
      std::any_of(watched.shared.begin(), watched.shared.end(), covers) ||
      std::any_of(watched.shared.begin(), watched.shared.end(), [&path](const std::string& place) {
        return is_at_or_beneath(absolute(path), place);
      });
  if (change ? !in_inbox : !in_inbox && !in_shared) {
    violate(device, at,
            fmt::format("asks its disk to {} {}, which is none of its places",
                        change ? "change" : "read", printable(absolute(path))));
  }
  if (climbs(path.base) || climbs(path.relative) || path.relative.starts_with("/")) {
    violate(device, at, fmt::format("asks for {}, which climbs", printable(absolute(path))));
  }
}

void PathEscape::on_file_done(Device& device, Instant at, const FileRequest& request,
                              const Result<FileOutcome>& outcome) {
  if (!outcome) return;
  Watched& watched = devices_[device.index()];
  for (const auto& [path, change] : paths_of(request)) {
    if (const auto link = link_on_the_way(device.disk(), *path)) {
      violate(device, at, fmt::format("went through the link {}", printable(*link)));
    }
  }
  const auto lies = [&watched](const FilePath& path) {
    return watched.finals.contains(absolute(path));
  };
  if (const auto* open = std::get_if<FileOpen>(&request)) {
    if (open->mode != FileOpen::Mode::read && lies(open->path)) {
      violate(device, at, fmt::format("opened {} to write", printable(absolute(open->path))));
    }
  } else if (const auto* remove = std::get_if<FileRemove>(&request)) {
    if (lies(remove->path)) {
      violate(device, at, fmt::format("removed {}", printable(absolute(remove->path))));
    }
  } else if (const auto* rename = std::get_if<FileRename>(&request)) {
    if (lies(rename->from)) {
      violate(device, at, fmt::format("moved {}", printable(absolute(rename->from))));
    }
    if (lies(rename->to)) {
      violate(device, at, fmt::format("overwrote {}", printable(absolute(rename->to))));
    }
    if (!is_staged(watched, rename->to)) watched.finals.insert(absolute(rename->to));
  }
}

bool PathEscape::is_staged(const Watched& watched, const FilePath& path) {
  const std::string whole = absolute(path);
  const std::string reserved = "/" + std::string(transfer::kStagingPrefix);
  return std::any_of(watched.inboxes.begin(), watched.inboxes.end(), [&](const std::string& inbox) {
    return is_at_or_beneath(whole, inbox) &&
           whole.find(reserved, inbox.size()) != std::string::npos;
  });
}

}  // namespace kith::sim
