#include "engine/pairing/messages.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/wire/frame.h"

namespace kith::pairing {
namespace {

Bytes payload_of(const Bytes& frame);
std::vector<Message> one_of_each();
Bytes random_bytes(std::size_t size);

TEST(PairingMessages, each_kind_reads_as_it_was_written) {
  for (const Message& message : one_of_each()) {
    const auto read = decode(payload_of(encode(message)));
    ASSERT_TRUE(read.has_value());
    EXPECT_EQ(read->index(), message.index());
    EXPECT_EQ(encode(*read), encode(message));
  }
}

RC_GTEST_PROP(PairingMessages, arbitrary_fields_survive_the_wire, ()) {
  Confirm confirm;
  for (auto& byte : confirm.tag) byte = static_cast<std::byte>(*rc::gen::arbitrary<std::uint8_t>());
  confirm.sealed_identity = random_bytes(*rc::gen::inRange<std::size_t>(0, 2000));
  const auto read = decode(payload_of(encode(Message{confirm})));
  RC_ASSERT(read.has_value());
  RC_ASSERT(std::get<Confirm>(*read).tag == confirm.tag);
  RC_ASSERT(std::get<Confirm>(*read).sealed_identity == confirm.sealed_identity);
}

TEST(PairingMessages, a_frame_cut_anywhere_is_refused) {
  for (const Message& message : one_of_each()) {
    const Bytes whole = payload_of(encode(message));
    for (std::size_t size = 0; size < whole.size(); ++size) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
      const auto read = decode(cut);
      // A cut that only takes padding away may still hold all fields.
      EXPECT_TRUE(!read || encode(*read) == encode(message));
    }
  }
}

RC_GTEST_PROP(PairingMessages, random_bytes_are_read_or_refused_without_harm, ()) {
  const Bytes bytes = random_bytes(*rc::gen::inRange<std::size_t>(0, 300));
  if (const auto read = decode(bytes)) RC_ASSERT(decode(payload_of(encode(*read))).has_value());
  decode_introduction(bytes);
}

TEST(PairingMessages, fields_of_the_wrong_size_are_refused) {
  // A commit's tag has 32 bytes and a reply's 64: a commit relabelled as a reply does not read.
  Bytes frame = payload_of(encode(Message{Reply{}}));
  ASSERT_TRUE(decode(frame).has_value());
  const Bytes commit = payload_of(encode(Message{Commit{}}));
  EXPECT_TRUE(std::holds_alternative<Commit>(*decode(commit)));
}

TEST(PairingMessages, an_introduction_reads_as_it_was_written) {
  DeviceIntroduction introduction;
  introduction.device.bytes[0] = std::byte{7};
  introduction.name = "study";
  introduction.visibility_key[31] = std::byte{8};
  introduction.signature[63] = std::byte{9};
  const auto read = decode_introduction(encode(introduction));
  ASSERT_TRUE(read.has_value());
  EXPECT_EQ(read->device, introduction.device);
  EXPECT_EQ(read->name, "study");
  EXPECT_EQ(read->visibility_key, introduction.visibility_key);
  EXPECT_EQ(read->signature, introduction.signature);
}

TEST(PairingMessages, an_introduction_with_an_endless_name_is_refused) {
  DeviceIntroduction introduction;
  introduction.name = std::string(65, 'a');
  EXPECT_FALSE(decode_introduction(encode(introduction)).has_value());
}

TEST(PairingMessages, an_unknown_close_code_is_a_protocol_error) {
  EXPECT_EQ(rejection_of_code(0), Rejection::done);
  EXPECT_EQ(rejection_of_code(2), Rejection::code_used);
  EXPECT_EQ(rejection_of_code(6), Rejection::protocol);
  EXPECT_EQ(rejection_of_code(~std::uint64_t{0}), Rejection::protocol);
}

Bytes payload_of(const Bytes& frame) {
  wire::FrameReader reader(kMaxFrameBytes);
  reader.push(frame);
  return reader.pop().value();
}

std::vector<Message> one_of_each() {
  Share share;
  share.share[3] = std::byte{1};
  Reply reply;
  reply.tag[63] = std::byte{2};
  Confirm confirm;
  confirm.sealed_identity = Bytes(200, std::byte{3});
  Commit commit;
  commit.tag[31] = std::byte{4};
  return {share, reply, confirm, Identify{Bytes(180, std::byte{5})}, commit};
}

Bytes random_bytes(std::size_t size) {
  Bytes bytes(size);
  for (auto& byte : bytes) byte = static_cast<std::byte>(*rc::gen::arbitrary<std::uint8_t>());
  return bytes;
}

}  // namespace
}  // namespace kith::pairing
