#include "engine/transfer/staging.h"

#include <utility>

#include "engine/transfer/failure.h"
#include "engine/transfer/limits.h"
#include "engine/transfer/names.h"

namespace kith::transfer {

StagingPaths::StagingPaths(std::string inbox, const std::vector<std::string>& destination,
                           TransferId transfer)
    : inbox_(std::move(inbox)),
      destination_(join(destination)),
      root_(std::string(kStagingPrefix) + transfer.to_hex()) {}

FilePath StagingPaths::hidden(const Manifest& manifest, std::uint32_t entry) const {
  const auto item = join(root_, std::to_string(manifest.item_of(entry)));
  return {inbox_, join(item, manifest.path_below_item(entry))};
}

FilePath StagingPaths::published(const std::string& name, const std::string& below) const {
  return {inbox_, join(join(destination_, name), below)};
}

std::vector<std::vector<std::uint32_t>> directories_by_depth(const Manifest& manifest) {
  std::vector<std::vector<std::uint32_t>> levels;
  std::vector<std::uint32_t> depths(manifest.entries().size());
  for (std::uint32_t i = 0; i < depths.size(); ++i) {
    const auto& entry = manifest.entries()[i];
    if (!entry.directory) continue;
    depths[i] = entry.parent == kNoParent ? 0 : depths[entry.parent] + 1;
    if (levels.size() <= depths[i]) levels.resize(depths[i] + 1);
    levels[depths[i]].push_back(i);
  }
  return levels;
}

Staging::Staging(Effects& effects, MachineId machine, const Manifest& manifest,
                 const StagingPaths& paths, std::vector<std::string> destination)
    : effects_(effects),
      machine_(machine),
      manifest_(manifest),
      paths_(paths),
      destination_(std::move(destination)),
      levels_(directories_by_depth(manifest)),
      asked_for_(manifest.entries().size()) {}

void Staging::start() { ask(Step::root, 0, FileMakeDirectory{{}, paths_.root()}); }

void Staging::on_file(const Ticket& ticket, const Result<FileOutcome>& outcome) {
  --in_flight_;
  const auto step = static_cast<Step>(ticket.step);
  if (step == Step::root) root_made_ = outcome.has_value();
  if (stopped_ || error_) return;

  const auto component = static_cast<std::size_t>(ticket.subject);
  switch (step) {
    case Step::root:
      if (!outcome) return fail(outcome.error(), paths_.root());
      return make_destination(0);
    case Step::destination:
      if (outcome) {
        return ask(Step::sync, component, DirectorySync{{}, destination_path(component)});
      }
      if (outcome.error().code == ErrorCode::already_exists) {
        return ask(Step::look, component, FileStat{{}, destination_path(component + 1)});
      }
      return fail(outcome.error(), destination_path(component + 1));
    case Step::look: {
      const auto* info = outcome ? std::get_if<FileInfo>(&*outcome) : nullptr;
      if (info != nullptr && info->type == FileType::directory) {
        return make_destination(component + 1);
      }
      return fail(outcome ? Error{ErrorCode::already_exists, "", ""} : outcome.error(),
                  destination_path(component + 1));
    }
    case Step::sync:
      if (!outcome) return fail(outcome.error(), destination_path(component));
      return make_destination(component + 1);
    case Step::tree:
      if (!outcome) {
        return fail(outcome.error(),
                    paths_.hidden(manifest_, static_cast<std::uint32_t>(component)));
      }
      return make_tree();
  }
}

void Staging::make_destination(std::size_t component) {
  if (component == destination_.size()) return make_tree();
  ask(Step::destination, component, FileMakeDirectory{{}, destination_path(component + 1)});
}

// Level by level, because a directory can only be made in one that is there.
void Staging::make_tree() {
  while (in_flight_ < kMaxFileOps) {
    if (level_ == levels_.size()) {
      complete_ = in_flight_ == 0;
      return;
    }
    if (next_in_level_ == levels_[level_].size()) {
      if (in_flight_ > 0) return;
      ++level_;
      next_in_level_ = 0;
      continue;
    }
    const auto entry = levels_[level_][next_in_level_++];
    asked_for_[entry] = true;
    ask(Step::tree, entry, FileMakeDirectory{{}, paths_.hidden(manifest_, entry)});
  }
}

template <class Request>
void Staging::ask(Step step, std::uint64_t subject, Request request) {
  ++in_flight_;
  effects_.file(Ticket{machine_, Part::tree, static_cast<std::uint8_t>(step), subject},
                std::move(request));
}

FilePath Staging::destination_path(std::size_t components) const {
  std::string path;
  for (std::size_t i = 0; i < components; ++i) path = join(path, destination_[i]);
  return {paths_.inbox(), std::move(path)};
}

void Staging::fail(const Error& error, const FilePath& path) {
  error_ = disk_failed(error, join(path.base, path.relative));
}

}  // namespace kith::transfer
