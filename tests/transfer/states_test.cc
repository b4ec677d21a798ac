// Both tables of transitions, every state with every event.

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

#include "engine/transfer/receiver_state.h"
#include "engine/transfer/sender_state.h"

namespace kith::transfer {
namespace {

// Written out by hand, one line for each state: "event>state" for what is legal.
const std::map<std::string, std::set<std::string>> kSender{
    {"preparing",
     {"prepared>opening", "source_failed>ended", "dial_failed>ended", "cancelled>ended",
      "connection_lost>ended"}},
    {"opening", {"control_opened>offering", "cancelled>ended", "connection_lost>ended"}},
    {"offering",
     {"accepted>sending", "declined>ended", "cancelled>ended", "connection_lost>ended",
      "aborted>ended", "violated>ended"}},
    {"sending",
     {"written>sending", "item_done>sending", "all_sent>finishing", "done>ended", "cancelled>ended",
      "connection_lost>ended", "aborted>ended", "violated>ended"}},
    {"finishing",
     {"written>finishing", "item_done>finishing", "done>ended", "cancelled>ended",
      "connection_lost>ended", "aborted>ended", "violated>ended"}},
};

const std::map<std::string, std::set<std::string>> kReceiver{
    {"awaiting_offer",
     {"offered>reading_manifest", "refused>ended", "connection_lost>ended", "aborted>ended",
      "violated>ended"}},
    {"reading_manifest",
     {"manifest_part>reading_manifest", "decision_needed>deciding", "approved>queued",
      "cancelled>ended", "connection_lost>ended", "aborted>ended", "violated>ended"}},
    {"deciding",
     {"approved>queued", "refused>ended", "undecided>ended", "cancelled>ended",
      "connection_lost>ended", "aborted>ended", "violated>ended"}},
    {"queued",
     {"admitted>staging", "cancelled>ended", "connection_lost>ended", "aborted>ended",
      "violated>ended"}},
    {"staging",
     {"staged>receiving", "disk_failed>cleaning", "cancelled>cleaning", "connection_lost>cleaning",
      "aborted>cleaning", "violated>cleaning"}},
    {"receiving",
     {"chunk>receiving", "hashes>receiving", "file_failed>receiving", "resolved>cleaning",
      "disk_failed>cleaning", "cancelled>cleaning", "connection_lost>cleaning", "aborted>cleaning",
      "violated>cleaning"}},
    {"cleaning", {"cleaned>ended"}},
};

template <class State, class Event>
void check_table(std::size_t states, std::size_t events,
                 const std::map<std::string, std::set<std::string>>& expected) {
  std::set<std::string> state_names;
  std::set<std::string> event_names;
  for (std::size_t s = 0; s < states; ++s) {
    const auto state = static_cast<State>(s);
    state_names.emplace(to_string(state));
    std::set<std::string> legal;
    for (std::size_t e = 0; e < events; ++e) {
      const auto event = static_cast<Event>(e);
      event_names.emplace(to_string(event));
      const auto next = next_state(state, event);
      if (state == State::ended) {
        EXPECT_EQ(next, State::ended) << to_string(event);
      } else if (next) {
        legal.insert(std::string(to_string(event)) + ">" + std::string(to_string(*next)));
      }
    }
    if (state != State::ended) {
      EXPECT_EQ(legal, expected.at(std::string(to_string(state)))) << to_string(state);
    }
  }
  EXPECT_EQ(state_names.size(), states);
  EXPECT_EQ(event_names.size(), events);
}

TEST(SenderStates, every_state_meets_every_event_as_the_table_says) {
  check_table<SenderState, SenderEvent>(kSenderStates, kSenderEvents, kSender);
}

TEST(ReceiverStates, every_state_meets_every_event_as_the_table_says) {
  check_table<ReceiverState, ReceiverEvent>(kReceiverStates, kReceiverEvents, kReceiver);
}

TEST(SenderStates, a_person_and_a_lost_connection_end_every_state) {
  for (std::size_t s = 0; s < kSenderStates; ++s) {
    const auto state = static_cast<SenderState>(s);
    EXPECT_EQ(next_state(state, SenderEvent::cancelled), SenderState::ended);
    EXPECT_EQ(next_state(state, SenderEvent::connection_lost), SenderState::ended);
  }
}

TEST(ReceiverStates, what_was_written_is_cleaned_before_the_end) {
  for (std::size_t e = 0; e < kReceiverEvents; ++e) {
    const auto event = static_cast<ReceiverEvent>(e);
    EXPECT_NE(next_state(ReceiverState::staging, event), ReceiverState::ended);
    EXPECT_NE(next_state(ReceiverState::receiving, event), ReceiverState::ended);
  }
}

}  // namespace
}  // namespace kith::transfer
