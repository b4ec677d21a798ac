#include "engine/pairing/pairing_state.h"

#include <gtest/gtest.h>

#include <set>

namespace kith::pairing {
namespace {

std::vector<Step> all_steps();
std::vector<Trigger> all_triggers();

// The whole diagram once more, from the other end: the moves that are not a failure. Whatever is
// not listed must fail the pairing or do nothing, as the tests below say which.
const std::set<std::tuple<Step, Trigger, Step>> kProgress{
    {Step::awaiting_share, Trigger::share, Step::awaiting_confirm},
    {Step::awaiting_reply, Trigger::reply, Step::awaiting_identity},
    {Step::awaiting_confirm, Trigger::confirm, Step::deciding},
    {Step::awaiting_identity, Trigger::identity, Step::deciding},
    {Step::deciding, Trigger::commit, Step::deciding},
    {Step::deciding, Trigger::accepted, Step::storing},
    {Step::storing, Trigger::commit, Step::storing},
    {Step::storing, Trigger::stored, Step::committed},
    {Step::committed, Trigger::commit, Step::sealing},
    {Step::sealing, Trigger::stored, Step::lingering},
    {Step::lingering, Trigger::peer_done, Step::finished},
    {Step::lingering, Trigger::lost, Step::finished},
    {Step::lingering, Trigger::expired, Step::finished},
};

TEST(PairingState, every_move_forward_is_in_the_diagram_and_no_other) {
  std::set<std::tuple<Step, Trigger, Step>> found;
  for (const Step step : all_steps()) {
    for (const Trigger trigger : all_triggers()) {
      const auto next = next_step(step, trigger);
      if (next && *next != Step::failed) found.emplace(step, trigger, *next);
    }
  }
  EXPECT_EQ(found, kProgress);
}

TEST(PairingState, before_both_commits_everything_a_stranger_can_do_wrong_fails_it) {
  for (const Step step : all_steps()) {
    if (step >= Step::sealing) continue;
    for (const Trigger trigger :
         {Trigger::share, Trigger::reply, Trigger::confirm, Trigger::identity, Trigger::commit,
          Trigger::reject, Trigger::violation, Trigger::peer_done, Trigger::lost,
          Trigger::expired}) {
      SCOPED_TRACE(std::string(to_string(step)) + " " + std::string(to_string(trigger)));
      const auto next = next_step(step, trigger);
      ASSERT_TRUE(next.has_value());
      EXPECT_TRUE(kProgress.contains({step, trigger, *next}) || *next == Step::failed);
    }
  }
}

TEST(PairingState, after_both_commits_only_the_disk_and_the_person_here_can_fail_it) {
  for (const Step step : {Step::sealing, Step::lingering}) {
    for (const Trigger trigger : all_triggers()) {
      const auto next = next_step(step, trigger);
      const bool disk = step == Step::sealing && trigger == Trigger::store_failed;
      const bool person = trigger == Trigger::revoked;
      EXPECT_EQ(next == Step::failed, disk || person)
          << to_string(step) << " " << to_string(trigger);
    }
  }
}

TEST(PairingState, the_end_is_the_end) {
  for (const Step step : {Step::finished, Step::failed}) {
    for (const Trigger trigger : all_triggers()) EXPECT_FALSE(next_step(step, trigger));
  }
}

std::vector<Step> all_steps() {
  std::vector<Step> steps;
  for (std::size_t i = 0; i < kSteps; ++i) steps.push_back(static_cast<Step>(i));
  return steps;
}

std::vector<Trigger> all_triggers() {
  std::vector<Trigger> triggers;
  for (std::size_t i = 0; i < kTriggers; ++i) triggers.push_back(static_cast<Trigger>(i));
  return triggers;
}

}  // namespace
}  // namespace kith::pairing
