#pragma once

// Where a transfer is built before anyone can see it, and where it goes.
//
//   <inbox>/.kith-part-<transfer id>/0/...      item 0, under its number until it is whole
//   <inbox>/<destination>/<name>                item 0, after one rename
//
// The hidden directory lies in the inbox, so the rename stays within one file system. The tree of
// directories is made before the sender is told to send: a disk that refuses is met at once.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/transfer/effects.h"
#include "engine/transfer/manifest.h"
#include "kith/file.h"

namespace kith::transfer {

class StagingPaths {
 public:
  StagingPaths(std::string inbox, const std::vector<std::string>& destination, TransferId transfer);

  FilePath root() const { return {inbox_, root_}; }
  // An entry of the manifest while it is hidden.
  FilePath hidden(const Manifest& manifest, std::uint32_t entry) const;

  FilePath destination() const { return {inbox_, destination_}; }
  // A path below an item that is published under `name`.
  FilePath published(const std::string& name, const std::string& below) const;

  const std::string& inbox() const { return inbox_; }

 private:
  std::string inbox_;
  std::string destination_;
  std::string root_;
};

// Directories of a manifest by their depth, those of the items first.
std::vector<std::vector<std::uint32_t>> directories_by_depth(const Manifest& manifest);

// Makes the hidden directory, the destination and the tree.
class Staging {
 public:
  Staging(Effects& effects, MachineId machine, const Manifest& manifest, const StagingPaths& paths,
          std::vector<std::string> destination);

  void start();
  void on_file(const Ticket& ticket, const Result<FileOutcome>& outcome);

  void stop() { stopped_ = true; }
  std::size_t ops_in_flight() const { return in_flight_; }

  bool complete() const { return complete_; }
  const std::optional<Error>& error() const { return error_; }

  // What has to be removed: the hidden directory was made, and this directory was asked for.
  bool root_made() const { return root_made_; }
  bool asked_for(std::uint32_t entry) const { return asked_for_[entry]; }

 private:
  enum class Step : std::uint8_t { root, destination, look, sync, tree };

  template <class Request>
  void ask(Step step, std::uint64_t subject, Request request);
  FilePath destination_path(std::size_t components) const;
  void make_destination(std::size_t component);
  void make_tree();
  void fail(const Error& error, const FilePath& path);

  Effects& effects_;
  MachineId machine_;
  const Manifest& manifest_;
  const StagingPaths& paths_;
  std::vector<std::string> destination_;
  std::vector<std::vector<std::uint32_t>> levels_;
  std::size_t level_ = 0;
  std::size_t next_in_level_ = 0;
  std::vector<bool> asked_for_;
  std::size_t in_flight_ = 0;
  bool root_made_ = false;
  bool stopped_ = false;
  bool complete_ = false;
  std::optional<Error> error_;
};

}  // namespace kith::transfer
