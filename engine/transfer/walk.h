#pragma once

// Reads what a person named into a manifest: one FileStat for each named path, one FileList for
// each directory, many at a time. Symbolic links and special files below a named directory are
// left out and counted; a named path that is one is refused. Nothing is opened.

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "engine/transfer/effects.h"
#include "engine/transfer/manifest.h"
#include "engine/transfer/names.h"
#include "kith/file.h"

namespace kith::transfer {

class Walk {
 public:
  Walk(Effects& effects, MachineId machine, std::vector<NamedPath> paths);

  void start();
  void on_file(const Ticket& ticket, const Result<FileOutcome>& outcome);

  // Asks for nothing more.
  void stop() { stopped_ = true; }
  std::size_t ops_in_flight() const { return in_flight_; }

  // The manifest, or why there is none; present when the walk has ended.
  const std::optional<Result<void>>& outcome() const { return outcome_; }
  Manifest take_manifest() { return std::move(manifest_); }
  std::uint64_t skipped() const { return skipped_; }

 private:
  enum class Step : std::uint8_t { stat, list };

  // Everything found, in the order it was found; a node's children lie together.
  struct Node {
    std::uint32_t parent = kNoParent;
    std::uint32_t first_child = 0;
    std::uint32_t child_count = 0;
    std::string name;
    FileInfo info;
  };

  void pump();
  void on_stat(std::uint32_t node, const Result<FileOutcome>& outcome);
  void on_list(std::uint32_t node, const Result<FileOutcome>& outcome);
  void add_child(std::uint32_t parent, const FileEntry& entry);
  void finish();
  bool add_to_manifest(std::uint32_t node, std::uint32_t parent_entry);
  void fail(ErrorCode code, std::uint32_t node, std::string_view what);
  FilePath path_of(std::uint32_t node) const;

  Effects& effects_;
  MachineId machine_;
  std::vector<NamedPath> paths_;
  std::vector<Node> nodes_;  // the first paths_.size() are the named ones
  std::deque<std::uint32_t> to_stat_;
  std::deque<std::uint32_t> to_list_;
  std::size_t in_flight_ = 0;
  std::uint64_t skipped_ = 0;
  bool stopped_ = false;
  std::optional<Result<void>> outcome_;
  Manifest manifest_;
};

}  // namespace kith::transfer
