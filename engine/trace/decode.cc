#include "engine/trace/decode.h"

#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/trace/encode.h"
#include "engine/trace/fields.h"

namespace kith::trace {
namespace {

// Each get() is the put() of encode.cc the other way round; false if the bytes are not such a
// value.
class Reader {
 public:
  explicit Reader(ByteView bytes) : from_(bytes) {}

  bool at_end() const { return from_.empty(); }

  template <std::unsigned_integral T>
  bool get(T& value) {
    std::uint64_t number = 0;
    const auto taken = from_.bytes(sizeof(T));
    if (!taken) return false;
    for (const std::byte byte : *taken) number = number << 8 | std::to_integer<std::uint64_t>(byte);
    value = static_cast<T>(number);
    return true;
  }
  bool get(bool& value) {
    std::uint8_t number = 0;
    if (!get(number) || number > 1) return false;
    value = number == 1;
    return true;
  }
  bool get(std::int64_t& value) {
    std::uint64_t number = 0;
    if (!get(number)) return false;
    value = static_cast<std::int64_t>(number);
    return true;
  }
  bool get(Duration& value) {
    std::int64_t count = 0;
    if (!get(count)) return false;
    value = Duration(count);
    return true;
  }
  bool get(ByteView& value) {
    std::size_t length = 0;
    if (!get_count(length)) return false;
    value = *from_.bytes(length);
    return true;
  }
  bool get(std::string& value) {
    ByteView view;
    if (!get(view)) return false;
    value = as_text(view);
    return true;
  }
  bool get(Bytes& value) {
    ByteView view;
    if (!get(view)) return false;
    value = to_bytes(view);
    return true;
  }
  bool get(SharedBytes& value) {
    ByteView view;
    if (!get(view)) return false;
    value = SharedBytes(to_bytes(view));
    return true;
  }

  template <class E>
  requires std::is_enum_v<E>
  bool get(E& value) {
    static_assert(std::is_same_v<decltype(kLast<E>), const E>, "kLast has no entry for this");
    std::uint8_t number = 0;
    if (!get(number) || number > static_cast<std::uint8_t>(kLast<E>)) return false;
    value = static_cast<E>(number);
    return true;
  }
  template <std::size_t N>
  bool get(std::array<std::byte, N>& value) {
    const auto taken = from_.bytes(N);
    if (!taken) return false;
    std::copy(taken->begin(), taken->end(), value.begin());
    return true;
  }
  template <class Tag>
  bool get(NumericId<Tag>& value) {
    return get(value.value);
  }
  template <class T>
  bool get(std::optional<T>& value) {
    bool present = false;
    return get(present) && (!present || get(value.emplace()));
  }
  template <class T>
  bool get(std::vector<T>& values) {
    std::size_t count = 0;
    if (!get_count(count)) return false;
    for (; count > 0; --count) {
      if (!get(values.emplace_back())) return false;
    }
    return true;
  }
  template <class... Alternatives>
  bool get(std::variant<Alternatives...>& value) {
    std::uint8_t tag = 0;
    if (!get(tag)) return false;
    const auto known = tags(std::type_identity<std::variant<Alternatives...>>());
    std::size_t index = 0;
    bool read = false;
    ((known[index++] == tag && (read = get(value.template emplace<Alternatives>()))) || ...);
    return read;
  }
  template <class T>
  bool get(Result<T>& value) {
    bool good = false;
    if (!get(good)) return false;
    if (!good) {
      Error error;
      if (!get(error)) return false;
      value = tl::unexpected(std::move(error));
      return true;
    }
    if constexpr (std::is_void_v<T>) {
      value = Result<void>();
      return true;
    } else {
      value.emplace();
      return get(*value);
    }
  }
  template <HasFields T>
  bool get(T& value) {
    return std::apply([this](auto&... field) { return (this->get(field) && ...); }, fields(value));
  }
  // Keys ascend, as they do in the map that was written.
  bool get(RestoredState& value) {
    std::size_t count = 0;
    if (!get_count(count)) return false;
    for (; count > 0; --count) {
      std::string key;
      Bytes bytes;
      if (!get(key) || !get(bytes)) return false;
      if (!value.empty() && key <= value.rbegin()->first) return false;
      value.emplace_hint(value.end(), std::move(key), std::move(bytes));
    }
    return true;
  }

 private:
  // Of bytes, or of values that take a byte or more each: more than there are is refused before
  // room is made for them.
  bool get_count(std::size_t& count) {
    std::uint64_t number = 0;
    if (!get(number) || number > from_.remaining()) return false;
    count = static_cast<std::size_t>(number);
    return true;
  }

  ByteReader from_;
};

template <class T>
std::optional<T> decode(ByteView bytes) {
  Reader reader(bytes);
  T value{};
  if (!reader.get(value) || !reader.at_end()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<Input> decode_input(ByteView bytes) { return decode<Input>(bytes); }
std::optional<Config> decode_config(ByteView bytes) { return decode<Config>(bytes); }
std::optional<RestoredState> decode_restored(ByteView bytes) {
  return decode<RestoredState>(bytes);
}

}  // namespace kith::trace
