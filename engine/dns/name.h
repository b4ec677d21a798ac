#pragma once

// A domain name: a sequence of labels of any bytes (RFC 1035 section 3.1). Letters of ASCII compare
// without case, as everywhere in DNS; what was written keeps its case. Every Name is valid.

#include <compare>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/dns/malformed.h"
#include "kith/result.h"

namespace kith::dns {

inline constexpr std::size_t kMaxLabelBytes = 63;
// With every length byte and the one that ends it.
inline constexpr std::size_t kMaxNameWireBytes = 255;

class Name {
 public:
  Name() = default;  // the root

  // From the most specific label to the least.
  static Result<Name, Malformed> from_labels(std::span<const std::string_view> labels);

  // "Living\032Room._http._tcp.local": a dot ends a label, a backslash takes the next character, or
  // three decimal digits, for what they are (RFC 1035 section 5.1). A dot at the end may be left
  // out.
  static Result<Name, Malformed> parse(std::string_view text);

  // For names written in the source: they are valid.
  static Name of(std::string_view text);

  // This name below one more label.
  Result<Name, Malformed> child(std::string_view label) const;

  // The root has none of these.
  std::string_view first_label() const;
  Name parent() const;

  std::vector<std::string_view> labels() const;
  bool is_root() const { return wire_.empty(); }

  // The escaped form that parse() reads, without the last dot; "." for the root.
  std::string to_string() const;

  // Labels with their length bytes, without the byte that ends a name.
  std::string_view wire() const { return wire_; }
  std::size_t wire_size() const { return wire_.size() + 1; }

  // Also in case.
  bool identical(const Name& other) const { return wire_ == other.wire_; }

  friend bool operator==(const Name& a, const Name& b) {
    return a.wire_.size() == b.wire_.size() && (a <=> b) == 0;
  }
  friend std::weak_ordering operator<=>(const Name& a, const Name& b);

 private:
  std::string wire_;
};

// Labels on their own, compared as names are.
bool same_label(std::string_view a, std::string_view b);

}  // namespace kith::dns
