// Where paths lead.

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/text.h"
#include "sim/disk/virtual_disk.h"

namespace kith::sim {
namespace {

constexpr std::size_t kMaxNameBytes = 255;  // NAME_MAX of Linux
constexpr int kMaxLinksFollowed = 40;       // path_resolution(7)

tl::unexpected<Error> no_way(std::string_view path, ErrorCode code, std::string_view reason) {
  return failure(code, fmt::format("Cannot reach {}: {}.", printable(path), reason));
}

std::vector<std::string> split(std::string_view path) {
  std::vector<std::string> components;
  std::size_t at = 0;
  while (at < path.size()) {
    const std::size_t end = std::min(path.find('/', at), path.size());
    const std::string_view component = path.substr(at, end - at);
    if (!component.empty() && component != ".") components.emplace_back(component);
    at = end + 1;
  }
  return components;
}

}  // namespace

// The directory a trusted path names, links followed.
auto VirtualDisk::walk_base(std::vector<std::string> components) const -> Result<InodePtr> {
  std::vector<InodePtr> above;  // the directories from the root down to `here`
  InodePtr here = root_;
  int links = 0;
  std::reverse(components.begin(), components.end());
  while (!components.empty()) {
    const std::string name = std::move(components.back());
    components.pop_back();
    if (name == "..") {
      if (!above.empty()) {
        here = above.back();
        above.pop_back();
      }
      continue;
    }
    const auto found = here->entries.find(name);
    if (found == here->entries.end()) {
      return no_way(name, ErrorCode::not_found, "there is no such directory");
    }
    const InodePtr& next = found->second;
    if (next->type == FileType::symlink) {
      if (++links > kMaxLinksFollowed) {
        return no_way(name, ErrorCode::permission_denied, "too many links lead to it");
      }
      std::vector<std::string> target = split(next->target);
      std::move(target.rbegin(), target.rend(), std::back_inserter(components));
      if (next->target.starts_with('/')) {
        above.clear();
        here = root_;
      }
      continue;
    }
    if (next->type != FileType::directory) {
      return no_way(name, ErrorCode::not_found, "it is not a directory");
    }
    above.push_back(here);
    here = next;
  }
  return here;
}

auto VirtualDisk::find_absolute(std::string_view path) const -> Result<Place> {
  if (!path.starts_with('/') || path.find('\0') != std::string_view::npos) {
    return no_way(path, ErrorCode::permission_denied, "it is not an absolute path");
  }
  std::vector<std::string> components = split(path);
  if (components.empty()) return Place{nullptr, "", root_};
  std::string name = std::move(components.back());
  components.pop_back();
  const auto directory = walk_base(std::move(components));
  if (!directory) return tl::unexpected(directory.error());
  const auto found = (*directory)->entries.find(name);
  return Place{*directory, std::move(name),
               found == (*directory)->entries.end() ? nullptr : found->second};
}

auto VirtualDisk::find(const FilePath& path) const -> Result<Place> {
  if (path.relative.starts_with('/') || path.relative.find('\0') != std::string::npos) {
    return no_way(path.relative, ErrorCode::permission_denied, "it is outside its base");
  }
  const std::vector<std::string> components = split(path.relative);
  if (std::find(components.begin(), components.end(), "..") != components.end()) {
    return no_way(path.relative, ErrorCode::permission_denied, "it is outside its base");
  }
  if (components.empty()) return find_absolute(path.base);
  const auto base = find_directory({path.base, ""});
  if (!base) return tl::unexpected(base.error());

  InodePtr here = *base;
  for (std::size_t i = 0;; ++i) {
    const std::string& name = components[i];
    if (name.size() > kMaxNameBytes) {
      return no_way(path.relative, ErrorCode::limit_exceeded, "a name in it is too long");
    }
    const auto found = here->entries.find(name);
    const InodePtr next = found == here->entries.end() ? nullptr : found->second;
    if (i + 1 == components.size()) return Place{here, name, next};
    if (!next || next->type == FileType::regular) {
      return no_way(path.relative, ErrorCode::not_found, "there is no such directory");
    }
    if (next->type == FileType::symlink) {
      return no_way(path.relative, ErrorCode::permission_denied, "it leads through a link");
    }
    here = next;
  }
}

auto VirtualDisk::find_directory(const FilePath& path) const -> Result<InodePtr> {
  if (!path.relative.starts_with('/') && split(path.relative).empty()) {
    if (!path.base.starts_with('/') || path.base.find('\0') != std::string::npos) {
      return no_way(path.base, ErrorCode::permission_denied, "it is not an absolute path");
    }
    return walk_base(split(path.base));
  }
  const auto place = find(path);
  if (!place) return tl::unexpected(place.error());
  if (!place->inode || place->inode->type == FileType::regular) {
    return no_way(path.relative, ErrorCode::not_found, "there is no such directory");
  }
  if (place->inode->type == FileType::symlink) {
    return no_way(path.relative, ErrorCode::permission_denied, "it is a link");
  }
  return place->inode;
}

auto VirtualDisk::lookup(std::string_view path, View view) const -> InodePtr {
  InodePtr here = root_;
  for (const std::string& name : split(path)) {
    const auto& entries = view == View::latest ? here->entries : here->durable_entries;
    const auto found = entries.find(name);
    if (found == entries.end()) return nullptr;
    here = found->second;
  }
  return here;
}

auto VirtualDisk::ensure_directory(std::string_view path) -> InodePtr {
  InodePtr here = root_;
  for (const std::string& name : split(path)) {
    InodePtr& next = here->entries[name];
    if (!next) {
      next = std::make_shared<Inode>();
      next->type = FileType::directory;
      next->latest.mode = next->durable.mode = 0755;
    }
    KITH_CHECK_MSG(next->type == FileType::directory, "{} is not a directory", path);
    here->durable_entries[name] = next;
    here = next;
  }
  return here;
}

auto VirtualDisk::ensure_parent(std::string_view path) -> std::pair<InodePtr, std::string> {
  const std::vector<std::string> components = split(path);
  KITH_CHECK_MSG(!components.empty(), "{} names nothing", path);
  const std::string& name = components.back();
  return {ensure_directory(path.substr(0, path.rfind(name))), name};
}

void VirtualDisk::make_file(std::string_view path, ByteView content, std::uint32_t mode,
                            std::int64_t modified_ns) {
  const auto [directory, name] = ensure_parent(path);
  const auto file = std::make_shared<Inode>();
  file->latest = file->durable = {mode, modified_ns};
  file->content.write(0, content);
  file->durable_content = file->content;
  used_bytes_ += content.size();
  directory->entries[name] = directory->durable_entries[name] = file;
}

void VirtualDisk::make_directory(std::string_view path, std::uint32_t mode,
                                 std::int64_t modified_ns) {
  const InodePtr made = ensure_directory(path);
  made->latest = made->durable = {mode, modified_ns};
}

void VirtualDisk::make_symlink(std::string_view path, std::string target) {
  const auto [directory, name] = ensure_parent(path);
  const auto link = std::make_shared<Inode>();
  link->type = FileType::symlink;
  link->latest.mode = link->durable.mode = 0777;
  link->target = std::move(target);
  directory->entries[name] = directory->durable_entries[name] = link;
}

std::optional<FileInfo> VirtualDisk::info(std::string_view path, View view) const {
  const InodePtr inode = lookup(path, view);
  if (!inode) return std::nullopt;
  return info_of(*inode, view);
}

std::optional<Bytes> VirtualDisk::content(std::string_view path, View view) const {
  const InodePtr inode = lookup(path, view);
  if (!inode || inode->type != FileType::regular) return std::nullopt;
  return (view == View::latest ? inode->content : inode->durable_content).read_all();
}

std::map<std::string, FileInfo> VirtualDisk::tree(std::string_view path, View view) const {
  std::map<std::string, FileInfo> found;
  const InodePtr directory = lookup(path, view);
  if (directory) collect(*directory, view, "", found);
  return found;
}

void VirtualDisk::collect(const Inode& directory, View view, const std::string& prefix,
                          std::map<std::string, FileInfo>& into) {
  for (const auto& [name, child] :
       view == View::latest ? directory.entries : directory.durable_entries) {
    into.emplace(prefix + name, info_of(*child, view));
    collect(*child, view, prefix + name + "/", into);
  }
}

bool VirtualDisk::is_beneath(const Inode& directory, const Inode& wanted) {
  if (&directory == &wanted) return true;
  return std::any_of(directory.entries.begin(), directory.entries.end(),
                     [&wanted](const auto& entry) { return is_beneath(*entry.second, wanted); });
}

}  // namespace kith::sim
