#include "engine/messaging/codec.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/base/text.h"
#include "engine/messaging/limits.h"
#include "engine/wire/frame.h"

namespace kith::messaging {
namespace {

Bytes payload_of(const Bytes& frame) {
  return {frame.begin() + wire::kFrameHeaderBytes, frame.end()};
}
Envelope envelope(std::string body) { return {7, {{std::byte{1}}}, std::nullopt, std::move(body)}; }

TEST(MessagingCodec, each_kind_reads_as_it_was_written) {
  const Greeting greeting{{std::byte{9}, std::byte{8}}};
  EXPECT_EQ(std::get<Greeting>(*decode(payload_of(encode(greeting)))).epoch, greeting.epoch);
  EXPECT_EQ(std::get<Resume>(*decode(payload_of(encode(Resume{5})))).sequence, 5u);
  EXPECT_EQ(std::get<Stored>(*decode(payload_of(encode(Stored{6})))).sequence, 6u);
  const auto read = std::get<Envelope>(*decode(payload_of(encode(envelope("{}")))));
  EXPECT_EQ(read.sequence, 7u);
  EXPECT_EQ(read.id, envelope("").id);
  EXPECT_EQ(read.body, "{}");
  EXPECT_FALSE(read.correlation.has_value());
}

RC_GTEST_PROP(MessagingCodec, an_envelope_survives_the_wire, ()) {
  Envelope written = envelope(*rc::gen::string<std::string>());
  if (!is_utf8(as_byte_view(written.body))) written.body.clear();
  written.sequence = *rc::gen::inRange<std::uint64_t>(1, ~std::uint64_t{0});
  if (*rc::gen::arbitrary<bool>()) written.correlation = MessageId{{std::byte{3}}};
  const auto read = decode(payload_of(encode(written)));
  RC_ASSERT(read.has_value());
  const auto& envelope = std::get<Envelope>(*read);
  RC_ASSERT(envelope.sequence == written.sequence);
  RC_ASSERT(envelope.id == written.id);
  RC_ASSERT(envelope.correlation == written.correlation);
  RC_ASSERT(envelope.body == written.body);
}

RC_GTEST_PROP(MessagingCodec, random_bytes_are_read_or_refused_without_harm, ()) {
  const auto bytes =
      *rc::gen::container<std::vector<std::uint8_t>>(rc::gen::arbitrary<std::uint8_t>());
  const auto read = decode(std::as_bytes(std::span(bytes)));
  if (read) RC_ASSERT(decode(payload_of(encode(*read))).has_value());
}

TEST(MessagingCodec, a_payload_cut_anywhere_is_refused) {
  const Bytes whole = payload_of(encode(envelope("{\"a\":1}")));
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const Bytes part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
    const auto read = decode(part);
    // Cut within the padding at the end it is still whole.
    if (read) {
      EXPECT_EQ(std::get<Envelope>(*read).body, "{\"a\":1}");
    }
  }
  EXPECT_FALSE(decode(Bytes(whole.begin(), whole.begin() + 16)).has_value());
}

TEST(MessagingCodec, what_breaks_a_limit_is_refused) {
  EXPECT_TRUE(decode(payload_of(encode(envelope(std::string(kMaxBodyBytes, 'x'))))).has_value());
  EXPECT_FALSE(
      decode(payload_of(encode(envelope(std::string(kMaxBodyBytes + 1, 'x'))))).has_value());
  EXPECT_FALSE(decode(payload_of(encode(envelope("\xff")))).has_value());
  Envelope unnumbered = envelope("{}");
  unnumbered.sequence = 0;
  EXPECT_FALSE(decode(payload_of(encode(unnumbered))).has_value());
}

TEST(MessagingCodec, the_largest_message_fits_a_frame) {
  Envelope largest = envelope(std::string(kMaxBodyBytes, 'x'));
  largest.correlation = MessageId{};
  EXPECT_LE(encode(largest).size(), kMaxFrameBytes);
}

}  // namespace
}  // namespace kith::messaging
