// What is read back from the canonical encoding.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/trace/decode.h"
#include "engine/trace/encode.h"
#include "engine/trace/fields.h"
#include "tests/trace/arbitrary.h"
#include "tests/trace/encoded.h"

namespace kith::trace {
namespace {

// Field by field, not by way of the encoding: a field that both sides forgot would differ.
class Same {
 public:
  template <class T>
  bool operator()(const T& a, const T& b) const {
    if constexpr (HasFields<const T>) {
      return all(fields(a), fields(b));
    } else {
      return a == b;
    }
  }
  bool operator()(ByteView a, ByteView b) const { return as_text(a) == as_text(b); }
  bool operator()(const SharedBytes& a, const SharedBytes& b) const {
    return (*this)(a.view(), b.view());
  }
  template <class T>
  bool operator()(const std::vector<T>& a, const std::vector<T>& b) const {
    return std::equal(a.begin(), a.end(), b.begin(), b.end(), *this);
  }
  template <class... Alternatives>
  bool operator()(const std::variant<Alternatives...>& a,
                  const std::variant<Alternatives...>& b) const {
    if (a.index() != b.index()) return false;
    return std::visit(
        [&]<class T>(const T& alternative) { return (*this)(alternative, std::get<T>(b)); }, a);
  }
  template <class T>
  bool operator()(const Result<T>& a, const Result<T>& b) const {
    if (a.has_value() != b.has_value()) return false;
    if (!a) return a.error() == b.error();
    if constexpr (!std::is_void_v<T>) {
      return (*this)(*a, *b);
    } else {
      return true;
    }
  }

 private:
  template <class... Fields>
  bool all(const std::tuple<Fields...>& a, const std::tuple<Fields...>& b) const {
    return std::apply(
        [&](const auto&... of_a) {
          return std::apply([&](const auto&... of_b) { return ((*this)(of_a, of_b) && ...); }, b);
        },
        a);
  }
};

TEST(Kinds, are_called_as_their_structs_are) {
  EXPECT_EQ(kind_name(kind_of(Input(TimerFired{}))), "TimerFired");
  EXPECT_EQ(kind_name(kind_of(Input(Command(ShareWithDevice{})))), "ShareWithDevice");
  EXPECT_EQ(kind_name(kind_of(Output(FileWrite{}))), "FileWrite");
  EXPECT_EQ(kind_name(kind_of(Output(Event(Paired{})))), "Paired");
  EXPECT_EQ(kind_name(0), "unknown");
  for (unsigned kind = 1; kind < 256; ++kind) {
    const std::string_view name = kind_name(static_cast<KindTag>(kind));
    EXPECT_EQ(name.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"),
              std::string_view::npos)
        << name;
  }
}

RC_GTEST_PROP(Decoding, every_input_reads_back_as_it_was_written, ()) {
  for (std::size_t kind = 0; kind < kInputKinds; ++kind) {
    const OwnedInput owned = arbitrary_input(kind);
    const Bytes bytes = encoded(owned.input);
    const auto decoded = decode_input(bytes);
    RC_ASSERT(decoded.has_value());
    RC_ASSERT(Same()(*decoded, owned.input));
    RC_ASSERT(encoded(*decoded) == bytes);
  }
}

RC_GTEST_PROP(Decoding, an_input_that_is_cut_or_too_long_is_refused, ()) {
  const OwnedInput owned = arbitrary_input(*rc::gen::inRange<std::size_t>(0, kInputKinds));
  Bytes bytes = encoded(owned.input);
  for (std::size_t length = 0; length < bytes.size(); ++length) {
    RC_ASSERT(!decode_input(ByteView(bytes).first(length)));
  }
  bytes.push_back({});
  RC_ASSERT(!decode_input(bytes));
}

RC_GTEST_PROP(Decoding, what_is_read_from_altered_bytes_is_written_as_they_are, ()) {
  const OwnedInput owned = arbitrary_input(*rc::gen::inRange<std::size_t>(0, kInputKinds));
  Bytes bytes = encoded(owned.input);
  const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
  bytes[at] ^= static_cast<std::byte>(*rc::gen::inRange(1, 256));
  const auto decoded = decode_input(bytes);
  if (decoded) RC_ASSERT(encoded(*decoded) == bytes);
}

RC_GTEST_PROP(Decoding, what_an_engine_starts_from_reads_back, ()) {
  const Config config = arbitrary_config();
  const auto config_again = decode_config(encoded(config));
  RC_ASSERT(config_again && Same()(*config_again, config));
  const RestoredState restored = arbitrary_restored();
  RC_ASSERT(decode_restored(encoded(restored)) == restored);
}

TEST(Decoding, refuses_values_that_no_encoding_has) {
  Bytes yes = encoded(Input(Command(ConfirmPairing{{1}, true})));
  ASSERT_TRUE(decode_input(yes));
  yes.back() = std::byte{2};  // neither true nor false
  EXPECT_FALSE(decode_input(yes));

  Bytes policy = encoded(Input(Command(SetReceivePolicy{SetReceivePolicy::Accept::none, ""})));
  ASSERT_TRUE(decode_input(policy));
  policy[2] = std::byte{3};  // behind the two tags, the last enumerator plus one
  EXPECT_FALSE(decode_input(policy));

  EXPECT_FALSE(decode_input(Bytes{std::byte{200}}));  // a tag of nothing

  Bytes listing = encoded(Input(FileCompleted{{}, FileListing{}}));
  ASSERT_TRUE(decode_input(listing));
  listing[listing.size() - 8] = std::byte{0xff};  // a length that room must not be made for
  EXPECT_FALSE(decode_input(listing));

  const Bytes one(1);
  Bytes twice = encoded(RestoredState{{"a", one}, {"b", one}});
  ASSERT_TRUE(decode_restored(twice));
  for (std::byte& byte : twice) {
    if (byte == std::byte{'b'}) byte = std::byte{'a'};
  }
  EXPECT_FALSE(decode_restored(twice));
}

}  // namespace
}  // namespace kith::trace
