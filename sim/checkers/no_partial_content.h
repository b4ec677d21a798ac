#pragma once

// Invariant: under an inbox a final name shows the whole of a file that was shared with the device,
// or nothing: not while a transfer runs, and not after the device stopped in the middle of one.
// Names that begin as transfer/names.h reserves are not final. What rots after it was published is
// the disk's fault; to publish what rotted before is the engine's.

#include <compare>
#include <map>
#include <set>
#include <string>

#include "sim/checkers/checker.h"
#include "sim/checkers/transfer_watch.h"

namespace kith::sim {

class NoPartialContent final : public Checker {
 public:
  std::string_view name() const override { return "no_partial_content"; }

  void on_input(Device& device, Instant at, const Input& input) override;
  void on_output(Device& device, Instant at, const Output& output) override;
  void on_rot(Device& device, Instant, const std::string& path) override {
    transfers_.on_rot(device, path);
  }
  void on_file_done(Device& device, Instant at, const FileRequest& request,
                    const Result<FileOutcome>& outcome) override;
  void on_stopped(Device& device, Instant at, Ending ending) override;
  void finish(World& world) override;

 private:
  struct Watched {
    std::set<std::string> inboxes;
    std::set<Digest> there_before;           // what lay in an inbox before any transfer
    std::map<FileHandle, std::string> open;  // by absolute path, which follows renames
  };

  bool is_final(const Watched& watched, const std::string& path) const;
  bool is_whole(const Device& device, const SnapshotEntry& file) const;
  // `fresh`: it was published just now, and nothing of it can have rotted unseen.
  void check_tree(Device& device, Instant at, const std::string& path, bool fresh);
  void check_inboxes(Device& device, Instant at);

  TransferWatch transfers_;
  std::map<DeviceIndex, Watched> devices_;
};

}  // namespace kith::sim
