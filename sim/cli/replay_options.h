#pragma once

// What `kith-sim replay` is asked for, be it of a capsule or of a recording.

#include <string>

namespace kith::sim {

struct ReplayOptions {
  std::string file;
  std::string until;  // seconds, or nothing
  std::string dump;   // a device by name or number, or nothing
  bool json = false;
};

}  // namespace kith::sim
