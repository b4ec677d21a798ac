#include "sim/scenario/json_reader.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "sim/scenario/decimal.h"

namespace kith::sim {
namespace {

using nlohmann::json;

std::string_view kind_of(const json& value) {
  if (value.is_number()) return "a number";
  if (value.is_string()) return "a string";
  if (value.is_boolean()) return "true or false";
  if (value.is_array()) return "an array";
  if (value.is_object()) return "an object";
  return "null";
}

Duration from_ns(std::uint64_t ns) { return Duration{static_cast<std::int64_t>(ns)}; }

// Where the parser is, by what it says that begins and ends.
class Place {
 public:
  explicit Place(const std::string& file) : file_(file) {}

  void follow(json::parse_event_t event, const json& parsed) {
    using Event = json::parse_event_t;
    if (event == Event::key) return enter_key(parsed.get<std::string>());
    if (event == Event::object_start || event == Event::array_start) {
      if (around_.size() == kDeepest) {
        refuse(file_, path(), fmt::format("is nested deeper than {} levels", kDeepest));
      }
      around_.push_back({event == Event::array_start, 0, "", {}});
      return;
    }
    if (event != Event::value) around_.pop_back();
    if (!around_.empty()) ++around_.back().index;
  }

 private:
  // An object or an array that encloses the place.
  struct Enclosure {
    bool is_array = false;
    std::size_t index = 0;
    std::string key;
    std::set<std::string> keys;  // so far
  };

  void enter_key(const std::string& key) {
    around_.back().key = key;
    if (!around_.back().keys.insert(key).second) {
      refuse(file_, path(), "this key stands twice in one object");
    }
  }

  std::string path() const {
    std::string path = "$";
    for (const Enclosure& each : around_) {
      path += each.is_array ? fmt::format("[{}]", each.index) : "." + each.key;
    }
    return path;
  }

  const std::string& file_;
  std::vector<Enclosure> around_;
};

}  // namespace

void refuse(std::string_view file, std::string_view path, std::string_view what) {
  std::string line = fmt::format("{}: {}: {}", file, path, what);
  const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
  std::replace_if(line.begin(), line.end(), is_control, '?');
  throw JsonRefusal(std::move(line));
}

json parse_json(const std::string& file, const std::string& text) {
  Place place(file);
  const auto watch = [&place](int, json::parse_event_t event, const json& parsed) {
    place.follow(event, parsed);
    return true;
  };
  try {
    return json::parse(text, watch);
  } catch (const json::exception& wrong) {
    refuse(file, "$", fmt::format("this is not JSON: {}", wrong.what()));
  }
}

void JsonValue::refuse(std::string_view what) const { sim::refuse(*file_, path_, what); }

void JsonValue::refuse_unknown(std::string_view what,
                               const std::vector<std::string_view>& known) const {
  refuse(fmt::format("no such {}: \"{}\"; known: {}", what, text(), fmt::join(known, ", ")));
}

std::string JsonValue::text() const {
  if (!json_->is_string()) refuse(fmt::format("must be a string, not {}", kind_of(*json_)));
  std::string text = json_->get<std::string>();
  if (text.empty()) refuse("must not be empty");
  return text;
}

bool JsonValue::is_text() const { return json_->is_string(); }

bool JsonValue::boolean() const {
  if (!json_->is_boolean()) refuse(fmt::format("must be true or false, not {}", kind_of(*json_)));
  return json_->get<bool>();
}

std::uint64_t JsonValue::integer(std::uint64_t least, std::uint64_t most) const {
  if (!json_->is_number()) refuse(fmt::format("must be a number, not {}", kind_of(*json_)));
  // What was drawn may be held as signed.
  const bool whole = json_->is_number_unsigned() ||
                     (json_->is_number_integer() && json_->get<std::int64_t>() >= 0);
  if (!whole) {
    refuse(fmt::format("must be a whole number from {} to {}", least, most));
  }
  const auto value = json_->get<std::uint64_t>();
  if (value < least || value > most) {
    refuse(fmt::format("must be from {} to {}, not {}", least, most, value));
  }
  return value;
}

std::string JsonValue::written_number() const {
  if (!json_->is_number()) refuse(fmt::format("must be a number, not {}", kind_of(*json_)));
  // The shortest text that reads as the same number: what was written, for any sensible input.
  return json_->dump();
}

std::uint64_t JsonValue::decimal(unsigned places, std::uint64_t most,
                                 std::string_view limit) const {
  const std::string written = written_number();
  if (written.starts_with('-')) refuse(fmt::format("must not be negative: {}", written));
  return magnitude(written, places, most, limit);
}

std::int64_t JsonValue::signed_decimal(unsigned places, std::uint64_t most) const {
  const std::string written = written_number();
  const bool negative = written.starts_with('-');
  const auto value =
      static_cast<std::int64_t>(magnitude(written.substr(negative ? 1 : 0), places, most));
  return negative ? -value : value;
}

std::uint64_t JsonValue::magnitude(const std::string& written, unsigned places, std::uint64_t most,
                                   std::string_view limit) const {
  const auto value = parse_decimal(without_exponent(written), places);
  const bool too_large =
      value ? *value > most
            : std::abs(json_->get<double>()) > static_cast<double>(most) / std::pow(10.0, places);
  if (too_large) {
    const std::string by = limit.empty() ? "" : fmt::format(" ({})", limit);
    refuse(fmt::format("must be at most {}{}, not {}", write_decimal(most, places), by, written));
  }
  if (!value) {
    refuse(places == 0 ? fmt::format("must be a whole number: {}", written)
                       : fmt::format("must have at most {} decimal places: {}", places, written));
  }
  return *value;
}

Duration JsonValue::milliseconds(Duration most) const {
  return from_ns(decimal(6, static_cast<std::uint64_t>(most.count())));
}

std::vector<JsonValue> JsonValue::array(std::size_t least, std::size_t most) const {
  if (!json_->is_array()) refuse(fmt::format("must be an array, not {}", kind_of(*json_)));
  if (json_->size() < least || json_->size() > most) {
    refuse(least == most
               ? fmt::format("must have {} elements, not {}", least, json_->size())
               : fmt::format("must have {} to {} elements, not {}", least, most, json_->size()));
  }
  std::vector<JsonValue> values;
  for (std::size_t i = 0; i < json_->size(); ++i) {
    values.emplace_back((*json_)[i], *file_, fmt::format("{}[{}]", path_, i));
  }
  return values;
}

JsonObject JsonValue::object() const { return {*json_, *file_, path_}; }

JsonObject::JsonObject(const json& value, const std::string& file, std::string path)
    : json_(&value), file_(&file), path_(std::move(path)) {
  if (!value.is_object()) refuse(fmt::format("must be an object, not {}", kind_of(value)));
}

std::string JsonObject::path_of(std::string_view key) const {
  return fmt::format("{}.{}", path_, key);
}

bool JsonObject::has(std::string_view key) {
  if (std::find(known_.begin(), known_.end(), key) == known_.end()) known_.emplace_back(key);
  return json_->contains(key);
}

JsonValue JsonObject::at(std::string_view key) {
  if (!has(key)) refuse(fmt::format("the key \"{}\" is missing", key));
  return {(*json_)[std::string(key)], *file_, path_of(key)};
}

std::uint64_t JsonObject::integer_or(std::string_view key, std::uint64_t least, std::uint64_t most,
                                     std::uint64_t fallback) {
  return has(key) ? at(key).integer(least, most) : fallback;
}

std::string JsonObject::text_or(std::string_view key, std::string fallback) {
  return has(key) ? at(key).text() : std::move(fallback);
}

bool JsonObject::boolean_or(std::string_view key, bool fallback) {
  return has(key) ? at(key).boolean() : fallback;
}

Duration JsonObject::seconds(std::string_view key, Duration most, std::string_view limit) {
  return from_ns(at(key).decimal(9, static_cast<std::uint64_t>(most.count()), limit));
}

Duration JsonObject::seconds_or(std::string_view key, Duration most, Duration fallback,
                                std::string_view limit) {
  return has(key) ? seconds(key, most, limit) : fallback;
}

Duration JsonObject::milliseconds_or(std::string_view key, Duration most, Duration fallback) {
  return has(key) ? at(key).milliseconds(most) : fallback;
}

Ppm JsonObject::percent_or(std::string_view key, Ppm fallback) {
  return has(key) ? Ppm{static_cast<std::uint32_t>(at(key).decimal(4, Ppm::kAlways))} : fallback;
}

void JsonObject::done() const {
  for (const auto& [key, value] : json_->items()) {
    if (std::find(known_.begin(), known_.end(), key) != known_.end()) continue;
    refuse(key, fmt::format("unknown key; known here: {}", fmt::join(known_, ", ")));
  }
}

void JsonObject::refuse(std::string_view what) const { sim::refuse(*file_, path_, what); }

void JsonObject::refuse(std::string_view key, std::string_view what) const {
  sim::refuse(*file_, path_of(key), what);
}

}  // namespace kith::sim
