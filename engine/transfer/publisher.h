#pragma once

// Makes whole items visible, each by one rename.
//
//   attributes and sync of each directory in it --> rename, to the next name while taken
//     --> the attributes that would have stood in the way --> sync of the destination --> durable
//
// An item is a file that is synced and closed, or a tree of such files. Because the tree is renamed
// as a whole its final name never shows a part of it, and ten thousand files cost one rename.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/transfer/effects.h"
#include "engine/transfer/manifest.h"
#include "engine/transfer/staging.h"

namespace kith::transfer {

class Publisher {
 public:
  // All references outlive the publisher.
  Publisher(Effects& effects, MachineId machine, const Manifest& manifest,
            const StagingPaths& paths);

  // All files of the item are durable under their hidden names, and are what the sender sent.
  void publish(std::uint32_t item);

  void on_file(const Ticket& ticket, const Result<FileOutcome>& outcome);

  const std::optional<Error>& error() const { return error_; }

  struct Published {
    std::uint32_t item = 0;
    std::string path;  // absolute
  };
  // What became durable since the last call.
  std::vector<Published> take_published();

  // The item has left its hidden place.
  bool renamed(std::uint32_t item) const { return renamed_[item]; }

  // Renames nothing more.
  void stop() { stopped_ = true; }
  std::size_t ops_in_flight() const { return in_flight_; }

 private:
  enum class Step : std::uint8_t { attributes, sync, rename, restrict, sync_destination };

  struct Item {
    std::uint32_t next_entry = 0;  // up to which directories are prepared
    std::size_t preparing = 0;
    unsigned attempt = 1;
    std::string name;
    std::vector<std::uint32_t> to_restrict;  // directories, deepest last
  };

  void pump();
  bool prepare_next(std::uint32_t item, Item& state);
  void rename(std::uint32_t item, Item& state);
  void on_renamed(std::uint32_t item, const Result<FileOutcome>& outcome);
  void restrict_next(std::uint32_t item);
  void sync_destination();
  void fail(const Error& error, const FilePath& path);

  template <class Request>
  void ask(Step step, std::uint64_t subject, Request request);

  Effects& effects_;
  MachineId machine_;
  const Manifest& manifest_;
  const StagingPaths& paths_;
  std::map<std::uint32_t, Item> items_;
  std::deque<std::uint32_t> to_prepare_;
  std::vector<std::uint32_t> to_sync_;  // renamed, not covered by the sync in flight
  std::vector<std::uint32_t> syncing_;
  std::vector<Published> published_;
  std::vector<bool> renamed_;
  std::size_t in_flight_ = 0;
  bool stopped_ = false;
  std::optional<Error> error_;
};

}  // namespace kith::transfer
