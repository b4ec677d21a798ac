#include "engine/messaging/records.h"

#include <gtest/gtest.h>

namespace kith::messaging {
namespace {

const DeviceId kDevice{{std::byte{5}}};

void put(RestoredState& state, const StoreChange& change) { state[change.key] = *change.value; }

TEST(MessageRecords, a_box_is_restored_as_it_was_stored) {
  RestoredState state;
  put(state, change_to(Box::out, kDevice, Counter{{std::byte{1}}, 300, 2}));
  put(state, change_to(Box::out, kDevice, 299, {{{std::byte{7}}}, MessageId{}, "{}"}));
  put(state, change_to(Box::out, kDevice, 300, {{{std::byte{8}}}, std::nullopt, "[1]"}));
  put(state, change_to(Box::in, kDevice, 1, {{{std::byte{9}}}, std::nullopt, "in"}));
  std::size_t unreadable = 0;
  const auto boxes = restore(Box::out, state, unreadable);
  EXPECT_EQ(unreadable, 0u);
  ASSERT_EQ(boxes.size(), 1u);
  const RestoredBox& box = boxes.at(kDevice);
  EXPECT_TRUE(box.has_counter);
  EXPECT_EQ(box.counter.epoch, Epoch{std::byte{1}});
  EXPECT_EQ(box.counter.sequence, 300u);
  EXPECT_EQ(box.counter.arrivals, 2u);
  ASSERT_EQ(box.messages.size(), 2u);
  EXPECT_EQ(box.messages.at(299).correlation, MessageId{});
  EXPECT_EQ(box.messages.at(300).body, "[1]");
}

TEST(MessageRecords, a_removal_names_what_was_stored) {
  EXPECT_EQ(removal_of(Box::in, kDevice, 31).key,
            change_to(Box::in, kDevice, 31, StoredMessage{}).key);
  EXPECT_EQ(removal_of_counter(Box::in, kDevice).key, change_to(Box::in, kDevice, Counter{}).key);
  EXPECT_FALSE(removal_of(Box::in, kDevice, 31).value.has_value());
}

TEST(MessageRecords, damaged_ones_are_counted_and_the_others_read) {
  RestoredState state;
  put(state, change_to(Box::out, kDevice, 1, {{}, std::nullopt, "good"}));
  const StoreChange bad = change_to(Box::out, kDevice, 2, {{}, std::nullopt, "bad"});
  for (std::size_t size = 0; size + 4 < bad.value->size(); ++size) {
    state[bad.key] =
        Bytes(bad.value->begin(), bad.value->begin() + static_cast<std::ptrdiff_t>(size));
    std::size_t unreadable = 0;
    const auto boxes = restore(Box::out, state, unreadable);
    EXPECT_EQ(boxes.at(kDevice).messages.count(1), 1u);
    EXPECT_EQ(boxes.at(kDevice).messages.size() + unreadable, 2u);
  }
  for (const char* key : {"message/out/", "message/out/zz/1", "message/out/short"}) {
    std::size_t unreadable = 0;
    EXPECT_TRUE(restore(Box::out, {{key, {}}}, unreadable).empty());
    EXPECT_EQ(unreadable, 1u) << key;
  }
}

}  // namespace
}  // namespace kith::messaging
