#include "engine/transfer/walk.h"

#include <algorithm>
#include <utility>

#include "engine/base/text.h"
#include "engine/transfer/limits.h"

namespace kith::transfer {
namespace {

// What can be sent of a file's permissions: a stranger's set-id and sticky bits mean nothing here.
constexpr std::uint32_t kModeMask = 0777;

}  // namespace

Walk::Walk(Effects& effects, MachineId machine, std::vector<NamedPath> paths)
    : effects_(effects), machine_(machine), paths_(std::move(paths)) {}

void Walk::start() {
  for (std::uint32_t i = 0; i < paths_.size(); ++i) {
    Node node;
    node.name = paths_[i].name;
    nodes_.push_back(std::move(node));
    to_stat_.push_back(i);
  }
  pump();
}

void Walk::pump() {
  while (!stopped_ && in_flight_ < kMaxFileOps && !(to_stat_.empty() && to_list_.empty())) {
    auto& queue = to_stat_.empty() ? to_list_ : to_stat_;
    const auto step = to_stat_.empty() ? Step::list : Step::stat;
    const auto node = queue.front();
    queue.pop_front();
    ++in_flight_;
    const Ticket ticket{machine_, Part::walk, static_cast<std::uint8_t>(step), node};
    if (step == Step::stat) {
      effects_.file(ticket, FileStat{{}, path_of(node)});
    } else {
      effects_.file(ticket, FileList{{}, path_of(node)});
    }
  }
  if (in_flight_ == 0 && !outcome_ && !stopped_) finish();
}

void Walk::on_file(const Ticket& ticket, const Result<FileOutcome>& outcome) {
  --in_flight_;
  if (stopped_) return;
  const auto node = static_cast<std::uint32_t>(ticket.subject);
  switch (static_cast<Step>(ticket.step)) {
    case Step::stat:
      on_stat(node, outcome);
      break;
    case Step::list:
      on_list(node, outcome);
      break;
  }
  pump();
}

void Walk::on_stat(std::uint32_t node, const Result<FileOutcome>& outcome) {
  if (!outcome) return fail(outcome.error().code, node, "cannot be read");
  const auto* info = std::get_if<FileInfo>(&*outcome);
  if (info == nullptr) return fail(ErrorCode::internal, node, "cannot be read");
  nodes_[node].info = *info;
  if (info->type == FileType::directory) {
    to_list_.push_back(node);
  } else if (info->type != FileType::regular) {
    fail(ErrorCode::invalid_argument, node, "is neither a file nor a directory");
  }
}

void Walk::on_list(std::uint32_t node, const Result<FileOutcome>& outcome) {
  if (!outcome) return fail(outcome.error().code, node, "cannot be listed");
  const auto* listing = std::get_if<FileListing>(&*outcome);
  if (listing == nullptr) return fail(ErrorCode::internal, node, "cannot be listed");
  nodes_[node].first_child = static_cast<std::uint32_t>(nodes_.size());
  for (const auto& entry : *listing) {
    if (nodes_.size() >= kMaxEntries) {
      return fail(ErrorCode::limit_exceeded, node, "brings the transfer above a million entries");
    }
    add_child(node, entry);
  }
  nodes_[node].child_count = static_cast<std::uint32_t>(nodes_.size()) - nodes_[node].first_child;
}

void Walk::add_child(std::uint32_t parent, const FileEntry& entry) {
  const bool sendable =
      entry.info.type == FileType::regular || entry.info.type == FileType::directory;
  if (!sendable || check_name(entry.name) == NameFault::reserved) {
    ++skipped_;
    return;
  }
  if (entry.info.type == FileType::directory) {
    to_list_.push_back(static_cast<std::uint32_t>(nodes_.size()));
  }
  nodes_.push_back({parent, 0, 0, entry.name, entry.info});
}

// Depth first over what was found breadth first. FileListing is sorted, so siblings are in order.
void Walk::finish() {
  struct Level {
    std::uint32_t next = 0;
    std::uint32_t end = 0;
    std::uint32_t entry = kNoParent;
  };
  std::vector<Level> levels{{0, static_cast<std::uint32_t>(paths_.size()), kNoParent}};
  while (!levels.empty()) {
    if (levels.back().next == levels.back().end) {
      levels.pop_back();
      continue;
    }
    const auto node = levels.back().next++;
    if (!add_to_manifest(node, levels.back().entry)) return;
    const auto& found = nodes_[node];
    if (found.child_count > 0) {
      const auto entry = static_cast<std::uint32_t>(manifest_.entries().size() - 1);
      levels.push_back({found.first_child, found.first_child + found.child_count, entry});
    }
  }
  nodes_.clear();
  outcome_ = Result<void>();
}

bool Walk::add_to_manifest(std::uint32_t node, std::uint32_t parent_entry) {
  const auto& info = nodes_[node].info;
  const bool directory = info.type == FileType::directory;
  const auto fault = manifest_.add({.parent = parent_entry,
                                    .directory = directory,
                                    .mode = static_cast<std::uint16_t>(info.mode & kModeMask),
                                    .name = nodes_[node].name,
                                    .size_bytes = directory ? 0 : info.size_bytes,
                                    .modified_ns = info.modified_ns});
  if (fault == ManifestFault::none) return true;
  switch (fault) {
    case ManifestFault::too_large:
      fail(ErrorCode::limit_exceeded, node, "brings the transfer above 16 TiB");
      break;
    case ManifestFault::too_deep:
      fail(ErrorCode::limit_exceeded, node, "lies deeper than 128 directories");
      break;
    case ManifestFault::path_too_long:
      fail(ErrorCode::limit_exceeded, node, "has a path longer than 3,072 bytes");
      break;
    default:
      fail(code_of(fault), node, "cannot be sent");
      break;
  }
  return false;
}

void Walk::fail(ErrorCode code, std::uint32_t node, std::string_view what) {
  if (outcome_) return;
  stopped_ = true;
  const auto path = path_of(node);
  std::string message = printable(join(path.base, path.relative)) + " " + std::string(what);
  if (code == ErrorCode::not_found)
    message = printable(join(path.base, path.relative)) + " does not exist";
  outcome_ = failure(code, std::move(message));
}

FilePath Walk::path_of(std::uint32_t node) const {
  std::vector<std::uint32_t> chain;
  auto at = node;
  for (; nodes_[at].parent != kNoParent; at = nodes_[at].parent) chain.push_back(at);
  std::string relative = nodes_[at].name;
  for (auto i = chain.rbegin(); i != chain.rend(); ++i) relative = join(relative, nodes_[*i].name);
  return {paths_[at].parent, std::move(relative)};
}

}  // namespace kith::transfer
