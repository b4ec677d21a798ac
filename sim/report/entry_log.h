#pragma once

// What happened, in order, within a bound. Beyond it entries of one kind, device and other device
// that follow each other closely become one with a count, and "closely" grows until all fits: the
// same entries always give the same log.

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kith/time.h"
#include "sim/world/observer.h"

namespace kith::sim {

inline constexpr DeviceIndex kNoDevice = ~DeviceIndex{0};

// Texts by number, each once and short. The numbers are in the order of first use; 0 is "".
class TextTable {
 public:
  static constexpr std::size_t kMostTexts = 20'000;
  static constexpr std::size_t kMostBytes = 240;

  // 1, which says that it was left out, once there are too many.
  std::uint32_t number(std::string_view text);
  const std::vector<std::string>& texts() const { return texts_; }

 private:
  std::vector<std::string> texts_{"", "(not kept: too many different texts)"};
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
};

struct Entry {
  Instant at;
  Instant last;  // of those that were merged
  DeviceIndex device = kNoDevice;
  DeviceIndex other = kNoDevice;
  std::uint32_t text = 0;  // of the first
  std::uint32_t count = 1;
  std::uint8_t kind = 0;
};

class EntryLog {
 public:
  explicit EntryLog(std::size_t most) : most_(most) {}

  // `at` never decreases between two calls.
  void add(Instant at, std::uint8_t kind, DeviceIndex device, DeviceIndex other,
           std::uint32_t text);

  const std::vector<Entry>& entries() const { return entries_; }
  // How many were added.
  std::uint64_t added() const { return added_; }
  // Entries this close to the first of a merged one are part of it; zero if none were merged.
  Duration window() const { return window_; }

 private:
  struct Key {
    std::uint8_t kind = 0;
    DeviceIndex device = 0;
    DeviceIndex other = 0;
    friend auto operator<=>(const Key&, const Key&) = default;
  };

  Key key_of(const Entry& entry) const;
  void put(const Entry& entry);
  void shrink();

  std::size_t most_;
  std::vector<Entry> entries_;
  std::map<Key, std::size_t> latest_;  // index of the entry that may still grow; once merging
  Duration window_{};
  std::uint64_t added_ = 0;
};

}  // namespace kith::sim
