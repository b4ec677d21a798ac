#include "sim/disk/virtual_disk.h"

#include <fmt/core.h>

#include <algorithm>
#include <utility>

#include "engine/base/check.h"
#include "engine/base/text.h"
#include "sim/world/chance.h"

namespace kith::sim {
namespace {

tl::unexpected<Error> no_such_handle(FileHandle handle) {
  return failure(ErrorCode::not_found, fmt::format("File handle {} is not open.", handle.value));
}

tl::unexpected<Error> cannot(std::string_view action, const FilePath& path, ErrorCode code,
                             std::string_view reason) {
  return failure(code, fmt::format("Cannot {} {}/{}: {}.", action, printable(path.base),
                                   printable(path.relative), reason));
}

std::uint64_t bytes_moved(const FileRequest& request) {
  if (const auto* read = std::get_if<FileRead>(&request)) return read->length;
  if (const auto* write = std::get_if<FileWrite>(&request)) return write->data.size();
  return 0;
}

}  // namespace

Duration draw_delay(const DiskSpec& spec, const FileRequest& request, RandomSource& random) {
  const bool sync =
      std::holds_alternative<FileSync>(request) || std::holds_alternative<DirectorySync>(request);
  const Duration fixed = sync ? draw_between(random, spec.sync_least, spec.sync_most)
                              : draw_between(random, spec.latency_least, spec.latency_most);
  if (spec.bytes_per_second == 0) return fixed;
  const std::uint64_t ns = bytes_moved(request) * 1'000'000'000ull / spec.bytes_per_second;
  return fixed + Duration{static_cast<std::int64_t>(ns)};
}

VirtualDisk::VirtualDisk(const DiskSpec& spec, RandomSource random, FaultProbes* probes)
    : spec_(spec), root_(std::make_shared<Inode>()), random_(std::move(random)), probes_(probes) {
  root_->type = FileType::directory;
  root_->latest.mode = root_->durable.mode = 0755;
}

VirtualDisk::~VirtualDisk() = default;

std::unique_ptr<VirtualDisk::Operation> VirtualDisk::begin(FileRequest request, Instant now) {
  auto operation = std::make_unique<Operation>(std::move(request));
  ++begun_;
  operation->fault = faults_.on_begin(operation->request, now);
  operation->disk_full = faults_.full(now);
  operation->names_through = name_sequence_;
  if (const auto* sync = std::get_if<FileSync>(&operation->request)) {
    const auto open = open_files_.find(sync->handle);
    if (open != open_files_.end()) {
      operation->file = open->second.inode;
      operation->content = operation->file->content;
      operation->lost_pages = operation->file->lost_pages;
      operation->attributes = operation->file->latest;
      operation->version = operation->file->version;
    }
  }
  return operation;
}

FileCompleted VirtualDisk::finish(const Operation& operation, std::int64_t unix_ns) {
  const FileOpId op = op_of(operation.request);
  if (operation.fault) {
    count(Probe::disk_error);
    if (operation.file) fail_sync(operation);
    return {op, failure(*operation.fault,
                        fmt::format("The disk failed operation {} as a test.", op.value))};
  }
  return {op, std::visit([&](const auto& request) { return run(request, operation, unix_ns); },
                         operation.request)};
}

FileInfo VirtualDisk::info_of(const Inode& inode, View view) {
  const Attributes& attributes = view == View::latest ? inode.latest : inode.durable;
  FileInfo info;
  info.type = inode.type;
  info.mode = attributes.mode;
  info.modified_ns = attributes.modified_ns;
  if (inode.type == FileType::regular) {
    info.size_bytes = (view == View::latest ? inode.content : inode.durable_content).size();
  } else if (inode.type == FileType::symlink) {
    info.size_bytes = inode.target.size();
  }
  return info;
}

std::optional<FilePath> VirtualDisk::path_of(FileHandle handle) const {
  const auto found = open_files_.find(handle);
  if (found == open_files_.end()) return std::nullopt;
  return found->second.path;
}

auto VirtualDisk::run(const FileStat& request, const Operation&, std::int64_t) -> Outcome {
  const auto place = find(request.path);
  if (!place) return tl::unexpected(place.error());
  if (!place->inode) {
    return cannot("look at", request.path, ErrorCode::not_found, "there is nothing");
  }
  return info_of(*place->inode, View::latest);
}

auto VirtualDisk::run(const FileList& request, const Operation&, std::int64_t) -> Outcome {
  const auto directory = find_directory(request.path);
  if (!directory) return tl::unexpected(directory.error());
  FileListing listing;
  for (const auto& [name, inode] : (*directory)->entries) {
    listing.push_back({name, info_of(*inode, View::latest)});
  }
  return listing;
}

auto VirtualDisk::run(const FileOpen& request, const Operation&, std::int64_t unix_ns) -> Outcome {
  auto place = find(request.path);
  if (!place) return tl::unexpected(place.error());
  if (request.mode == FileOpen::Mode::create) {
    if (place->inode || !place->directory) {
      return cannot("create", request.path, ErrorCode::already_exists, "the name is taken");
    }
    place->inode = std::make_shared<Inode>();
    place->inode->latest = place->inode->durable = {0600, unix_ns};
    change_names({{place->directory, place->name, place->inode}}, unix_ns);
  }
  if (!place->inode) {
    return cannot("open", request.path, ErrorCode::not_found, "there is nothing");
  }
  if (place->inode->type != FileType::regular) {
    return cannot("open", request.path, ErrorCode::permission_denied, "it is not a regular file");
  }
  const bool writable = request.mode != FileOpen::Mode::read;
  const bool fresh =
      open_files_.emplace(request.handle, OpenFile{place->inode, request.path, writable}).second;
  KITH_CHECK_MSG(fresh, "file handle {} is already open", request.handle.value);
  return info_of(*place->inode, View::latest);
}

auto VirtualDisk::run(const FileRead& request, const Operation&, std::int64_t) -> Outcome {
  const auto open = open_files_.find(request.handle);
  if (open == open_files_.end()) return no_such_handle(request.handle);
  return SharedBytes(open->second.inode->content.read(request.offset, request.length));
}

auto VirtualDisk::run(const FileWrite& request, const Operation& operation, std::int64_t unix_ns)
    -> Outcome {
  const auto open = open_files_.find(request.handle);
  if (open == open_files_.end()) return no_such_handle(request.handle);
  if (!open->second.writable) {
    return cannot("write", open->second.path, ErrorCode::io_error, "it was opened for reading");
  }
  Inode& inode = *open->second.inode;
  const std::uint64_t before = inode.content.size();
  const std::uint64_t end = request.offset + request.data.size();
  const std::uint64_t growth = end > before ? end - before : 0;
  const std::uint64_t capacity = operation.disk_full ? used_bytes_ : spec_.capacity_bytes;
  if (growth > capacity - std::min(capacity, used_bytes_)) {
    if (operation.disk_full) count(Probe::disk_full);
    return cannot("write", open->second.path, ErrorCode::no_space, "the disk is full");
  }
  inode.content.write(request.offset, request.data.view());
  note_written(inode, request.offset, end);
  inode.latest.modified_ns = unix_ns;
  ++inode.version;
  used_bytes_ += inode.content.size() - before;
  return FileDone{};
}

auto VirtualDisk::run(const FileSync& request, const Operation& operation, std::int64_t)
    -> Outcome {
  if (!operation.file) return no_such_handle(request.handle);
  Inode& inode = *operation.file;
  if (operation.version > inode.durable_version) {
    inode.durable_content = synced_content(inode, operation);
    inode.durable = operation.attributes;
    inode.durable_version = operation.version;
  }
  return FileDone{};
}

auto VirtualDisk::run(const FileSetAttributes& request, const Operation&, std::int64_t) -> Outcome {
  const auto open = open_files_.find(request.handle);
  if (open == open_files_.end()) return no_such_handle(request.handle);
  Inode& inode = *open->second.inode;
  inode.latest = {request.mode & 07777, request.modified_ns};
  ++inode.version;
  return FileDone{};
}

auto VirtualDisk::run(const FileClose& request, const Operation&, std::int64_t) -> Outcome {
  if (open_files_.erase(request.handle) == 0) return no_such_handle(request.handle);
  return FileDone{};
}

auto VirtualDisk::run(const FileRename& request, const Operation&, std::int64_t unix_ns)
    -> Outcome {
  const auto from = find(request.from);
  if (!from) return tl::unexpected(from.error());
  const auto to = find(request.to);
  if (!to) return tl::unexpected(to.error());
  if (!from->inode || !from->directory) {
    return cannot("rename", request.from, ErrorCode::not_found, "there is nothing");
  }
  if (to->inode || !to->directory) {
    return cannot("rename to", request.to, ErrorCode::already_exists, "the name is taken");
  }
  if (from->inode->type == FileType::directory && is_beneath(*from->inode, *to->directory)) {
    return cannot("rename to", request.to, ErrorCode::io_error, "it lies beneath itself");
  }
  change_names({{to->directory, to->name, from->inode}, {from->directory, from->name, nullptr}},
               unix_ns);
  return FileDone{};
}

auto VirtualDisk::run(const FileMakeDirectory& request, const Operation&, std::int64_t unix_ns)
    -> Outcome {
  const auto place = find(request.path);
  if (!place) return tl::unexpected(place.error());
  if (place->inode || !place->directory) {
    return cannot("make", request.path, ErrorCode::already_exists, "the name is taken");
  }
  const auto made = std::make_shared<Inode>();
  made->type = FileType::directory;
  made->latest = made->durable = {0700, unix_ns};
  change_names({{place->directory, place->name, made}}, unix_ns);
  return FileDone{};
}

auto VirtualDisk::run(const FileSetDirectoryAttributes& request, const Operation&, std::int64_t)
    -> Outcome {
  const auto directory = find_directory(request.path);
  if (!directory) return tl::unexpected(directory.error());
  (*directory)->latest = {request.mode & 07777, request.modified_ns};
  return FileDone{};
}

auto VirtualDisk::run(const FileRemove& request, const Operation&, std::int64_t unix_ns)
    -> Outcome {
  const auto place = find(request.path);
  if (!place) return tl::unexpected(place.error());
  if (!place->inode || !place->directory) {
    return cannot("remove", request.path, ErrorCode::not_found, "there is nothing");
  }
  const FileType type = place->inode->type;
  if (type != FileType::regular && type != FileType::directory) {
    return cannot("remove", request.path, ErrorCode::permission_denied,
                  "it is neither a file nor a directory");
  }
  if (!place->inode->entries.empty()) {
    return cannot("remove", request.path, ErrorCode::already_exists, "it is not empty");
  }
  used_bytes_ -= place->inode->content.size();
  change_names({{place->directory, place->name, nullptr}}, unix_ns);
  return FileDone{};
}

auto VirtualDisk::run(const DirectorySync& request, const Operation& operation, std::int64_t)
    -> Outcome {
  const auto directory = find_directory(request.path);
  if (!directory) return tl::unexpected(directory.error());
  sync_names(*directory, operation.names_through);
  (*directory)->durable = (*directory)->latest;
  return FileDone{};
}

}  // namespace kith::sim
