#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/discovery/mdns/limits.h"
#include "tests/discovery/mdns/single.h"

namespace kith::mdns {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

std::vector<Heard> browses(const Single& device) {
  std::vector<Heard> found;
  for (const Heard& heard : device.sent) {
    const dns::Message message = heard.message();
    if (!message.questions.empty() && message.questions[0].type == dns::Type::ptr) {
      found.push_back(heard);
    }
  }
  return found;
}

// RFC 6762 section 5.2.
TEST(MdnsQuery, the_service_is_asked_for_at_once_and_then_at_doubling_intervals_up_to_an_hour) {
  Single device;
  device.advance(hours(6));
  const auto asked = browses(device);
  ASSERT_GT(asked.size(), 16u);
  EXPECT_LE(asked[0].at, kStart + milliseconds(120));
  EXPECT_GE(asked[0].at, kStart + milliseconds(20));
  Duration interval = seconds(1);
  for (std::size_t i = 1; i < asked.size(); ++i) {
    const Duration pause = asked[i].at - asked[i - 1].at;
    EXPECT_GE(pause, interval);
    EXPECT_LE(pause, interval + milliseconds(120));
    interval = std::min<Duration>(interval * 2, hours(1));
  }
  for (std::size_t i = 0; i < asked.size(); ++i) {
    EXPECT_EQ(asked[i].message().questions[0].unicast_response, i == 0);
  }
}

TEST(MdnsQuery, what_is_known_is_said_until_half_its_life_is_over) {
  Single device;
  device.receive(announcement_of("you"));
  device.advance(seconds(10));
  auto known = browses(device).back().message().answers;
  ASSERT_THAT(known, SizeIs(1));
  EXPECT_TRUE(known[0].same_as(ptr_to("you")));
  EXPECT_LE(known[0].ttl, 4500u);
  EXPECT_GT(known[0].ttl, 4480u);
  device.advance(minutes(65));
  EXPECT_THAT(browses(device).back().message().answers, IsEmpty());
}

// Section 7.3.
TEST(MdnsQuery, who_hears_its_own_question_from_another_does_not_ask_it) {
  for (const bool unicast : {false, true}) {
    Single device;
    device.advance(milliseconds(1000));
    ASSERT_THAT(browses(device), SizeIs(1));
    device.receive(query_of(kService, dns::Type::ptr, unicast));
    device.advance(milliseconds(900));
    EXPECT_THAT(browses(device), SizeIs(unicast ? 2 : 1));
  }
}

TEST(MdnsQuery, a_question_with_answers_that_are_not_known_here_is_no_substitute) {
  Single device;
  device.advance(milliseconds(1000));
  device.receive(query_of(kService, dns::Type::ptr, false, {ptr_to("stranger")}));
  device.advance(milliseconds(900));
  EXPECT_THAT(browses(device), SizeIs(2));
}

TEST(MdnsQuery, nor_is_one_whose_further_answers_are_not_known) {
  Single device;
  device.advance(milliseconds(1000));
  dns::Message query = query_of(kService, dns::Type::ptr);
  query.header.truncated = true;
  dns::Message more;
  more.answers = {ptr_to("stranger")};
  device.receive(query);
  device.receive(more, Single::neighbour(98));
  device.advance(milliseconds(150));
  EXPECT_THAT(browses(device), SizeIs(1));
  device.receive(more);
  device.advance(milliseconds(150));
  EXPECT_THAT(browses(device), SizeIs(2));
}

TEST(MdnsQuery, nobody_keeps_a_device_from_asking_for_ever) {
  Single device;
  for (int i = 0; i < 600; ++i) {
    device.receive(query_of(kService, dns::Type::ptr));
    device.advance(milliseconds(100));
  }
  // Of the questions at 0, 1, 3, 7, 15, 31 s three in a row at most were another's.
  EXPECT_GE(browses(device).size(), 2u);
}

TEST(MdnsQuery, what_an_announcement_left_out_is_asked_for_a_few_times) {
  Single device;
  device.advance(milliseconds(200));
  const dns::Name host = dns::Name::of("h.local");
  device.receive(response_of({ptr_to("you")}));
  device.advance(milliseconds(120));
  EXPECT_EQ(device.questions(instance_name("you"), dns::Type::srv), 1u);
  EXPECT_EQ(device.questions(instance_name("you"), dns::Type::txt), 1u);
  device.receive(response_of({srv_of("you", host), txt_of("you")}));
  device.advance(minutes(1));
  EXPECT_EQ(device.questions(instance_name("you"), dns::Type::srv), 1u);
  EXPECT_EQ(device.questions(host, dns::Type::a), 4u);
  EXPECT_EQ(device.questions(host, dns::Type::aaaa), 4u);
  EXPECT_THAT(device.events, IsEmpty());
  device.receive(response_of({a_record(host, 99)}));
  EXPECT_THAT(device.events, SizeIs(1));
}

TEST(MdnsQuery, what_several_instances_lack_is_asked_in_one_query) {
  Single device;
  device.settle();
  constexpr int kInstances = 8;
  const dns::Name host = dns::Name::of("h.local");
  for (int i = 0; i < kInstances; ++i) {
    const std::string label = "you" + std::to_string(i);
    device.receive(response_of({ptr_to(label), srv_of(label, host), txt_of(label)}),
                   Single::neighbour(static_cast<std::uint8_t>(100 + i)));
  }
  device.advance(milliseconds(120));
  EXPECT_THAT(device.sent, SizeIs(1));
  EXPECT_EQ(device.questions(host, dns::Type::a), 1u);
  for (int i = 0; i < kInstances; ++i) {
    device.receive(response_of({ptr_to("other" + std::to_string(i))}));
  }
  device.sent.clear();
  device.advance(milliseconds(120));
  EXPECT_THAT(device.sent, SizeIs(1));
  EXPECT_EQ(device.questions(instance_name("other7"), dns::Type::srv), 1u);
}

TEST(MdnsQuery, a_neighbour_is_asked_for_again_before_it_ends_and_lost_when_it_does) {
  Single device;
  device.advance(hours(2));
  device.sent.clear();
  device.receive(announcement_of("you"));
  const Instant heard = device.now;
  device.advance(minutes(76));
  int refreshes = 0;
  for (const Heard& query : browses(device)) {
    const auto share = (query.at - heard).count() / seconds(45).count();  // in per cent
    if (share >= 80) ++refreshes;
  }
  EXPECT_GE(refreshes, 4);
  EXPECT_THAT(device.events_of<InstanceLost>(), SizeIs(1));
}

}  // namespace
}  // namespace kith::mdns
