#pragma once

// Invariant: files are changed in the inbox alone, only in what is not yet published, and read only
// there and in what a person shared; nothing that lies under a final name is opened to be written,
// moved, overwritten or removed; and no symbolic link beneath those places is followed.

#include <map>
#include <optional>
#include <set>
#include <string>

#include "sim/checkers/checker.h"
#include "sim/world/device.h"

namespace kith::sim {

class PathEscape final : public Checker {
 public:
  std::string_view name() const override { return "path_escape"; }

  void on_stopped(Device& device, Instant at, Ending ending) override;
  void on_input(Device& device, Instant at, const Input& input) override;
  void on_output(Device& device, Instant at, const Output& output) override;
  void on_file_done(Device& device, Instant at, const FileRequest& request,
                    const Result<FileOutcome>& outcome) override;

 private:
  struct Watched {
    std::set<std::string> inboxes;
    std::set<std::string> shared;
    // Files that lie in the inboxes under final names, and directories that were published.
    std::set<std::string> finals;
  };

  static void look_at_inboxes(const Device& device, Watched& watched);
  void check_path(Device& device, Instant at, const Watched& watched, const FilePath& path,
                  bool change);
  static bool is_staged(const Watched& watched, const FilePath& path);

  std::map<DeviceIndex, Watched> devices_;
};

}  // namespace kith::sim
