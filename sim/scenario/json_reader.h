#pragma once

// Strict reading of JSON: every key is asked for by name and type, and whatever was not asked for
// is refused. A refusal names the file, the place in it and the reason.

#include <cstdint>
#include <exception>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kith/time.h"
#include "sim/world/chance.h"

namespace kith::sim {

// Thrown while a document is read and caught where reading began.
struct JsonRefusal : std::exception {
  explicit JsonRefusal(std::string text) : message(std::move(text)) {}
  const char* what() const noexcept override { return message.c_str(); }
  std::string message;
};

// `what` says what is wrong with the value at `path`. The refusal is one line whatever they hold.
[[noreturn]] void refuse(std::string_view file, std::string_view path, std::string_view what);

// Objects and arrays within each other. No scenario needs a tenth of it, and what walks through a
// document calls itself as often.
inline constexpr std::size_t kDeepest = 64;

// Refuses what is not JSON, what is nested deeper and objects with a key twice.
nlohmann::json parse_json(const std::string& file, const std::string& text);

// One value and where it stands. The document outlives it.
class JsonValue {
 public:
  JsonValue(const nlohmann::json& json, const std::string& file, std::string path)
      : json_(&json), file_(&file), path_(std::move(path)) {}

  bool is_text() const;
  std::string text() const;  // not empty
  bool boolean() const;
  std::uint64_t integer(std::uint64_t least, std::uint64_t most) const;
  // A decimal number of a unit that is `units_per` smaller ones, a power of ten: integer(), but
  // exact to the smaller unit. `limit` names what sets `most`, if it is no constant.
  std::uint64_t decimal(unsigned places, std::uint64_t most, std::string_view limit = "") const;
  Duration milliseconds(Duration most) const;
  // The same, above or below zero by at most `most`.
  std::int64_t signed_decimal(unsigned places, std::uint64_t most) const;
  std::vector<JsonValue> array(std::size_t least, std::size_t most) const;
  class JsonObject object() const;

  // As it stands, for what is read elsewhere.
  const nlohmann::json& json() const { return *json_; }

  [[noreturn]] void refuse(std::string_view what) const;
  // Refuses a word that names no `what`; `known` are those that do.
  [[noreturn]] void refuse_unknown(std::string_view what,
                                   const std::vector<std::string_view>& known) const;
  const std::string& path() const { return path_; }

 private:
  std::string written_number() const;
  std::uint64_t magnitude(const std::string& written, unsigned places, std::uint64_t most,
                          std::string_view limit = "") const;

  const nlohmann::json* json_;
  const std::string* file_;
  std::string path_;
};

// An object whose keys are asked for; done() refuses the others.
class JsonObject {
 public:
  JsonObject(const nlohmann::json& json, const std::string& file, std::string path);

  bool has(std::string_view key);
  JsonValue at(std::string_view key);  // refuses the object if the key is missing

  // Absent keys give the fallback.
  std::uint64_t integer_or(std::string_view key, std::uint64_t least, std::uint64_t most,
                           std::uint64_t fallback);
  std::string text_or(std::string_view key, std::string fallback);
  bool boolean_or(std::string_view key, bool fallback);
  // Decimal numbers in the unit that the key ends in.
  Duration seconds(std::string_view key, Duration most, std::string_view limit = "");
  Duration seconds_or(std::string_view key, Duration most, Duration fallback,
                      std::string_view limit = "");
  Duration milliseconds_or(std::string_view key, Duration most, Duration fallback);
  Ppm percent_or(std::string_view key, Ppm fallback);

  // Refuses the first key that was not asked for.
  void done() const;

  [[noreturn]] void refuse(std::string_view what) const;
  [[noreturn]] void refuse(std::string_view key, std::string_view what) const;
  const std::string& path() const { return path_; }

 private:
  std::string path_of(std::string_view key) const;

  const nlohmann::json* json_;
  const std::string* file_;
  std::string path_;
  std::vector<std::string> known_;
};

}  // namespace kith::sim
