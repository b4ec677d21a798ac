#include "engine/discovery/mdns/life.h"

#include <gtest/gtest.h>

#include <map>
#include <utility>

namespace kith::mdns {
namespace {

using L = Life;
using T = LifeTrigger;

const std::map<std::pair<L, T>, L> kDiagram{
    {{L::waiting, T::due}, L::probing},
    {{L::waiting, T::conflict}, L::gone},
    {{L::waiting, T::withdrawn}, L::gone},
    {{L::probing, T::unopposed}, L::announcing},
    {{L::probing, T::yielded}, L::waiting},
    {{L::probing, T::conflict}, L::gone},
    {{L::probing, T::withdrawn}, L::gone},
    {{L::announcing, T::settled}, L::established},
    {{L::announcing, T::changed}, L::announcing},
    {{L::announcing, T::conflict}, L::waiting},
    {{L::announcing, T::withdrawn}, L::leaving},
    {{L::established, T::changed}, L::announcing},
    {{L::established, T::conflict}, L::waiting},
    {{L::established, T::withdrawn}, L::leaving},
    {{L::leaving, T::told}, L::gone},
};

TEST(MdnsLife, every_move_is_in_the_diagram_and_no_other) {
  for (std::size_t from = 0; from < kLives; ++from) {
    for (std::size_t trigger = 0; trigger < kLifeTriggers; ++trigger) {
      const std::pair cell{static_cast<L>(from), static_cast<T>(trigger)};
      const auto expected = kDiagram.find(cell);
      const auto moved = next_life(cell.first, cell.second);
      SCOPED_TRACE(std::string(to_string(cell.first)) + " " + std::string(to_string(cell.second)));
      ASSERT_EQ(moved.has_value(), expected != kDiagram.end());
      if (moved) {
        EXPECT_EQ(*moved, expected->second);
      }
    }
  }
}

TEST(MdnsLife, only_what_was_announced_is_an_answer_and_has_a_goodbye) {
  for (std::size_t i = 0; i < kLives; ++i) {
    const auto life = static_cast<L>(i);
    EXPECT_EQ(is_announced(life), next_life(life, T::withdrawn) == L::leaving) << to_string(life);
  }
}

}  // namespace
}  // namespace kith::mdns
