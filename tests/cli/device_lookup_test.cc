#include "io/cli/device_lookup.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith::cli {
namespace {

using testing::HasSubstr;

DeviceSummary device(int number, std::string name, DeviceState state = DeviceState::paired);

TEST(DeviceLookup, a_device_is_found_by_name_and_by_id) {
  const std::vector<DeviceSummary> known{device(1, "alice"), device(2, "bob")};
  EXPECT_EQ(find_device(known, "bob")->id, known[1].id);
  EXPECT_EQ(find_device(known, known[0].id.to_hex())->id, known[0].id);
}

TEST(DeviceLookup, an_ambiguous_name_lists_the_ids) {
  const std::vector<DeviceSummary> known{device(1, "bob"), device(2, "bob")};
  const auto found = find_paired_device(known, "bob");
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error().code, ErrorCode::invalid_argument);
  EXPECT_THAT(found.error().message, HasSubstr(known[0].id.to_hex()));
  EXPECT_THAT(found.error().message, HasSubstr(known[1].id.to_hex()));
  EXPECT_EQ(find_paired_device(known, known[1].id.to_hex())->id, known[1].id);
}

TEST(DeviceLookup, the_id_of_one_device_is_not_taken_for_the_name_of_another) {
  const DeviceSummary victim = device(1, "alice");
  const std::vector<DeviceSummary> known{device(2, victim.id.to_hex()), victim};
  EXPECT_EQ(find_device(known, victim.id.to_hex())->id, victim.id);
}

TEST(DeviceLookup, a_stranger_is_not_found_and_not_paired) {
  const std::vector<DeviceSummary> known{device(1, "alice")};
  EXPECT_EQ(find_device(known, "bob").error().code, ErrorCode::not_found);
  EXPECT_EQ(find_paired_device(known, "bob").error().code, ErrorCode::refused);
  EXPECT_EQ(find_paired_device(known, device(9, "").id.to_hex()).error().code, ErrorCode::refused);
}

TEST(DeviceLookup, only_states_that_lead_to_a_connection_count_as_paired) {
  for (const DeviceState state : {DeviceState::provisional, DeviceState::paired,
                                  DeviceState::connected, DeviceState::disconnected}) {
    EXPECT_TRUE(find_paired_device({device(1, "bob", state)}, "bob"));
  }
  for (const DeviceState state :
       {DeviceState::discovered, DeviceState::pairing, DeviceState::blocked}) {
    const auto found = find_paired_device({device(1, "bob", state)}, "bob");
    ASSERT_FALSE(found);
    EXPECT_EQ(found.error().code, ErrorCode::refused);
  }
}

DeviceSummary device(int number, std::string name, DeviceState state) {
  DeviceSummary device;
  device.id.bytes.fill(static_cast<std::byte>(number));
  device.name = std::move(name);
  device.state = state;
  return device;
}

}  // namespace
}  // namespace kith::cli
