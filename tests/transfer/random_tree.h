#pragma once

// Manifests at random, for properties.

#include <rapidcheck.h>

#include <string>
#include <vector>

#include "engine/base/check.h"
#include "engine/transfer/manifest.h"
#include "engine/transfer/names.h"

namespace kith::transfer {

// Entries of up to `items` items in canonical order. Sizes are mostly around the sizes that matter.
inline std::vector<ManifestEntry> random_entries(std::size_t items = 6) {
  const auto name = [] {
    auto drawn = *rc::gen::container<std::string>(rc::gen::inRange('a', 'h'));
    return drawn.empty() || check_name(drawn) ? std::string("n") : drawn.substr(0, 8);
  };
  const auto size = [] {
    const auto base = *rc::gen::element<std::uint64_t>(0, 1, 4096, kPieceBytes / 2, kPieceBytes - 1,
                                                       kPieceBytes, 3 * kPieceBytes);
    return base + *rc::gen::inRange<std::uint64_t>(0, 3);
  };
  std::vector<ManifestEntry> entries;
  const auto add = [&](auto& self, std::uint32_t parent, std::string entry_name,
                       int depth) -> void {
    ManifestEntry entry;
    entry.parent = parent;
    entry.name = std::move(entry_name);
    entry.directory = depth < 4 && *rc::gen::inRange(0, 3) == 0;
    entry.mode = *rc::gen::inRange<std::uint16_t>(0, 01000);
    entry.modified_ns = *rc::gen::arbitrary<std::int64_t>();
    if (!entry.directory) entry.size_bytes = size();
    entries.push_back(entry);
    if (!entry.directory) return;
    const auto own = static_cast<std::uint32_t>(entries.size() - 1);
    std::vector<std::string> names(*rc::gen::inRange<std::size_t>(0, 5));
    for (auto& child : names) child = name();
    std::sort(names.begin(), names.end());
    names.erase(std::unique(names.begin(), names.end()), names.end());
    for (auto& child : names) self(self, own, child, depth + 1);
  };
  const auto count = *rc::gen::inRange<std::size_t>(1, items + 1);
  for (std::size_t i = 0; i < count; ++i) add(add, kNoParent, name(), 0);
  return entries;
}

inline Manifest manifest_of(const std::vector<ManifestEntry>& entries) {
  Manifest manifest;
  for (const auto& entry : entries) KITH_CHECK(manifest.add(entry) == ManifestFault::none);
  return manifest;
}

}  // namespace kith::transfer
