#include "engine/discovery/mdns/txt.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/discovery/mdns/limits.h"

namespace kith::mdns {
namespace {

constexpr std::size_t kMaxStringBytes = 255;

bool is_key(std::string_view key) {
  return !key.empty() && std::all_of(key.begin(), key.end(),
                                     [](char c) { return c >= ' ' && c <= '~' && c != '='; });
}

bool has_key(const TxtPairs& pairs, std::string_view key) {
  return std::any_of(pairs.begin(), pairs.end(),
                     [key](const auto& pair) { return dns::same_label(pair.first, key); });
}

}  // namespace

Result<dns::Txt> to_txt(const TxtPairs& pairs) {
  dns::Txt txt;
  TxtPairs before;
  std::size_t bytes = 0;
  for (const auto& [key, value] : pairs) {
    if (!is_key(key)) {
      return failure(ErrorCode::invalid_argument, "a TXT key is empty or not printable ASCII");
    }
    if (has_key(before, key)) {
      return failure(ErrorCode::invalid_argument,
                     fmt::format("the TXT key {} is there twice", key));
    }
    before.emplace_back(key, value);
    txt.strings.push_back(key + "=" + value);
    bytes += 1 + txt.strings.back().size();
    if (txt.strings.back().size() > kMaxStringBytes || bytes > kMaxTxtBytes) {
      return failure(ErrorCode::limit_exceeded, fmt::format("the TXT pair of {} is too long", key));
    }
  }
  if (txt.strings.empty()) txt.strings.emplace_back();
  return txt;
}

TxtPairs from_txt(const dns::Txt& txt) {
  TxtPairs pairs;
  for (const std::string& string : txt.strings) {
    const std::size_t cut = string.find('=');
    const std::string key = string.substr(0, cut);
    if (!is_key(key) || has_key(pairs, key)) continue;
    pairs.emplace_back(key, cut == std::string::npos ? "" : string.substr(cut + 1));
  }
  return pairs;
}

}  // namespace kith::mdns
