#include "sim/report/entry_log.h"

#include <algorithm>
#include <utility>

namespace kith::sim {
namespace {

constexpr Duration kFirstWindow = std::chrono::milliseconds(10);
constexpr int kWindowGrowth = 4;
// Then what a device did counts more than with whom, and after that what was done at all.
constexpr Duration kWithoutOther = std::chrono::hours(3);
constexpr Duration kWithoutDevice = std::chrono::hours(24 * 365);

// Not within a character of UTF-8.
std::string_view shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xc0u) == 0x80u) --most;
  return text.substr(0, most);
}

}  // namespace

std::uint32_t TextTable::number(std::string_view text) {
  if (text.empty()) return 0;
  text = shortened(text, kMostBytes);
  const auto found = numbers_.find(text);
  if (found != numbers_.end()) return found->second;
  if (texts_.size() == kMostTexts) return 1;
  const auto number = static_cast<std::uint32_t>(texts_.size());
  texts_.emplace_back(text);
  numbers_.emplace(std::string(text), number);
  return number;
}

void EntryLog::add(Instant at, std::uint8_t kind, DeviceIndex device, DeviceIndex other,
                   std::uint32_t text) {
  ++added_;
  put({at, at, device, other, text, 1, kind});
  if (entries_.size() >= most_) shrink();
}

EntryLog::Key EntryLog::key_of(const Entry& entry) const {
  return {entry.kind, window_ > kWithoutDevice ? kNoDevice : entry.device,
          window_ > kWithoutOther ? kNoDevice : entry.other};
}

void EntryLog::put(const Entry& entry) {
  if (window_ == Duration{}) {
    entries_.push_back(entry);
    return;
  }
  const auto [found, fresh] = latest_.try_emplace(key_of(entry), entries_.size());
  if (!fresh) {
    Entry& grows = entries_[found->second];
    if (entry.at - grows.at <= window_) {
      grows.last = std::max(grows.last, entry.last);
      grows.count += entry.count;
      if (grows.other != entry.other) grows.other = kNoDevice;
      if (grows.device != entry.device) grows.device = kNoDevice;
      return;
    }
    found->second = entries_.size();
  }
  entries_.push_back(entry);
}

// To half of the bound, so that it is seldom done.
void EntryLog::shrink() {
  while (entries_.size() > most_ / 2) {
    window_ = window_ == Duration{} ? kFirstWindow : window_ * kWindowGrowth;
    const std::vector<Entry> all = std::exchange(entries_, {});
    latest_.clear();
    for (const Entry& entry : all) put(entry);
  }
}

}  // namespace kith::sim
