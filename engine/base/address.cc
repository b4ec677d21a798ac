#include "kith/address.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <vector>

#include "engine/base/text.h"

namespace kith {
namespace {

constexpr std::size_t kGroups = 8;  // 16-bit groups of an IPv6 address

template <class T>
std::optional<T> parse_number(std::string_view text, int base, std::size_t max_digits) {
  T value = 0;
  if (text.empty() || text.size() > max_digits) return std::nullopt;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::vector<std::string_view> split(std::string_view text, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const std::size_t found = text.find(at);
    parts.push_back(text.substr(0, found));
    if (found == std::string_view::npos) return parts;
    text.remove_prefix(found + 1);
  }
}

bool parse_v4(std::string_view text, std::span<std::byte> out) {
  const auto parts = split(text, '.');
  if (parts.size() != 4) return false;
  for (std::size_t i = 0; i < 4; ++i) {
    const auto octet = parse_number<std::uint8_t>(parts[i], 10, 3);
    if (!octet || (parts[i].size() > 1 && parts[i][0] == '0')) return false;
    out[i] = static_cast<std::byte>(*octet);
  }
  return true;
}

// Groups on one side of "::", the last of which may be an IPv4 address.
std::optional<std::vector<std::byte>> parse_groups(std::string_view text) {
  std::vector<std::byte> bytes;
  if (text.empty()) return bytes;
  const auto parts = split(text, ':');
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (i + 1 == parts.size() && parts[i].find('.') != std::string_view::npos) {
      bytes.resize(bytes.size() + 4);
      if (!parse_v4(parts[i], std::span(bytes).last(4))) return std::nullopt;
      break;
    }
    const auto group = parse_number<std::uint16_t>(parts[i], 16, 4);
    if (!group) return std::nullopt;
    bytes.push_back(static_cast<std::byte>(*group >> 8));
    bytes.push_back(static_cast<std::byte>(*group & 0xff));
  }
  return bytes;
}

bool parse_v6(std::string_view text, std::array<std::byte, 16>& out) {
  const std::size_t gap = text.find("::");
  const auto head = parse_groups(text.substr(0, gap));
  if (!head) return false;
  if (gap == std::string_view::npos) {
    if (head->size() != out.size()) return false;
    std::copy(head->begin(), head->end(), out.begin());
    return true;
  }
  const auto tail = parse_groups(text.substr(gap + 2));
  if (!tail || head->size() + tail->size() > out.size() - 2) return false;
  out.fill(std::byte{0});
  std::copy(head->begin(), head->end(), out.begin());
  std::copy_backward(tail->begin(), tail->end(), out.end());
  return true;
}

std::uint16_t group_at(const std::array<std::byte, 16>& ip, std::size_t index) {
  return static_cast<std::uint16_t>(std::to_integer<unsigned>(ip[2 * index]) << 8 |
                                    std::to_integer<unsigned>(ip[2 * index + 1]));
}

// RFC 5952: the longest run of at least two zero groups becomes "::", the first of equals.
std::string v6_to_string(const std::array<std::byte, 16>& ip) {
  std::size_t best = kGroups;
  std::size_t best_length = 1;
  for (std::size_t i = 0; i < kGroups; ++i) {
    std::size_t length = 0;
    while (i + length < kGroups && group_at(ip, i + length) == 0) ++length;
    if (length > best_length) {
      best = i;
      best_length = length;
    }
  }
  std::string text;
  for (std::size_t i = 0; i < kGroups; ++i) {
    if (i == best) {
      text += "::";
      i += best_length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    text += fmt::format("{:x}", group_at(ip, i));
  }
  return text;
}

tl::unexpected<Error> malformed(std::string_view text) {
  return failure(ErrorCode::invalid_argument, "not an address: " + printable(text),
                 "write 192.0.2.1:443 or [2001:db8::1]:443");
}

}  // namespace

Address Address::v4(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d,
                    std::uint16_t port) {
  Address address;
  address.ip[0] = static_cast<std::byte>(a);
  address.ip[1] = static_cast<std::byte>(b);
  address.ip[2] = static_cast<std::byte>(c);
  address.ip[3] = static_cast<std::byte>(d);
  address.port = port;
  return address;
}

Result<Address> Address::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return malformed(text);
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1), 10, 5);
  if (!port) return malformed(text);
  std::string_view host = text.substr(0, colon);
  Address address;
  address.port = *port;
  if (!host.starts_with('[')) {
    if (!parse_v4(host, address.ip)) return malformed(text);
    return address;
  }
  if (!host.ends_with(']')) return malformed(text);
  host = host.substr(1, host.size() - 2);
  address.family = Family::ipv6;
  if (const std::size_t percent = host.find('%'); percent != std::string_view::npos) {
    const auto scope = parse_number<std::uint32_t>(host.substr(percent + 1), 10, 9);
    if (!scope) return malformed(text);
    address.scope = *scope;
    host = host.substr(0, percent);
  }
  if (!parse_v6(host, address.ip)) return malformed(text);
  return address;
}

std::string Address::to_string() const {
  if (family == Family::ipv4) {
    return fmt::format("{}.{}.{}.{}:{}", std::to_integer<unsigned>(ip[0]),
                       std::to_integer<unsigned>(ip[1]), std::to_integer<unsigned>(ip[2]),
                       std::to_integer<unsigned>(ip[3]), port);
  }
  const std::string zone = scope == 0 ? "" : fmt::format("%{}", scope);
  return fmt::format("[{}{}]:{}", v6_to_string(ip), zone, port);
}

bool Address::is_unspecified() const {
  return std::all_of(ip.begin(), ip.end(), [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace kith
