#include "engine/dns/name.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "engine/base/check.h"

namespace kith::dns {
namespace {

// A length byte is at most 63 and so never a letter: whole names can be folded byte by byte.
static_assert(kMaxLabelBytes < 'A');

constexpr unsigned char fold(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 'A' && byte <= 'Z' ? static_cast<unsigned char>(byte + ('a' - 'A')) : byte;
}

std::strong_ordering compare(std::string_view a, std::string_view b) {
  return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end(),
                                                [](char x, char y) { return fold(x) <=> fold(y); });
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Reads what follows a backslash and removes it from `text`.
std::optional<char> take_escaped(std::string_view& text) {
  if (text.empty()) return std::nullopt;
  if (!is_digit(text[0])) {
    const char taken = text[0];
    text.remove_prefix(1);
    return taken;
  }
  if (text.size() < 3 || !is_digit(text[1]) || !is_digit(text[2])) return std::nullopt;
  const int value = (text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0');
  if (value > 255) return std::nullopt;
  text.remove_prefix(3);
  return static_cast<char>(static_cast<unsigned char>(value));
}

std::optional<Malformed> append(std::string& wire, std::string_view label) {
  if (label.empty()) return Malformed::label_empty;
  if (label.size() > kMaxLabelBytes) return Malformed::label_too_long;
  if (wire.size() + 1 + label.size() + 1 > kMaxNameWireBytes) return Malformed::name_too_long;
  wire.push_back(static_cast<char>(label.size()));
  wire += label;
  return std::nullopt;
}

}  // namespace

Result<Name, Malformed> Name::from_labels(std::span<const std::string_view> labels) {
  Name name;
  for (const std::string_view label : labels) {
    if (const auto wrong = append(name.wire_, label)) return tl::unexpected(*wrong);
  }
  return name;
}

Result<Name, Malformed> Name::parse(std::string_view text) {
  Name name;
  if (text == ".") return name;
  while (!text.empty()) {
    std::string label;
    while (!text.empty() && text[0] != '.') {
      const char c = text[0];
      text.remove_prefix(1);
      if (c != '\\') {
        label.push_back(c);
        continue;
      }
      const auto escaped = take_escaped(text);
      if (!escaped) return tl::unexpected(Malformed::escape);
      label.push_back(*escaped);
    }
    if (!text.empty()) text.remove_prefix(1);
    if (const auto wrong = append(name.wire_, label)) return tl::unexpected(*wrong);
  }
  return name;
}

Name Name::of(std::string_view text) {
  auto name = parse(text);
  KITH_CHECK_MSG(name.has_value(), "{} is not a name", text);
  return *std::move(name);
}

Result<Name, Malformed> Name::child(std::string_view label) const {
  Name name;
  if (const auto wrong = append(name.wire_, label)) return tl::unexpected(*wrong);
  if (name.wire_.size() + wire_size() > kMaxNameWireBytes) {
    return tl::unexpected(Malformed::name_too_long);
  }
  name.wire_ += wire_;
  return name;
}

std::string_view Name::first_label() const {
  KITH_CHECK(!is_root());
  return std::string_view(wire_).substr(1, static_cast<std::size_t>(wire_[0]));
}

Name Name::parent() const {
  Name name;
  name.wire_ = wire_.substr(1 + first_label().size());
  return name;
}

std::vector<std::string_view> Name::labels() const {
  std::vector<std::string_view> labels;
  std::string_view rest = wire_;
  while (!rest.empty()) {
    const auto size = static_cast<std::size_t>(rest[0]);
    labels.push_back(rest.substr(1, size));
    rest.remove_prefix(1 + size);
  }
  return labels;
}

std::string Name::to_string() const {
  if (is_root()) return ".";
  std::string text;
  for (const std::string_view label : labels()) {
    if (!text.empty()) text.push_back('.');
    for (const char c : label) {
      if (c == '.' || c == '\\') {
        text.push_back('\\');
        text.push_back(c);
      } else if (c > ' ' && c <= '~') {
        text.push_back(c);
      } else {
        text += fmt::format("\\{:03}", static_cast<unsigned char>(c));
      }
    }
  }
  return text;
}

std::weak_ordering operator<=>(const Name& a, const Name& b) { return compare(a.wire_, b.wire_); }

bool same_label(std::string_view a, std::string_view b) { return compare(a, b) == 0; }

}  // namespace kith::dns
