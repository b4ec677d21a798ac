#include "engine/messaging/outbox_state.h"

#include <gtest/gtest.h>

#include <map>
#include <utility>

namespace kith::messaging {
namespace {

using S = OutboxState;
using T = OutboxTrigger;

const std::map<std::pair<S, T>, S> kDiagram{
    {{S::idle, T::queued}, S::dialing},        {{S::idle, T::connected}, S::opening},
    {{S::dialing, T::connected}, S::opening},  {{S::dialing, T::dial_failed}, S::waiting},
    {{S::dialing, T::emptied}, S::idle},       {{S::opening, T::stream_ready}, S::greeting},
    {{S::opening, T::lost}, S::waiting},       {{S::opening, T::emptied}, S::idle},
    {{S::greeting, T::resumed}, S::flowing},   {{S::greeting, T::lost}, S::waiting},
    {{S::greeting, T::connected}, S::opening}, {{S::flowing, T::connected}, S::opening},
    {{S::greeting, T::emptied}, S::idle},      {{S::flowing, T::lost}, S::waiting},
    {{S::waiting, T::connected}, S::opening},  {{S::waiting, T::due}, S::dialing},
    {{S::waiting, T::emptied}, S::idle},
};

TEST(OutboxState, every_move_is_in_the_diagram_and_no_other) {
  for (std::size_t from = 0; from < kOutboxStates; ++from) {
    for (std::size_t trigger = 0; trigger < kOutboxTriggers; ++trigger) {
      const std::pair cell{static_cast<S>(from), static_cast<T>(trigger)};
      const auto expected = kDiagram.find(cell);
      const auto moved = next_state(cell.first, cell.second);
      SCOPED_TRACE(std::string(to_string(cell.first)) + " " + std::string(to_string(cell.second)));
      ASSERT_EQ(moved.has_value(), expected != kDiagram.end());
      if (moved) {
        EXPECT_EQ(*moved, expected->second);
      }
    }
  }
}

TEST(OutboxState, whatever_is_on_its_way_can_be_lost_and_found_again) {
  for (const S state : {S::opening, S::greeting, S::flowing}) {
    EXPECT_EQ(next_state(state, T::lost), S::waiting);
  }
  EXPECT_EQ(next_state(S::waiting, T::due), S::dialing);
}

}  // namespace
}  // namespace kith::messaging
