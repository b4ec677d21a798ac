#include "engine/wire/frame.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace kith::wire {
namespace {

Bytes bytes_of(const std::vector<std::uint8_t>& values);

RC_GTEST_PROP(Frame, frames_come_out_whole_however_the_stream_is_cut, ()) {
  const auto payloads = *rc::gen::arbitrary<std::vector<std::vector<std::uint8_t>>>();
  Bytes stream;
  for (const auto& payload : payloads) {
    const Bytes frame = make_frame(bytes_of(payload));
    stream.insert(stream.end(), frame.begin(), frame.end());
  }
  FrameReader reader(1 << 20);
  std::vector<Bytes> out;
  for (std::size_t at = 0; at < stream.size();) {
    const auto size =
        std::min<std::size_t>(*rc::gen::inRange<std::size_t>(1, 9), stream.size() - at);
    reader.push(ByteView(stream).subspan(at, size));
    while (auto frame = reader.pop()) out.push_back(std::move(*frame));
    at += size;
  }
  RC_ASSERT(out.size() == payloads.size());
  for (std::size_t i = 0; i < out.size(); ++i) RC_ASSERT(out[i] == bytes_of(payloads[i]));
  RC_ASSERT(reader.pending_bytes() == 0u);
}

TEST(Frame, a_frame_above_the_limit_is_refused_by_its_length_alone) {
  FrameReader reader(4);
  reader.push(make_frame(Bytes(4)));
  EXPECT_TRUE(reader.pop().has_value());
  reader.push(ByteView(make_frame(Bytes(5))).first(kFrameHeaderBytes));
  EXPECT_FALSE(reader.pop().has_value());
  EXPECT_TRUE(reader.oversized());
  reader.push(make_frame(Bytes(1)));
  EXPECT_FALSE(reader.pop().has_value());
  EXPECT_EQ(reader.pending_bytes(), 0u);
}

TEST(Frame, an_empty_frame_is_a_frame) {
  FrameReader reader(4);
  reader.push(make_frame(Bytes()));
  const auto frame = reader.pop();
  ASSERT_TRUE(frame.has_value());
  EXPECT_TRUE(frame->empty());
}

Bytes bytes_of(const std::vector<std::uint8_t>& values) {
  return to_bytes(std::as_bytes(std::span(values)));
}

}  // namespace
}  // namespace kith::wire
