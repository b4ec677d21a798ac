#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/discovery/mdns/limits.h"
#include "engine/dns/parse.h"
#include "tests/discovery/mdns/single.h"

namespace kith::mdns {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

const dns::Name kHost = dns::Name::of("host.local");
const dns::Name kMe = instance_name("me");
const Presence kPresence{"host", {{"me", 4242, {{"v", "1"}, {"k", "x"}}}}};

const dns::Record kPtr = ptr_to("me");
const dns::Record kSrv = srv_of("me", kHost);
const dns::Record kTxt = record(kMe, 4500, dns::Txt{{"v=1", "k=x"}});
const dns::Record kA =
    record(kHost, 120, dns::A{{std::byte{10}, std::byte{0}, std::byte{0}, std::byte{1}}});
const dns::Record kServices = record(kEnumeration, 4500, dns::Ptr{kService}, false);

struct MdnsResponder : testing::Test {
  MdnsResponder() {
    device.announce(kPresence);
    device.settle();
  }
  Single device;
};

TEST_F(MdnsResponder, the_service_is_answered_with_all_that_a_browser_asks_next) {
  device.receive(query_of(kService, dns::Type::ptr));
  EXPECT_THAT(device.sent, IsEmpty());
  device.advance(milliseconds(19));
  EXPECT_THAT(device.sent, IsEmpty());
  device.advance(milliseconds(101));
  ASSERT_THAT(device.sent, SizeIs(1));
  EXPECT_EQ(device.sent[0].transmit.destination, Address::v4(224, 0, 0, 251, 5353));
  const dns::Message message = device.sent[0].message();
  EXPECT_EQ(message.header.id, 0);
  EXPECT_TRUE(message.header.authoritative);
  EXPECT_THAT(message.questions, IsEmpty());
  EXPECT_THAT(message.answers, ElementsAre(kPtr));
  EXPECT_THAT(message.additionals, UnorderedElementsAre(kSrv, kTxt, kA));
}

// RFC 6763 section 9.
TEST_F(MdnsResponder, the_service_is_among_the_types_that_are_enumerated) {
  device.receive(query_of(kEnumeration, dns::Type::ptr));
  device.advance(milliseconds(120));
  EXPECT_THAT(device.answers(), ElementsAre(kServices));
  EXPECT_THAT(device.additionals(), IsEmpty());
}

TEST_F(MdnsResponder, unique_records_are_given_at_once) {
  device.receive(query_of(kMe, dns::Type::srv));
  EXPECT_THAT(device.answers(), ElementsAre(kSrv));
  EXPECT_THAT(device.additionals(), ElementsAre(kA));
  device.sent.clear();
  device.receive(query_of(kMe, dns::Type::txt));
  EXPECT_THAT(device.answers(), ElementsAre(kTxt));
  device.settle();
  device.receive(query_of(kMe, dns::Type::any));
  EXPECT_THAT(device.answers(), UnorderedElementsAre(kSrv, kTxt));
}

TEST_F(MdnsResponder, names_are_asked_for_in_any_case) {
  device.receive(query_of(dns::Name::of("HOST.Local"), dns::Type::a));
  EXPECT_THAT(device.answers(), ElementsAre(kA));
}

// RFC 6762 section 6.1.
TEST_F(MdnsResponder, a_type_that_is_not_there_is_denied_by_the_list_of_those_that_are) {
  device.receive(query_of(kHost, dns::Type::aaaa));
  EXPECT_THAT(device.answers(), ElementsAre(record(kHost, 120, dns::Nsec{kHost, {1}})));
  device.sent.clear();
  device.receive(query_of(kMe, dns::Type::a));
  EXPECT_THAT(device.answers(), ElementsAre(record(kMe, 120, dns::Nsec{kMe, {16, 33}})));
  device.sent.clear();
  device.receive(query_of(dns::Name::of("other.local"), dns::Type::a));
  EXPECT_THAT(device.answers(), IsEmpty());
}

// Section 7.1.
TEST_F(MdnsResponder, what_is_known_is_not_answered_while_half_its_life_is_left) {
  device.receive(query_of(kService, dns::Type::ptr, false, {ptr_to("me", 2250)}));
  device.advance(seconds(1));
  EXPECT_THAT(device.sent, IsEmpty());
  device.receive(query_of(kService, dns::Type::ptr, false, {ptr_to("me", 2249)}));
  device.advance(seconds(1));
  EXPECT_THAT(device.answers(), ElementsAre(kPtr));
}

// Section 7.2.
TEST_F(MdnsResponder, known_answers_that_follow_count_if_they_come_from_the_asker_alone) {
  dns::Message more;
  more.answers = {kPtr};
  dns::Message query = query_of(kService, dns::Type::ptr);
  query.header.truncated = true;
  device.receive(query);
  device.advance(milliseconds(300));
  device.receive(more);
  device.advance(seconds(1));
  EXPECT_THAT(device.sent, IsEmpty());

  device.receive(query);
  device.advance(milliseconds(399));
  EXPECT_THAT(device.sent, IsEmpty());
  device.receive(more, Single::neighbour(98));
  device.advance(milliseconds(101));
  EXPECT_THAT(device.answers(), ElementsAre(kPtr));

  device.settle();
  device.receive(query);
  device.receive(query, Single::neighbour(98));
  device.receive(more);
  device.advance(seconds(1));
  EXPECT_THAT(device.answers(), ElementsAre(kPtr));
}

// Section 7.4.
TEST_F(MdnsResponder, an_answer_that_another_gave_is_not_repeated) {
  device.receive(query_of(kEnumeration, dns::Type::ptr));
  device.receive(response_of({record(kEnumeration, 4499, dns::Ptr{kService}, false)}));
  device.advance(milliseconds(120));
  EXPECT_THAT(device.answers(), ElementsAre(kServices));
  device.settle();
  device.receive(query_of(kEnumeration, dns::Type::ptr));
  device.receive(response_of({kServices}));
  device.advance(milliseconds(120));
  EXPECT_THAT(device.sent, IsEmpty());
}

TEST_F(MdnsResponder, repeating_our_own_records_to_us_does_not_silence_us) {
  device.receive(query_of(kService, dns::Type::ptr));
  device.receive(response_of({kPtr, kSrv, kTxt, kA}));
  device.advance(milliseconds(120));
  EXPECT_THAT(device.answers(), ElementsAre(kPtr));
}

// Section 6.
TEST_F(MdnsResponder, no_record_is_multicast_twice_within_a_second) {
  for (int i = 0; i < 19; ++i) {
    device.receive(query_of(kHost, dns::Type::a));
    device.advance(milliseconds(100));
  }
  EXPECT_THAT(device.sent, SizeIs(2));
  EXPECT_GE(device.sent[1].at - device.sent[0].at, seconds(1));
}

TEST_F(MdnsResponder, a_probe_for_our_name_is_answered_at_once_four_times_a_second) {
  dns::Message probe = query_of(kMe, dns::Type::any);
  probe.authorities = {srv_of("me", dns::Name::of("thief.local"))};
  for (int i = 0; i < 9; ++i) {
    device.receive(probe);
    device.advance(milliseconds(100));
  }
  EXPECT_THAT(device.sent, SizeIs(4));
}

// Section 6.4.
TEST_F(MdnsResponder, answers_to_several_questions_share_a_packet) {
  device.receive(query_of(kService, dns::Type::ptr));
  device.receive(query_of(kEnumeration, dns::Type::ptr));
  device.advance(milliseconds(120));
  EXPECT_THAT(device.sent, SizeIs(1));
  EXPECT_THAT(device.answers(), UnorderedElementsAre(kPtr, kServices));
}

// Section 5.4.
TEST_F(MdnsResponder, who_asks_for_a_unicast_answer_gets_one_unless_the_others_need_it_too) {
  device.receive(query_of(kService, dns::Type::ptr, true));
  device.advance(milliseconds(120));
  ASSERT_THAT(device.sent, SizeIs(1));
  EXPECT_EQ(device.sent[0].transmit.destination, Single::neighbour());
  EXPECT_THAT(device.answers(), ElementsAre(kPtr));
  EXPECT_THAT(device.additionals(), UnorderedElementsAre(kSrv, kTxt, kA));
  device.advance(minutes(19));
  device.sent.clear();
  device.receive(query_of(kService, dns::Type::ptr, true));
  device.advance(milliseconds(120));
  ASSERT_THAT(device.sent, SizeIs(1));
  EXPECT_EQ(device.sent[0].transmit.destination, Address::v4(224, 0, 0, 251, 5353));
}

// Section 6.7.
TEST_F(MdnsResponder, a_plain_resolver_gets_what_it_understands) {
  Address resolver = Single::neighbour();
  resolver.port = 40000;
  dns::Message query = query_of(kService, dns::Type::ptr);
  query.header.id = 77;
  query.header.recursion_desired = true;
  device.receive(query, resolver);
  ASSERT_THAT(device.sent, SizeIs(1));
  EXPECT_EQ(device.sent[0].transmit.destination, resolver);
  const dns::Message message = device.sent[0].message();
  EXPECT_EQ(message.header.id, 77);
  EXPECT_EQ(message.questions, query.questions);
  EXPECT_THAT(message.answers, ElementsAre(ptr_to("me", 10)));
  EXPECT_THAT(message.additionals, SizeIs(3));
  for (const dns::Record& each : message.additionals) {
    EXPECT_FALSE(each.cache_flush);
    EXPECT_EQ(each.ttl, 10u);
  }
  // Section 18.14: the target of SRV stands in full.
  EXPECT_NE(as_text(device.sent[0].transmit.bytes).find(std::string("\4host\5local\0", 12)),
            std::string_view::npos);
}

TEST_F(MdnsResponder, an_answer_to_a_plain_resolver_keeps_to_the_size_it_names) {
  Presence many{"host", {}};
  for (char c = 'a'; c < 'i'; ++c) many.instances.push_back({std::string(60, c), 1, {}});
  device.announce(many);
  device.settle();
  Address resolver = Single::neighbour();
  resolver.port = 40000;
  dns::Message query = query_of(kService, dns::Type::ptr);
  device.receive(query, resolver);
  dns::Record opt;
  opt.record_class = 1232;
  opt.data = dns::Opaque{41, {}};
  query.additionals = {opt};
  device.receive(query, resolver);
  ASSERT_THAT(device.sent, SizeIs(2));
  EXPECT_LE(device.sent[0].transmit.bytes.size(), 512u);
  EXPECT_TRUE(device.sent[0].message().header.truncated);
  EXPECT_LE(device.sent[1].transmit.bytes.size(), 1232u);
  EXPECT_FALSE(device.sent[1].message().header.truncated);
  EXPECT_THAT(device.sent[1].message().answers, SizeIs(8));
}

TEST_F(MdnsResponder, unicast_answers_that_wait_have_a_limit_for_each_asker) {
  for (int i = 0; i < 10; ++i) device.receive(query_of(kService, dns::Type::ptr, true));
  device.advance(milliseconds(120));
  EXPECT_THAT(device.sent, SizeIs(kMaxUnicastAnswersPerSource));
  EXPECT_EQ(device.mdns.counters().of(Drop::unicast_answers), 10 - kMaxUnicastAnswersPerSource);
}

}  // namespace
}  // namespace kith::mdns
