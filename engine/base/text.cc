#include "engine/base/text.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

namespace kith {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";
constexpr std::string_view kZbase32 = "ybndrfg8ejkmcpqxot1uwisza345h769";
constexpr std::string_view kBase32hex = "0123456789abcdefghijklmnopqrstuv";

// Splits bytes into groups of `Bits` bits, most significant first, and back.
template <unsigned Bits>
std::string encode(ByteView bytes, std::string_view alphabet) {
  std::string out;
  out.reserve((bytes.size() * 8 + Bits - 1) / Bits);
  std::uint32_t pending = 0;
  unsigned pending_bits = 0;
  constexpr std::uint32_t kMask = (1u << Bits) - 1;
  for (const std::byte byte : bytes) {
    pending = pending << 8 | std::to_integer<std::uint32_t>(byte);
    pending_bits += 8;
    while (pending_bits >= Bits) {
      pending_bits -= Bits;
      out.push_back(alphabet[pending >> pending_bits & kMask]);
    }
  }
  if (pending_bits > 0) out.push_back(alphabet[pending << (Bits - pending_bits) & kMask]);
  return out;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

template <unsigned Bits>
std::optional<Bytes> decode(std::string_view text, std::string_view alphabet) {
  Bytes out;
  out.reserve(text.size() * Bits / 8);
  std::uint32_t pending = 0;
  unsigned pending_bits = 0;
  for (const char c : text) {
    const std::size_t digit = alphabet.find(lower(c));
    if (digit == std::string_view::npos) return std::nullopt;
    pending = pending << Bits | static_cast<std::uint32_t>(digit);
    pending_bits += Bits;
    if (pending_bits >= 8) {
      pending_bits -= 8;
      out.push_back(static_cast<std::byte>(pending >> pending_bits & 0xff));
      pending &= (1u << pending_bits) - 1;
    }
  }
  // A whole digit left over would belong to no byte, and bits left over have to be zero: else two
  // texts would mean the same bytes.
  if (pending_bits >= Bits || pending != 0) return std::nullopt;
  return out;
}

// One character at the front of `bytes`: how many bytes it takes and its code point, which is
// absent if the bytes are not well-formed.
struct Character {
  std::size_t length = 1;
  std::optional<std::uint32_t> code;
};

// The first byte fixes the length and the range of the second: RFC 3629 section 4.
struct Utf8Form {
  std::uint8_t first_low, first_high, second_low, second_high;
  std::size_t length;
};
constexpr std::array<Utf8Form, 9> kUtf8Forms{{
    {0x00, 0x7f, 0x00, 0x00, 1},
    {0xc2, 0xdf, 0x80, 0xbf, 2},
    {0xe0, 0xe0, 0xa0, 0xbf, 3},
    {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3},
    {0xee, 0xef, 0x80, 0xbf, 3},
    {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4},
    {0xf4, 0xf4, 0x80, 0x8f, 4},
}};

// An ill-formed sequence ends before the first byte that cannot continue it (the maximal subpart
// of the Unicode Standard, section 3.9), so that byte is looked at again.
Character next_character(ByteView bytes) {
  const auto first = std::to_integer<std::uint8_t>(bytes[0]);
  for (const Utf8Form& form : kUtf8Forms) {
    if (first < form.first_low || first > form.first_high) continue;
    if (form.length == 1) return {1, first};
    std::uint32_t code = first & (0x7fu >> form.length);
    for (std::size_t i = 1; i < form.length; ++i) {
      if (i == bytes.size()) return {i, std::nullopt};
      const auto next = std::to_integer<std::uint8_t>(bytes[i]);
      const std::uint8_t low = i == 1 ? form.second_low : 0x80;
      const std::uint8_t high = i == 1 ? form.second_high : 0xbf;
      if (next < low || next > high) return {i, std::nullopt};
      code = code << 6 | (next & 0x3fu);
    }
    return {form.length, code};
  }
  return {1, std::nullopt};
}

struct CodeRange {
  std::uint32_t low, high;
};
constexpr std::array<CodeRange, 9> kNotShown{{
    {0x0000, 0x001f},    // C0 controls
    {0x007f, 0x009f},    // DEL and C1 controls
    {0x061c, 0x061c},    // Arabic letter mark
    {0x200e, 0x200f},    // left-to-right and right-to-left marks
    {0x2028, 0x2029},    // line and paragraph separators
    {0x202a, 0x202e},    // directional embeddings and overrides
    {0x2066, 0x2069},    // directional isolates
    {0xfff9, 0xfffb},    // interlinear annotation
    {0xe0000, 0xe007f},  // tags: invisible copies of ASCII
}};

bool shown(std::uint32_t code) {
  for (const CodeRange& range : kNotShown) {
    if (code >= range.low && code <= range.high) return false;
  }
  return true;
}

}  // namespace

std::string to_hex(ByteView bytes) { return encode<4>(bytes, kHexDigits); }
std::optional<Bytes> from_hex(std::string_view text) { return decode<4>(text, kHexDigits); }

std::string to_zbase32(ByteView bytes) { return encode<5>(bytes, kZbase32); }
std::optional<Bytes> from_zbase32(std::string_view text) { return decode<5>(text, kZbase32); }

std::string to_base32hex(ByteView bytes) { return encode<5>(bytes, kBase32hex); }
std::optional<Bytes> from_base32hex(std::string_view text) { return decode<5>(text, kBase32hex); }

std::string_view cut_utf8(std::string_view text, std::size_t most_bytes) {
  if (text.size() <= most_bytes) return text;
  // A continuation byte (10xxxxxx) at the cut belongs to a character that began before it.
  std::size_t size = most_bytes;
  while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0u) == 0x80u) --size;
  return text.substr(0, size);
}

bool is_utf8(ByteView bytes) {
  const auto ascii = [](std::byte byte) { return byte < std::byte{0x80}; };
  for (;;) {
    // Most of most texts.
    const auto past_ascii = std::find_if_not(bytes.begin(), bytes.end(), ascii);
    bytes = bytes.subspan(static_cast<std::size_t>(past_ascii - bytes.begin()));
    if (bytes.empty()) return true;
    const Character character = next_character(bytes);
    if (!character.code) return false;
    bytes = bytes.subspan(character.length);
  }
}

std::string printable(ByteView bytes) {
  constexpr std::string_view kReplacement = "\xef\xbf\xbd";  // U+FFFD
  std::string out;
  out.reserve(bytes.size());
  while (!bytes.empty()) {
    const Character character = next_character(bytes);
    if (character.code && shown(*character.code)) {
      out += as_text(bytes.first(character.length));
    } else {
      out += kReplacement;
    }
    bytes = bytes.subspan(character.length);
  }
  return out;
}

std::string printable(std::string_view text) { return printable(as_byte_view(text)); }

}  // namespace kith
