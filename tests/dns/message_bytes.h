#pragma once

// DNS messages put together by hand.

#include <initializer_list>
#include <string>

#include "kith/bytes.h"

namespace kith::dns {

inline std::string bytes_of(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out.push_back(static_cast<char>(value));
  return out;
}

inline std::string u16_of(std::size_t value) {
  return bytes_of({static_cast<int>(value >> 8), static_cast<int>(value & 0xFF)});
}

inline std::string header_of(std::size_t questions, std::size_t answers, std::size_t flags = 0) {
  return u16_of(0) + u16_of(flags) + u16_of(questions) + u16_of(answers) + u16_of(0) + u16_of(0);
}

// A record of class IN and TTL 120 behind a name that is given as bytes.
inline std::string record_of(const std::string& name, std::size_t type, const std::string& data) {
  return name + u16_of(type) + u16_of(1) + u16_of(0) + u16_of(120) + u16_of(data.size()) + data;
}

}  // namespace kith::dns
