#include "tests/transfer/memory_disk.h"

#include <algorithm>

#include "engine/base/check.h"

namespace kith::transfer {
namespace {

std::string parent_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string below(const std::string& directory) { return directory == "/" ? "/" : directory + "/"; }

tl::unexpected<Error> error(ErrorCode code) { return failure(code, "memory disk"); }

}  // namespace

void MemoryDisk::add_directory(const std::string& path, std::uint32_t mode) {
  Node node;
  node.info = {FileType::directory, 0, mode, ++clock_ns_};
  nodes_[path] = std::move(node);
}

void MemoryDisk::add_file(const std::string& path, Bytes content, std::uint32_t mode) {
  Node node;
  node.info = {FileType::regular, content.size(), mode, ++clock_ns_};
  node.content = std::move(content);
  KITH_CHECK(nodes_.count(parent_of(path)) == 1);
  nodes_[path] = std::move(node);
}

void MemoryDisk::add_symlink(const std::string& path) {
  Node node;
  node.info = {FileType::symlink, 4, 0777, ++clock_ns_};
  nodes_[path] = std::move(node);
}

std::vector<std::string> MemoryDisk::paths_below(const std::string& directory) const {
  std::vector<std::string> paths;
  const auto prefix = below(directory);
  for (auto i = nodes_.lower_bound(prefix); i != nodes_.end(); ++i) {
    if (i->first.compare(0, prefix.size(), prefix) != 0) break;
    if (i->first != prefix) paths.push_back(i->first);
  }
  return paths;
}

std::map<std::string, MemoryDisk::Shape> MemoryDisk::tree(const std::string& path) const {
  std::map<std::string, Shape> shapes;
  const auto add = [&](const std::string& at) {
    const auto& node = nodes_.at(at);
    if (node.info.type != FileType::regular && node.info.type != FileType::directory) return;
    shapes[at.substr(path.size())] = {node.info.type, node.content, node.info.mode,
                                      node.info.modified_ns};
  };
  if (has(path)) add(path);
  for (const auto& at : paths_below(path)) add(at);
  return shapes;
}

bool MemoryDisk::durable(const std::string& path) const {
  const auto ok = [&](const std::string& at) {
    const auto& node = nodes_.at(at);
    // Attributes of directories alone may be lost: they hold no content.
    return (node.info.type == FileType::directory || node.changes == node.durable_changes) &&
           unsynced_names_.count(at) == 0;
  };
  const auto all = paths_below(path);
  return has(path) && ok(path) && std::all_of(all.begin(), all.end(), ok);
}

Result<std::string> MemoryDisk::resolve(const FilePath& path) const {
  std::string at = path.base;
  std::string rest = path.relative;
  const auto base = nodes_.find(at);
  if (base == nodes_.end()) return error(ErrorCode::not_found);
  while (!rest.empty()) {
    const auto& node = nodes_.at(at);
    if (node.info.type == FileType::symlink) return error(ErrorCode::permission_denied);
    if (node.info.type != FileType::directory) return error(ErrorCode::io_error);
    if ((node.info.mode & 0100) == 0) return error(ErrorCode::permission_denied);
    const auto slash = std::min(rest.find('/'), rest.size());
    const auto component = rest.substr(0, slash);
    KITH_CHECK(!component.empty() && component != "." && component != "..");
    at = below(at) + component;
    rest = slash == rest.size() ? "" : rest.substr(slash + 1);
    if (nodes_.count(at) == 0 && !rest.empty()) return error(ErrorCode::not_found);
  }
  return at;
}

Result<std::string> MemoryDisk::resolve_to_change(const FilePath& path) const {
  auto at = resolve(path);
  if (!at) return at;
  const auto& parent = nodes_.at(parent_of(*at));
  if (parent.info.type != FileType::directory) return error(ErrorCode::io_error);
  if ((parent.info.mode & 0300) != 0300) return error(ErrorCode::permission_denied);
  return at;
}

void MemoryDisk::touch_parent(const std::string& path) {
  nodes_.at(parent_of(path)).info.modified_ns = ++clock_ns_;
}

void MemoryDisk::issued(const FileSync& request) {
  file_syncs_[request.op] = nodes_.at(handles_.at(request.handle)).changes;
}

void MemoryDisk::issued(const DirectorySync& request) {
  auto& names = directory_syncs_[request.op];
  const auto at = below(request.path.base) + request.path.relative;
  for (const auto& name : unsynced_names_) {
    if (parent_of(name) == at || parent_of(name) + "/" == at) names.insert(name);
  }
}

Result<FileOutcome> MemoryDisk::run(const FileStat& request) {
  const auto at = resolve(request.path);
  if (!at) return tl::unexpected(at.error());
  if (!has(*at)) return error(ErrorCode::not_found);
  return nodes_.at(*at).info;
}

Result<FileOutcome> MemoryDisk::run(const FileList& request) {
  const auto at = resolve(request.path);
  if (!at) return tl::unexpected(at.error());
  if (!has(*at)) return error(ErrorCode::not_found);
  if (nodes_.at(*at).info.type != FileType::directory) return error(ErrorCode::io_error);
  if ((nodes_.at(*at).info.mode & 0400) == 0) return error(ErrorCode::permission_denied);
  FileListing listing;
  for (const auto& path : paths_below(*at)) {
    if (parent_of(path) == *at) {
      listing.push_back({path.substr(below(*at).size()), nodes_.at(path).info});
    }
  }
  std::sort(listing.begin(), listing.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  return listing;
}

Result<FileOutcome> MemoryDisk::run(const FileOpen& request) {
  const bool create = request.mode == FileOpen::Mode::create;
  const auto at = create ? resolve_to_change(request.path) : resolve(request.path);
  if (!at) return tl::unexpected(at.error());
  if (create) {
    if (has(*at)) return error(ErrorCode::already_exists);
    if (space_left_ == 0) return error(ErrorCode::no_space);
    Node node;
    node.info = {FileType::regular, 0, 0600, ++clock_ns_};
    ++node.changes;
    nodes_[*at] = std::move(node);
    unsynced_names_.insert(*at);
    touch_parent(*at);
  }
  if (!has(*at)) return error(ErrorCode::not_found);
  const auto& info = nodes_.at(*at).info;
  if (info.type != FileType::regular || (info.mode & 0400) == 0) {
    return error(ErrorCode::permission_denied);
  }
  KITH_CHECK(handles_.emplace(request.handle, *at).second);
  return info;
}

Result<FileOutcome> MemoryDisk::run(const FileRead& request) {
  const auto& content = nodes_.at(handles_.at(request.handle)).content;
  if (request.offset >= content.size()) return SharedBytes();
  const auto length = std::min<std::uint64_t>(request.length, content.size() - request.offset);
  const auto begin = content.begin() + static_cast<std::ptrdiff_t>(request.offset);
  return SharedBytes(Bytes(begin, begin + static_cast<std::ptrdiff_t>(length)));
}

Result<FileOutcome> MemoryDisk::run(const FileWrite& request) {
  auto& node = nodes_.at(handles_.at(request.handle));
  if (request.data.size() > space_left_) return error(ErrorCode::no_space);
  space_left_ -= request.data.size();
  const auto end = request.offset + request.data.size();
  if (node.content.size() < end) node.content.resize(end);
  std::copy(request.data.view().begin(), request.data.view().end(),
            node.content.begin() + static_cast<std::ptrdiff_t>(request.offset));
  node.info.size_bytes = node.content.size();
  node.info.modified_ns = ++clock_ns_;
  ++node.changes;
  return FileDone{};
}

Result<FileOutcome> MemoryDisk::run(const FileSync& request) {
  nodes_.at(handles_.at(request.handle)).durable_changes = file_syncs_.at(request.op);
  return FileDone{};
}

Result<FileOutcome> MemoryDisk::run(const FileSetAttributes& request) {
  auto& node = nodes_.at(handles_.at(request.handle));
  node.info.mode = request.mode;
  node.info.modified_ns = request.modified_ns;
  ++node.changes;
  return FileDone{};
}

Result<FileOutcome> MemoryDisk::run(const FileClose& request) {
  KITH_CHECK(handles_.erase(request.handle) == 1);
  return FileDone{};
}

Result<FileOutcome> MemoryDisk::run(const FileRename& request) {
  const auto from = resolve_to_change(request.from);
  if (!from) return tl::unexpected(from.error());
  const auto to = resolve_to_change(request.to);
  if (!to) return tl::unexpected(to.error());
  if (!has(*from)) return error(ErrorCode::not_found);
  if (has(*to)) return error(ErrorCode::already_exists);
  const auto& moved = nodes_.at(*from).info;
  if (moved.type == FileType::directory && (moved.mode & 0200) == 0) {
    return error(ErrorCode::permission_denied);
  }
  auto paths = paths_below(*from);
  paths.push_back(*from);
  for (const auto& path : paths) {
    auto node = nodes_.extract(path);
    node.key() = *to + path.substr(from->size());
    const bool unsynced = unsynced_names_.erase(path) > 0;
    if (unsynced || path == *from) unsynced_names_.insert(node.key());
    nodes_.insert(std::move(node));
  }
  touch_parent(*from);
  touch_parent(*to);
  // Some file systems touch the directory that was moved.
  if (nodes_.at(*to).info.type == FileType::directory) {
    nodes_.at(*to).info.modified_ns = ++clock_ns_;
  }
  return FileDone{};
}

Result<FileOutcome> MemoryDisk::run(const FileMakeDirectory& request) {
  const auto at = resolve_to_change(request.path);
  if (!at) return tl::unexpected(at.error());
  if (has(*at)) return error(ErrorCode::already_exists);
  add_directory(*at, 0700);
  unsynced_names_.insert(*at);
  touch_parent(*at);
  return FileDone{};
}

Result<FileOutcome> MemoryDisk::run(const FileSetDirectoryAttributes& request) {
  const auto at = resolve(request.path);
  if (!at) return tl::unexpected(at.error());
  if (!has(*at)) return error(ErrorCode::not_found);
  auto& info = nodes_.at(*at).info;
  if (info.type != FileType::directory) return error(ErrorCode::io_error);
  info.mode = request.mode;
  info.modified_ns = request.modified_ns;
  return FileDone{};
}

Result<FileOutcome> MemoryDisk::run(const FileRemove& request) {
  const auto at = resolve_to_change(request.path);
  if (!at) return tl::unexpected(at.error());
  if (!has(*at)) return error(ErrorCode::not_found);
  if (!paths_below(*at).empty()) return error(ErrorCode::io_error);
  nodes_.erase(*at);
  unsynced_names_.erase(*at);
  touch_parent(*at);
  return FileDone{};
}

Result<FileOutcome> MemoryDisk::run(const DirectorySync& request) {
  const auto at = resolve(request.path);
  if (!at) return tl::unexpected(at.error());
  if (!has(*at)) return error(ErrorCode::not_found);
  if ((nodes_.at(*at).info.mode & 0400) == 0) return error(ErrorCode::permission_denied);
  for (const auto& name : directory_syncs_.at(request.op)) unsynced_names_.erase(name);
  return FileDone{};
}

}  // namespace kith::transfer
