#pragma once

// Bytes as text: the encodings kith prints and reads, and text from strangers made safe to show.
// Every decoder accepts exactly one encoding of each value, letters of either case, and nothing
// else: no white space, no padding, no stray bits.

#include <optional>
#include <string>
#include <string_view>

#include "kith/bytes.h"

namespace kith {

// Lower-case hexadecimal.
std::string to_hex(ByteView bytes);
std::optional<Bytes> from_hex(std::string_view text);

// z-base-32 (P. Zimmermann and Z. Wilcox-O'Hearn, "human-oriented base-32 encoding"), as pkarr
// writes keys: 32 bytes are 52 characters.
std::string to_zbase32(ByteView bytes);
std::optional<Bytes> from_zbase32(std::string_view text);

// The "extended hex" alphabet of RFC 4648 section 7, lower-case and without padding: sorts as the
// bytes do and fits a DNS label.
std::string to_base32hex(ByteView bytes);
std::optional<Bytes> from_base32hex(std::string_view text);

// Well-formed UTF-8 (RFC 3629): no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(ByteView bytes);

// The beginning of a text in UTF-8, of at most so many bytes: cut where a character ends.
std::string_view cut_utf8(std::string_view text, std::size_t most_bytes);

// `bytes` as UTF-8 that cannot command a terminal or mislead its reader: what is not well-formed,
// every control character (line ends included), and the invisible characters that reorder text or
// break lines become U+FFFD each.
std::string printable(ByteView bytes);
std::string printable(std::string_view text);

}  // namespace kith
