#include "tests/trace/arbitrary.h"

#include <array>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "engine/trace/fields.h"

namespace kith::trace {
namespace {

// Fills a value of any type that an input is made of.
class Filler {
 public:
  explicit Filler(std::deque<Bytes>& lent) : lent_(lent) {}

  template <class T>
  requires std::is_arithmetic_v<T>
  void fill(T& value) { value = *rc::gen::arbitrary<T>(); }
  void fill(std::string& value) { value = *rc::gen::arbitrary<std::string>(); }
  void fill(Duration& value) { value = Duration(*rc::gen::arbitrary<std::int64_t>()); }
  void fill(Bytes& value) { value = to_bytes(as_byte_view(*rc::gen::arbitrary<std::string>())); }
  void fill(SharedBytes& value) {
    Bytes bytes;
    fill(bytes);
    value = SharedBytes(std::move(bytes));
  }
  void fill(ByteView& value) {
    fill(lent_.emplace_back());
    value = lent_.back();
  }
  template <class E>
  requires std::is_enum_v<E>
  void fill(E& value) {
    value = static_cast<E>(*rc::gen::inRange(0, static_cast<int>(kLast<E>) + 1));
  }
  template <std::size_t N>
  void fill(std::array<std::byte, N>& value) {
    for (std::byte& byte : value) byte = static_cast<std::byte>(*rc::gen::inRange(0, 256));
  }
  template <class Tag>
  void fill(NumericId<Tag>& value) {
    fill(value.value);
  }
  template <class T>
  void fill(std::optional<T>& value) {
    value.reset();
    if (*rc::gen::arbitrary<bool>()) fill(value.emplace());
  }
  template <class T>
  void fill(std::vector<T>& values) {
    values.resize(*rc::gen::inRange<std::size_t>(0, 4));
    for (T& value : values) fill(value);
  }
  template <class... Alternatives>
  void fill(std::variant<Alternatives...>& value) {
    fill_nth(value, *rc::gen::inRange<std::size_t>(0, sizeof...(Alternatives)));
  }
  template <class... Alternatives>
  void fill_nth(std::variant<Alternatives...>& value, std::size_t wanted) {
    std::size_t index = 0;
    const auto fill_if_wanted = [&]<class Alternative>(std::type_identity<Alternative>) {
      if (index++ == wanted) fill(value.template emplace<Alternative>());
    };
    (fill_if_wanted(std::type_identity<Alternatives>{}), ...);
  }
  template <class T>
  void fill(Result<T>& value) {
    value = Result<T>();
    if (*rc::gen::arbitrary<bool>()) {
      Error error;
      fill(error);
      value = tl::unexpected(std::move(error));
    } else if constexpr (!std::is_void_v<T>) {
      fill(*value);
    }
  }
  template <HasFields T>
  void fill(T& value) {
    std::apply([this](auto&... field) { (this->fill(field), ...); }, fields(value));
  }

 private:
  std::deque<Bytes>& lent_;
};

}  // namespace

OwnedInput arbitrary_input(std::size_t kind) {
  OwnedInput owned;
  Filler filler(owned.lent);
  constexpr std::size_t kOthers = std::variant_size_v<Input> - 1;
  static_assert(std::is_same_v<std::variant_alternative_t<kOthers, Input>, Command>);
  if (kind < kOthers) {
    filler.fill_nth(owned.input, kind);
  } else {
    filler.fill_nth(owned.input.emplace<Command>(), kind - kOthers);
  }
  return owned;
}

Config arbitrary_config() {
  std::deque<Bytes> lent;
  Config config;
  Filler(lent).fill(config);
  return config;
}

RestoredState arbitrary_restored() {
  std::deque<Bytes> lent;
  Filler filler(lent);
  RestoredState restored;
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    std::string key;
    filler.fill(key);
    filler.fill(restored[key]);
  }
  return restored;
}

}  // namespace kith::trace
