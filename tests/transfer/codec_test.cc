#include "engine/transfer/codec.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/transfer/limits.h"
#include "engine/wire/frame.h"
#include "tests/transfer/random_tree.h"

namespace kith::transfer {
namespace {

Message random_message();
Bytes without_length(const Bytes& frame);
ErrorCode random_code();

RC_GTEST_PROP(Codec, every_message_reads_as_it_was_written, ()) {
  const auto message = random_message();
  const auto parsed = parse_message(without_length(make_message(message)));
  RC_ASSERT(parsed.has_value());
  const bool same = *parsed == message;
  RC_ASSERT(same);
}

RC_GTEST_PROP(Codec, a_message_that_was_cut_or_changed_does_no_harm, ()) {
  auto bytes = without_length(make_message(random_message()));
  for (int i = *rc::gen::inRange(0, 8); i > 0; --i) {
    bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] =
        static_cast<std::byte>(*rc::gen::arbitrary<std::uint8_t>());
  }
  bytes.resize(*rc::gen::inRange<std::size_t>(0, bytes.size() + 1));
  const auto parsed = parse_message(bytes);
  if (!parsed) return;
  // Whatever it is read as can be written again.
  const bool same = parse_message(without_length(make_message(*parsed))) == parsed;
  RC_ASSERT(same);
}

TEST(Codec, refused_items_are_a_bitmap) {
  Accept accept;
  accept.refused_items = {false, true, false, false, false, false, false, false, false, true};
  const auto parsed = parse_message(without_length(make_message(accept)));
  ASSERT_TRUE(parsed.has_value());
  auto expected = accept;
  expected.refused_items.resize(16);
  EXPECT_EQ(std::get<Accept>(*parsed), expected);
}

TEST(Codec, a_part_or_a_list_that_is_empty_is_refused) {
  EXPECT_FALSE(parse_message(without_length(make_message(ManifestPart{}))).has_value());
  EXPECT_FALSE(parse_message(without_length(make_message(FileHashes{}))).has_value());
}

TEST(Codec, more_entries_than_a_part_can_hold_are_refused) {
  ManifestPart part;
  part.entries.resize(kMaxEntriesPerPart + 1);
  EXPECT_EQ(parse_message(without_length(make_message(part))).error(), CodecFault::bad_field);
  part.entries.pop_back();
  EXPECT_TRUE(parse_message(without_length(make_message(part))).has_value());
}

TEST(Codec, a_name_above_the_limit_is_refused) {
  ManifestPart part;
  part.entries.resize(1);
  part.entries[0].name = std::string(kMaxNameBytes + 1, 'a');
  EXPECT_FALSE(parse_message(without_length(make_message(part))).has_value());
}

TEST(Codec, the_largest_messages_fit_a_frame) {
  ManifestPart part;
  std::size_t size = 0;
  while (size < kManifestPartBytes && part.entries.size() < kMaxEntriesPerPart) {
    part.entries.push_back({.parent = 1,
                            .directory = false,
                            .mode = 0644,
                            .name = std::string(kMaxNameBytes, 'a'),
                            .size_bytes = ~0ull,
                            .modified_ns = -1});
    size += encoded_size(part.entries.back());
  }
  EXPECT_LE(make_message(part).size(), kMaxFrameBytes);
  EXPECT_LE(make_message(part).size(), size + 1024);
  FileHashes hashes;
  hashes.hashes.resize(kMaxHashesPerFrame);
  EXPECT_LE(make_message(hashes).size(), kMaxFrameBytes);
  Accept accept;
  accept.refused_items.resize(kMaxEntries, true);
  EXPECT_LE(make_message(accept).size(), kMaxFrameBytes);
}

TEST(Codec, codes_survive_the_wire_and_unknown_ones_are_internal) {
  for (const auto code :
       {ErrorCode::cancelled, ErrorCode::refused, ErrorCode::no_space, ErrorCode::io_error,
        ErrorCode::permission_denied, ErrorCode::already_exists, ErrorCode::not_found,
        ErrorCode::source_changed, ErrorCode::corrupt, ErrorCode::limit_exceeded,
        ErrorCode::timed_out, ErrorCode::internal}) {
    EXPECT_EQ(code_from_wire(wire_code(code)), code) << to_string(code);
  }
  EXPECT_EQ(code_from_wire(wire_code(ErrorCode::unreachable)), ErrorCode::internal);
  EXPECT_EQ(code_from_wire(200), ErrorCode::internal);
  EXPECT_EQ(code_from_wire(~std::uint64_t{0}), ErrorCode::internal);
}

Message random_message() {
  const auto any = [](std::uint64_t bound = ~std::uint64_t{0}) {
    return *rc::gen::inRange<std::uint64_t>(0, bound);
  };
  const auto u32 = [&] { return static_cast<std::uint32_t>(any(0x100000000)); };
  switch (*rc::gen::inRange(0, 10)) {
    case 0: {
      Offer offer;
      for (auto& byte : offer.transfer.bytes) byte = static_cast<std::byte>(any(256));
      offer.destination = *rc::gen::arbitrary<std::vector<std::string>>();
      offer.entries = u32();
      offer.files = u32();
      offer.bytes = any();
      offer.skipped = any();
      return offer;
    }
    case 1:
      return ManifestPart{random_entries()};
    case 2: {
      FileHashes hashes;
      hashes.hashes.resize(any(20) + 1);
      for (auto& hash : hashes.hashes) {
        hash.entry = u32();
        for (auto& byte : hash.digest.bytes) byte = static_cast<std::byte>(any(256));
      }
      return hashes;
    }
    case 3:
      return FileFailed{u32(), random_code()};
    case 4: {
      Accept accept;
      accept.refused_items = *rc::gen::arbitrary<std::vector<bool>>();
      accept.refused_items.resize(accept.refused_items.size() / 8 * 8);
      return accept;
    }
    case 5:
      return Decline{random_code()};
    case 6:
      return Written{any()};
    case 7:
      return ItemDone{u32()};
    case 8:
      return Done{};
    default:
      return Abort{random_code()};
  }
}

ErrorCode random_code() {
  return *rc::gen::element(ErrorCode::cancelled, ErrorCode::no_space, ErrorCode::corrupt,
                           ErrorCode::source_changed, ErrorCode::internal);
}

Bytes without_length(const Bytes& frame) {
  return {frame.begin() + wire::kFrameHeaderBytes, frame.end()};
}

}  // namespace
}  // namespace kith::transfer
