#pragma once

// Why a DNS name or message was refused.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kith::dns {

enum class Malformed : std::uint8_t {
  cut_short,             // something ends after the bytes do
  label_empty,           // text with two dots in a row
  label_too_long,        // over 63 bytes
  label_reserved,        // a length byte of 0b01… or 0b10… (RFC 1035 section 4.1.4)
  name_too_long,         // over 255 bytes as written without compression
  escape,                // text with a backslash before nothing, or \DDD above 255
  pointer_not_backward,  // at itself, forward, or into a loop: every loop has such a pointer
  too_many_pointers,     // kMaxPointersPerName
  too_many_name_bytes,   // kMaxNameBytes: a small message that grows large when it is read
  too_many_questions,    // kMaxQuestions
  too_many_records,      // kMaxRecords
  too_many_types,        // kMaxNsecTypes
  record_length,         // a record's data is not as long as its type or length says
  type_bitmap,           // NSEC (RFC 4034 section 4.1.2)
  trailing_bytes,        // behind the last record counted
};
inline constexpr std::size_t kMalformedReasons = 15;

// A stable lower-case name, e.g. "name too long".
std::string_view to_string(Malformed reason);

}  // namespace kith::dns
