#include "engine/discovery/dht/bencode.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "engine/base/check.h"

namespace kith::bencode {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Recursive descent, as deep as the limit allows.
class Parser {
 public:
  Parser(ByteView bytes, const Limits& limits) : bytes_(bytes), limits_(limits) {}

  tl::expected<std::vector<Element>, Refusal> run() {
    if (bytes_.size() > limits_.bytes) return tl::unexpected(Refusal::too_large);
    if (!value({}, 0)) return tl::unexpected(refusal_);
    if (at_ != bytes_.size()) return tl::unexpected(Refusal::trailing);
    return std::move(elements_);
  }

 private:
  bool refuse(Refusal refusal) {
    refusal_ = refusal;
    return false;
  }
  bool ended() const { return at_ == bytes_.size(); }
  char peek() const { return static_cast<char>(bytes_[at_]); }

  bool value(ByteView key, std::size_t depth) {
    if (ended()) return refuse(Refusal::truncated);
    if (depth > limits_.depth) return refuse(Refusal::too_deep);
    if (elements_.size() == limits_.elements) return refuse(Refusal::too_many);
    const std::size_t begin = at_;
    const auto self = static_cast<std::uint32_t>(elements_.size());
    elements_.emplace_back().key = key;
    const char type = peek();
    const bool read = type == 'i'      ? integer(self)
                      : type == 'l'    ? children(self, Kind::list, depth)
                      : type == 'd'    ? children(self, Kind::dictionary, depth)
                      : is_digit(type) ? text(elements_[self].text)
                                       : refuse(Refusal::unknown_type);
    if (!read) return false;
    if (is_digit(type)) elements_[self].kind = Kind::string;
    elements_[self].raw = bytes_.subspan(begin, at_ - begin);
    return true;
  }

  bool integer(std::uint32_t self) {
    ++at_;
    const auto digits = until('e');
    if (!digits) return refuse(Refusal::truncated);
    const std::string_view magnitude = digits->starts_with('-') ? digits->substr(1) : *digits;
    if (magnitude.empty() || !std::all_of(magnitude.begin(), magnitude.end(), is_digit) ||
        (magnitude[0] == '0' && *digits != "0")) {
      return refuse(Refusal::bad_integer);
    }
    std::int64_t number = 0;
    const auto [end, error] =
        std::from_chars(digits->data(), digits->data() + digits->size(), number);
    if (error != std::errc{} || end != digits->data() + digits->size()) {
      return refuse(Refusal::bad_integer);
    }
    elements_[self].number = number;
    return true;
  }

  bool text(ByteView& out) {
    const auto digits = until(':');
    if (!digits) return refuse(Refusal::truncated);
    std::size_t length = 0;
    const auto [end, error] =
        std::from_chars(digits->data(), digits->data() + digits->size(), length);
    if (error != std::errc{} || end != digits->data() + digits->size() ||
        (digits->size() > 1 && digits->front() == '0')) {
      return refuse(Refusal::bad_length);
    }
    if (length > bytes_.size() - at_) return refuse(Refusal::truncated);
    out = bytes_.subspan(at_, length);
    at_ += length;
    return true;
  }

  bool children(std::uint32_t self, Kind kind, std::size_t depth) {
    elements_[self].kind = kind;
    ++at_;
    std::uint32_t previous = 0;
    std::optional<std::string_view> last_key;
    for (;;) {
      if (ended()) return refuse(Refusal::truncated);
      if (peek() == 'e') break;
      ByteView key;
      if (kind == Kind::dictionary) {
        if (!is_digit(peek())) return refuse(Refusal::bad_key);
        if (!text(key)) return false;
        if (last_key && as_text(key) <= *last_key) return refuse(Refusal::key_order);
        last_key = as_text(key);
        if (!ended() && peek() == 'e') return refuse(Refusal::bad_key);
      }
      const auto child = static_cast<std::uint32_t>(elements_.size());
      if (!value(key, depth + 1)) return false;
      (previous == 0 ? elements_[self].first_child : elements_[previous].next) = child;
      previous = child;
    }
    ++at_;
    return true;
  }

  // What stands before `end`, which is taken too.
  std::optional<std::string_view> until(char end) {
    const std::string_view rest = as_text(bytes_.subspan(at_));
    const std::size_t length = rest.find(end);
    if (length == std::string_view::npos) return std::nullopt;
    at_ += length + 1;
    return rest.substr(0, length);
  }

  ByteView bytes_;
  const Limits& limits_;
  std::size_t at_ = 0;
  Refusal refusal_ = Refusal::truncated;
  std::vector<Element> elements_;
};

}  // namespace

std::string_view to_string(Refusal refusal) {
  switch (refusal) {
    case Refusal::too_large:
      return "too large";
    case Refusal::too_deep:
      return "too deep";
    case Refusal::too_many:
      return "too many values";
    case Refusal::truncated:
      return "truncated";
    case Refusal::trailing:
      return "trailing bytes";
    case Refusal::unknown_type:
      return "unknown type";
    case Refusal::bad_integer:
      return "bad integer";
    case Refusal::bad_length:
      return "bad length";
    case Refusal::bad_key:
      return "bad key";
    case Refusal::key_order:
      return "keys out of order";
  }
  return "unknown";
}

std::optional<Value> Value::at(std::uint32_t index) const {
  if (index == 0) return std::nullopt;
  return Value(elements_, index);
}

std::optional<std::int64_t> Value::integer() const {
  if (kind() != Kind::integer) return std::nullopt;
  return element().number;
}

std::optional<ByteView> Value::string() const {
  if (kind() != Kind::string) return std::nullopt;
  return element().text;
}

std::optional<Value> Value::first() const { return at(element().first_child); }
std::optional<Value> Value::next() const { return at(element().next); }

std::optional<Value> Value::find(std::string_view key) const {
  if (kind() != Kind::dictionary) return std::nullopt;
  for (auto child = first(); child; child = child->next()) {
    if (as_text(child->key()) == key) return child;
  }
  return std::nullopt;
}

tl::expected<Document, Refusal> Document::parse(ByteView bytes, const Limits& limits) {
  return Parser(bytes, limits).run().map([](std::vector<Element>&& elements) {
    return Document(std::move(elements));
  });
}

void Writer::value_begins() {
  if (levels_.empty()) {
    KITH_CHECK(bytes_.empty());
    return;
  }
  Level& level = levels_.back();
  KITH_CHECK(level.dictionary == level.keyed);
  level.keyed = false;
}

void Writer::append(std::string_view text) {
  const ByteView view = as_byte_view(text);
  bytes_.insert(bytes_.end(), view.begin(), view.end());
}

Writer& Writer::integer(std::int64_t value) {
  value_begins();
  append(fmt::format("i{}e", value));
  return *this;
}

Writer& Writer::string(ByteView value) {
  value_begins();
  append(fmt::format("{}:", value.size()));
  append(as_text(value));
  return *this;
}

Writer& Writer::string(std::string_view value) { return string(as_byte_view(value)); }

Writer& Writer::raw(ByteView value) {
  value_begins();
  append(as_text(value));
  return *this;
}

Writer& Writer::begin_list() {
  value_begins();
  append("l");
  levels_.push_back({});
  return *this;
}

Writer& Writer::begin_dictionary() {
  value_begins();
  append("d");
  levels_.push_back({.dictionary = true, .keyed = false, .last_key = {}});
  return *this;
}

Writer& Writer::key(std::string_view name) {
  KITH_CHECK(!levels_.empty() && levels_.back().dictionary && !levels_.back().keyed);
  Level& level = levels_.back();
  KITH_CHECK(!level.last_key || *level.last_key < name);
  level.last_key = name;
  level.keyed = true;
  append(fmt::format("{}:", name.size()));
  append(name);
  return *this;
}

Writer& Writer::end() {
  KITH_CHECK(!levels_.empty() && !levels_.back().keyed);
  levels_.pop_back();
  append("e");
  return *this;
}

Bytes Writer::take() && {
  KITH_CHECK(levels_.empty() && !bytes_.empty());
  return std::move(bytes_);
}

}  // namespace kith::bencode
