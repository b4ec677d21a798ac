// The tables of states of the DHT, each whole: what is not listed must change nothing.

#include <gtest/gtest.h>

#include <set>
#include <tuple>

#include "engine/discovery/dht/lookup.h"
#include "engine/discovery/dht/node_state.h"
#include "engine/discovery/dht/rpc.h"
#include "engine/discovery/dht/standing.h"

namespace kith::dht {
namespace {

template <class State, class Trigger>
using Moves = std::set<std::tuple<State, Trigger, State>>;

template <class State, class Trigger>
Moves<State, Trigger> moves(std::size_t states, std::size_t triggers) {
  Moves<State, Trigger> found;
  for (std::size_t s = 0; s < states; ++s) {
    for (std::size_t t = 0; t < triggers; ++t) {
      const auto from = static_cast<State>(s);
      const auto trigger = static_cast<Trigger>(t);
      EXPECT_NE(to_string(from), "unknown");
      EXPECT_NE(to_string(trigger), "unknown");
      if (const auto next = next_state(from, trigger)) found.emplace(from, trigger, *next);
    }
  }
  return found;
}

TEST(DhtStates, a_node_is_good_questionable_or_bad_as_bep_5_says) {
  using S = NodeState;
  using T = NodeTrigger;
  const Moves<S, T> expected{
      {S::good, T::silent, S::questionable},   {S::good, T::elapsed, S::questionable},
      {S::questionable, T::answered, S::good}, {S::questionable, T::asked, S::good},
      {S::questionable, T::silent, S::bad},    {S::bad, T::answered, S::good},
  };
  EXPECT_EQ((moves<S, T>(kNodeStates, kNodeTriggers)), expected);
}

TEST(DhtStates, a_call_is_slow_before_it_is_over) {
  using S = CallState;
  using T = CallTrigger;
  const Moves<S, T> expected{
      {S::waiting, T::answered, S::over},
      {S::waiting, T::slowed, S::slow},
      {S::slow, T::answered, S::over},
      {S::slow, T::timed_out, S::over},
  };
  EXPECT_EQ((moves<S, T>(kCallStates, kCallTriggers)), expected);
}

TEST(DhtStates, a_candidate_is_asked_once_and_heard_once) {
  using S = CandidateState;
  using T = CandidateTrigger;
  const Moves<S, T> expected{
      {S::known, T::ask, S::asked},         {S::asked, T::slowed, S::slow},
      {S::asked, T::answered, S::answered}, {S::asked, T::failed, S::silent},
      {S::slow, T::answered, S::answered},  {S::slow, T::failed, S::silent},
  };
  EXPECT_EQ((moves<S, T>(kCandidateStates, kCandidateTriggers)), expected);
}

TEST(DhtStates, only_a_stranger_opens_a_node) {
  using S = Standing;
  using T = StandingTrigger;
  const Moves<S, T> expected{
      {S::hidden, T::asked_by_stranger, S::open},
      {S::hidden, T::try_due, S::trying},
      {S::trying, T::asked_by_stranger, S::open},
      {S::trying, T::try_over, S::hidden},
      {S::trying, T::moved, S::hidden},
      {S::open, T::unvisited, S::hidden},
      {S::open, T::moved, S::hidden},
  };
  EXPECT_EQ((moves<S, T>(kStandings, kStandingTriggers)), expected);
}

}  // namespace
}  // namespace kith::dht
