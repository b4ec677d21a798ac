#pragma once

// How often each fault really took effect, not merely was planned: a sync that lost pages, a
// datagram the sender's system refused. A run that fired no fault has tested none.

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string_view>
#include <utility>

namespace kith::sim {

enum class Probe : std::uint8_t {
  // Host
  kill,
  crash,
  crash_at_effect,
  pause,
  pause_late_datagram,  // waited in a paused device's socket
  pause_lost_datagram,  // found that full
  clock_rate,
  clock_jump,
  send_error,
  roam,         // a device came to a network or left it
  ipv6_vanish,  // its IPv6 addresses there did
  // Disk
  lost_write,         // a power loss took bytes that were not synced
  lost_name,          // or a name
  torn_write,         // a page with old and new sectors
  misdirected_write,  // a page that came to lie elsewhere in its file
  bit_rot,
  disk_full,    // a write that failed
  disk_error,   // an operation that failed
  lost_page,    // by a sync that failed
  disk_slow,    // an operation that took longer
  store_error,  // a commit that failed
  // Adversaries: each counts what it sent. "network.forged" is what came to a device.
  spoofed_random,
  spoofed_replay,
  spoofed_version_negotiation,
  spoofed_stateless_reset,
  spoofed_initial,
  forged_answer,
  forged_goodbye,
  forged_conflict,  // another claims the name that a device probes for
  forged_flood,
  impostor_dialled,   // a device began a handshake with it
  impostor_believed,  // and completed it
  stale_answer,       // of multicast DNS
  stale_item,         // of the DHT
  grabbed_port,       // a request to a gateway: "port_mapping" probes tell what came of it
  // How many there are.
  count,
};

// As reports write them, in the order of the enumeration.
inline constexpr std::array<std::string_view, static_cast<std::size_t>(Probe::count)> kProbeNames =
    {"kill",
     "crash",
     "crash_at_effect",
     "pause",
     "pause_late_datagram",
     "pause_lost_datagram",
     "clock_rate",
     "clock_jump",
     "send_error",
     "roam",
     "ipv6_vanish",
     "lost_write",
     "lost_name",
     "torn_write",
     "misdirected_write",
     "bit_rot",
     "disk_full",
     "disk_error",
     "lost_page",
     "disk_slow",
     "store_error",
     "spoofed_random",
     "spoofed_replay",
     "spoofed_version_negotiation",
     "spoofed_stateless_reset",
     "spoofed_initial",
     "forged_answer",
     "forged_goodbye",
     "forged_conflict",
     "forged_flood",
     "impostor_dialled",
     "impostor_believed",
     "stale_answer",
     "stale_item",
     "grabbed_port"};

class FaultProbes {
 public:
  void fire(Probe probe, std::uint64_t times = 1) { counts_[index(probe)] += times; }
  std::uint64_t fired(Probe probe) const { return counts_[index(probe)]; }

  // Those that fired at all, by name.
  std::map<std::string_view, std::uint64_t> all() const {
    std::map<std::string_view, std::uint64_t> fired;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] > 0) fired.emplace(kProbeNames[i], counts_[i]);
    }
    return fired;
  }

 private:
  static constexpr std::size_t index(Probe probe) { return static_cast<std::size_t>(probe); }

  std::array<std::uint64_t, static_cast<std::size_t>(Probe::count)> counts_{};
};

}  // namespace kith::sim
