#pragma once

// One of the values of an enumeration, by its name in to_string.

#include <string_view>
#include <vector>

#include "sim/scenario/json_reader.h"

namespace kith::sim {

// The enumeration counts from zero to `last`.
template <class Value>
Value read_choice(JsonObject& keys, std::string_view key, Value last, Value fallback) {
  if (!keys.has(key)) return fallback;
  const JsonValue value = keys.at(key);
  std::vector<std::string_view> known;
  for (int i = 0; i <= static_cast<int>(last); ++i) {
    const auto choice = static_cast<Value>(i);
    if (value.text() == to_string(choice)) return choice;
    known.push_back(to_string(choice));
  }
  value.refuse_unknown(key, known);
}

}  // namespace kith::sim
