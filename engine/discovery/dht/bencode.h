#pragma once

// Bencoding (BEP 3), strict: of each value exactly one form is read, the one the writer writes.
//
//   bytes --Document::parse--> flat tree of views --Value--> what a codec looks for
//   Writer --> bytes
//
// A document holds views into the bytes it was parsed from; they outlive it. Value::raw() is the
// span a value was read from, as signatures need it. What it refuses it refuses whole, by reason.
//
// It does not own: the meaning of any key.

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "kith/bytes.h"

namespace kith::bencode {

enum class Refusal : std::uint8_t {
  too_large,     // more bytes than allowed
  too_deep,      // lists in lists
  too_many,      // values
  truncated,     // the end came before the end of a value
  trailing,      // something follows the value
  unknown_type,  // no value begins with this byte
  bad_integer,   // leading zeros, "-0", no digits, outside of 64 bits
  bad_length,    // of a string: leading zeros, or no number
  bad_key,       // a key that is no string, or one without a value
  key_order,     // keys that do not ascend, or occur twice
};
inline constexpr std::size_t kRefusals = 10;

std::string_view to_string(Refusal refusal);

struct Limits {
  std::size_t bytes = 2048;    // no datagram of the DHT is longer: it would not pass most paths
  std::size_t depth = 32;      // the protocol nests 3 deep; an item's value may be anybody's
  std::size_t elements = 512;  // an item of 1000 bytes in a message; each costs 80 bytes here
};

enum class Kind : std::uint8_t { integer, string, list, dictionary };

struct Element {
  Kind kind = Kind::integer;
  std::uint32_t first_child = 0;  // 0 for none: the root is nobody's child
  std::uint32_t next = 0;         // its sibling, 0 for none
  std::int64_t number = 0;
  ByteView text;
  ByteView key;
  ByteView raw;
};

// One value of a document, valid as long as the document is.
class Value {
 public:
  Value(const Element* elements, std::uint32_t at) : elements_(elements), at_(at) {}

  Kind kind() const { return element().kind; }
  ByteView raw() const { return element().raw; }
  ByteView key() const { return element().key; }

  // Empty where the value is of another kind.
  std::optional<std::int64_t> integer() const;
  std::optional<ByteView> string() const;
  // Empty where this is no dictionary, or has no such key.
  std::optional<Value> find(std::string_view key) const;

  // Of a list or a dictionary, in order.
  std::optional<Value> first() const;
  std::optional<Value> next() const;

 private:
  const Element& element() const { return elements_[at_]; }
  std::optional<Value> at(std::uint32_t index) const;

  const Element* elements_;
  std::uint32_t at_;
};

class Document {
 public:
  static tl::expected<Document, Refusal> parse(ByteView bytes, const Limits& limits = {});

  Value root() const { return {elements_.data(), 0}; }

 private:
  explicit Document(std::vector<Element> elements) : elements_(std::move(elements)) {}

  std::vector<Element> elements_;
};

// The caller writes keys in ascending order and ends what it begins; both are checked.
class Writer {
 public:
  Writer& integer(std::int64_t value);
  Writer& string(ByteView value);
  Writer& string(std::string_view value);
  // A value already bencoded.
  Writer& raw(ByteView value);
  Writer& begin_list();
  Writer& begin_dictionary();
  Writer& key(std::string_view name);
  Writer& end();

  Bytes take() &&;

 private:
  struct Level {
    bool dictionary = false;
    bool keyed = false;  // a key waits for its value
    std::optional<std::string> last_key;
  };

  void value_begins();
  void append(std::string_view text);

  Bytes bytes_;
  std::vector<Level> levels_;
};

}  // namespace kith::bencode
