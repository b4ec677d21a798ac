// Which stream an inbox heeds when several of one sender come in any order.

#include "engine/messaging/inbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

namespace kith::messaging {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Key {
  ConnectionId connection;
  StreamId stream;
  friend auto operator<=>(const Key&, const Key&) = default;
};

constexpr ConnectionId kOne{1};
constexpr ConnectionId kOther{2};

// An inbox, a store that is at once durable, and what became of streams.
class Receiver {
 public:
  bool greet(const Key& key) { return take(key, Greeting{Epoch{std::byte{7}}}); }
  bool envelope(const Key& key, std::uint64_t sequence) {
    return take(key, Envelope{sequence, {{static_cast<std::byte>(sequence)}}, std::nullopt, "{}"});
  }
  void lose(const Key& key) {
    inbox_.stream_lost(key.connection, key.stream);
    carry_out();
  }

  std::uint64_t stored() const { return stored_; }
  const std::set<Key>& answered() const { return answered_; }
  const std::set<Key>& ended() const { return ended_; }

 private:
  bool take(const Key& key, const Message& message) {
    const bool fits = inbox_.receive(key.connection, key.stream, message);
    carry_out();
    inbox_.check_invariants();
    return fits;
  }

  void carry_out() {
    while (!effects_.outputs.empty()) {
      const ProtocolOutput output = std::move(effects_.outputs.front());
      effects_.outputs.pop_front();
      if (const auto* commit = std::get_if<StoreCommit>(&output)) {
        inbox_.stored({commit->op, {}});
        ++stored_;
      } else if (const auto* write = std::get_if<StreamWrite>(&output)) {
        answered_.insert({write->connection, write->stream});
      } else if (const auto* stop = std::get_if<StopStream>(&output)) {
        ended_.insert({stop->connection, stop->stream});
      }
    }
  }

  Effects effects_{EffectIds(0), RandomSource({})};
  Inbox inbox_{effects_, DeviceId{{std::byte{5}}}, {}};
  std::uint64_t stored_ = 0;
  std::set<Key> answered_;
  std::set<Key> ended_;
};

TEST(Inbox, a_newer_stream_takes_over_and_the_older_one_is_ended) {
  for (const Key& newer : {Key{kOne, {4}}, Key{kOther, {0}}}) {
    Receiver receiver;
    EXPECT_TRUE(receiver.greet({kOne, {0}}));
    EXPECT_TRUE(receiver.greet(newer));
    EXPECT_THAT(receiver.ended(), ElementsAre(Key{kOne, {0}}));
    EXPECT_TRUE(receiver.envelope({kOne, {0}}, 1));
    EXPECT_EQ(receiver.stored(), 0u);
    EXPECT_TRUE(receiver.envelope(newer, 1));
    EXPECT_EQ(receiver.stored(), 1u);
  }
}

TEST(Inbox, a_greeting_that_comes_late_does_not_take_the_place_of_a_newer_one) {
  Receiver receiver;
  EXPECT_TRUE(receiver.greet({kOne, {8}}));
  EXPECT_TRUE(receiver.greet({kOne, {0}}));
  EXPECT_THAT(receiver.ended(), ElementsAre(Key{kOne, {0}}));
  receiver.lose({kOne, {0}});
  EXPECT_TRUE(receiver.envelope({kOne, {8}}, 1));
  EXPECT_EQ(receiver.stored(), 1u);
}

TEST(Inbox, who_greets_again_on_its_stream_keeps_it) {
  Receiver receiver;
  EXPECT_TRUE(receiver.greet({kOne, {0}}));
  EXPECT_TRUE(receiver.greet({kOne, {0}}));
  EXPECT_THAT(receiver.ended(), IsEmpty());
  EXPECT_TRUE(receiver.envelope({kOne, {0}}, 1));
  EXPECT_EQ(receiver.stored(), 1u);
}

// A sender opens streams one after the other and gives up all but the last, on which it sends once
// it is answered. Of each stream things come in order, of several in any.
RC_GTEST_PROP(Inbox, the_last_stream_of_a_sender_is_heeded_or_its_end_is_told, ()) {
  enum class Step { greeting, reset, envelope };
  std::vector<std::pair<Key, std::vector<Step>>> streams;
  const auto count = *rc::gen::inRange(1, 6);
  for (int i = 0; i < count; ++i) {
    const Key key{*rc::gen::element(kOne, kOther), StreamId{4 * i}};
    const Step last = i + 1 < count ? Step::reset : Step::envelope;
    streams.push_back({key, {last, Step::greeting}});
  }
  const Key meant = streams.back().first;
  Receiver receiver;
  while (!streams.empty()) {
    const auto next = *rc::gen::inRange<std::size_t>(0, streams.size());
    auto& [key, steps] = streams[next];
    const Step step = steps.back();
    steps.pop_back();
    if (step == Step::greeting) RC_ASSERT(receiver.greet(key));
    if (step == Step::reset) receiver.lose(key);
    if (step == Step::envelope && receiver.answered().contains(key)) {
      RC_ASSERT(receiver.envelope(key, 1));
    }
    if (steps.empty()) streams.erase(streams.begin() + static_cast<std::ptrdiff_t>(next));
  }
  RC_ASSERT(receiver.stored() == 1u || receiver.ended().contains(meant));
}

}  // namespace
}  // namespace kith::messaging
