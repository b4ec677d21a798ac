#include "engine/registry/device_state.h"

#include <gtest/gtest.h>

namespace kith {
namespace {

using S = DeviceState;
using T = DeviceTrigger;

std::vector<std::optional<S>> all_states();
std::vector<T> all_triggers();

TEST(DeviceState, a_device_becomes_connected_only_from_a_proven_pairing) {
  for (const auto from : all_states()) {
    const auto move = device_transition(from, T::connection_opened);
    const bool proven = from == S::paired || from == S::connected || from == S::disconnected;
    EXPECT_EQ(move.legal, proven);
    EXPECT_TRUE(!move.legal || move.to == S::connected);
  }
}

TEST(DeviceState, nothing_but_removal_ends_a_block) {
  for (const T trigger : all_triggers()) {
    const auto move = device_transition(S::blocked, trigger);
    if (trigger == T::removed) {
      EXPECT_TRUE(move.legal);
      EXPECT_EQ(move.to, std::nullopt);
    } else if (move.legal) {
      EXPECT_EQ(move.to, S::blocked);
    }
  }
}

TEST(DeviceState, a_proven_pairing_is_lost_only_by_removal_or_block) {
  for (const auto from : {S::paired, S::connected, S::disconnected}) {
    for (const T trigger : all_triggers()) {
      const auto move = device_transition(from, trigger);
      if (trigger == T::removed || trigger == T::blocked) continue;
      ASSERT_TRUE(move.legal);
      EXPECT_TRUE(move.to == S::paired || move.to == S::connected || move.to == S::disconnected);
    }
  }
}

TEST(DeviceState, a_provisional_device_is_finished_only_by_its_peer) {
  for (const T trigger : all_triggers()) {
    const auto move = device_transition(S::provisional, trigger);
    const bool paired = move.legal && move.to == S::paired;
    EXPECT_EQ(paired, trigger == T::peer_committed);
  }
}

TEST(DeviceState, every_known_device_can_be_removed_and_blocked) {
  for (const auto from : all_states()) {
    EXPECT_EQ(device_transition(from, T::removed).legal, from.has_value());
    EXPECT_TRUE(device_transition(from, T::blocked).legal);
  }
}

TEST(DeviceState, only_these_triggers_bring_a_device_into_being) {
  for (const T trigger : all_triggers()) {
    const bool creates = trigger == T::found || trigger == T::pairing_begun ||
                         trigger == T::secret_stored || trigger == T::blocked;
    EXPECT_EQ(device_transition(std::nullopt, trigger).legal, creates) << to_string(trigger);
  }
}

std::vector<std::optional<S>> all_states() {
  std::vector<std::optional<S>> states{std::nullopt};
  for (std::size_t i = 0; i + 1 < kDeviceStates; ++i) states.push_back(static_cast<S>(i));
  return states;
}

std::vector<T> all_triggers() {
  std::vector<T> triggers;
  for (std::size_t i = 0; i < kDeviceTriggers; ++i) triggers.push_back(static_cast<T>(i));
  return triggers;
}

}  // namespace
}  // namespace kith
