#pragma once

// Invariant: what a device holds of its system is bounded, whatever its peers do: sockets, open
// files, effects under way; and a device that has long had nothing to do with files holds none
// open.

#include <cstdint>
#include <map>
#include <set>

#include "sim/checkers/checker.h"
#include "sim/world/device.h"

namespace kith::sim {

class Resources final : public Checker {
 public:
  std::string_view name() const override { return "resources"; }

  void on_input(Device& device, Instant at, const Input& input) override;
  void on_output(Device& device, Instant at, const Output& output) override;
  void on_stopped(Device& device, Instant at, Ending ending) override;
  void finish(World& world) override;

  // One for each version of IP and interface is what a device needs; a laptop has a dozen.
  static constexpr std::size_t kMostSockets = 64;
  // The usual limit of a process on Unix.
  static constexpr std::size_t kMostOpenFiles = 1'024;
  // Each may hold a piece of a file of 1 MiB in memory.
  static constexpr std::size_t kMostFileEffects = 1'024;
  static constexpr std::size_t kMostJobs = 1'024;
  // They complete one after the other: more is a queue that grows.
  static constexpr std::size_t kMostCommits = 1'024;
  // Longer than any timeout of a transfer but the one in which a person decides.
  static constexpr Duration kLongQuiet = std::chrono::minutes(2);

 private:
  struct Watched {
    std::set<SocketId> sockets;
    std::set<FileHandle> files;  // open, or being opened
    std::map<FileOpId, FileHandle> opening;
    std::map<FileOpId, FileHandle> closing;
    std::size_t file_effects = 0;
    std::size_t jobs = 0;
    std::size_t commits = 0;
    Instant files_used;
  };

  void check(const Device& device, Instant at, std::size_t count, std::size_t most,
             std::string_view what);
  void on_file(Device& device, Instant at, const FileRequest& request);

  std::map<DeviceIndex, Watched> devices_;
};

}  // namespace kith::sim
