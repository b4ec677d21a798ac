#include "engine/discovery/instance_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace kith {
namespace {

using ::testing::Contains;
using ::testing::Not;

constexpr std::int64_t kNowMs = 1'795'000'000'000;
constexpr VisibilityKey kKey{std::byte{1}};
constexpr VisibilityKey kOtherKey{std::byte{2}};

TEST(BlindedLabel, is_a_dns_label_that_changes_every_hour) {
  const std::string label = blinded_label(kKey, kNowMs);
  EXPECT_EQ(label.size(), 32u);
  EXPECT_EQ(label.find_first_not_of("ybndrfg8ejkmcpqxot1uwisza345h769"), std::string::npos);
  EXPECT_EQ(blinded_label(kKey, kNowMs / kLabelLifeMs * kLabelLifeMs), label);
  EXPECT_NE(blinded_label(kKey, kNowMs + kLabelLifeMs), label);
  EXPECT_NE(blinded_label(kOtherKey, kNowMs), label);
}

TEST(BlindedLabel, is_recognised_by_clocks_that_are_less_than_an_hour_off) {
  for (const std::int64_t off : {-kLabelLifeMs + 1, std::int64_t{0}, kLabelLifeMs - 1}) {
    EXPECT_THAT(recognised_labels(kKey, kNowMs + off), Contains(blinded_label(kKey, kNowMs)));
  }
  EXPECT_THAT(recognised_labels(kKey, kNowMs + 2 * kLabelLifeMs),
              Not(Contains(blinded_label(kKey, kNowMs))));
  EXPECT_THAT(recognised_labels(kOtherKey, kNowMs), Not(Contains(blinded_label(kKey, kNowMs))));
}

TEST(BlindedLabel, exists_before_1970_as_well) {
  EXPECT_NE(blinded_label(kKey, -1), blinded_label(kKey, 0));
  EXPECT_THAT(recognised_labels(kKey, -1), Contains(blinded_label(kKey, 0)));
}

}  // namespace
}  // namespace kith
