#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/discovery/mdns/limits.h"
#include "tests/discovery/mdns/single.h"

namespace kith::mdns {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;
using testing::UnorderedElementsAre;
using Family = Address::Family;

const Presence kPresence{"host", {{"me", 4242, {{"v", "1"}}}}};
const dns::Name kHost = dns::Name::of("host.local");
const dns::Name kThief = dns::Name::of("thief.local");
const dns::Record kEnumerated = record(kEnumeration, 4500, dns::Ptr{kService}, false);
const dns::Record kMyAddress =
    record(kHost, 120, dns::A{{std::byte{10}, std::byte{0}, std::byte{0}, std::byte{1}}});

dns::Message probe_of(const dns::Record& proposed) {
  dns::Message probe = query_of(proposed.name, dns::Type::any, true);
  probe.authorities = {proposed};
  probe.authorities[0].cache_flush = false;
  return probe;
}

std::vector<dns::Message> probes(const Single& device) {
  std::vector<dns::Message> found;
  for (const Heard& heard : device.sent) {
    if (!heard.message().authorities.empty()) found.push_back(heard.message());
  }
  return found;
}

// Whenever the device probes for a name of its instance, it is taken by somebody who speaks IPv4.
// Returns when it probed.
std::vector<Instant> contest(Single& device, Duration span) {
  std::vector<Instant> probed;
  const Instant end = device.now + span;
  while (device.now < end) {
    device.sent.clear();
    device.advance(milliseconds(1));
    for (const Heard& heard : std::vector<Heard>(device.sent)) {
      if (heard.message().authorities.empty()) continue;
      for (const dns::Question& question : heard.message().questions) {
        if (question.name == kHost) continue;
        probed.push_back(device.now);
        device.receive(response_of({record(question.name, 120, dns::Srv{0, 0, 9, kThief})}));
      }
    }
  }
  return probed;
}

// RFC 6762 sections 8.1 and 8.3.
TEST(MdnsClaims, a_name_is_probed_for_three_times_and_announced_twice) {
  Single device;
  device.announce(kPresence);
  device.advance(milliseconds(250 + 750));
  const auto sent = probes(device);
  ASSERT_THAT(sent, SizeIs(3));
  EXPECT_THAT(
      sent[0].questions,
      UnorderedElementsAre(dns::Question{instance_name("me"), dns::Type::any, dns::kClassIn, true},
                           dns::Question{kHost, dns::Type::any, dns::kClassIn, true}));
  EXPECT_THAT(sent[0].authorities, SizeIs(3));
  for (const dns::Record& each : sent[0].authorities) EXPECT_FALSE(each.cache_flush);
  device.advance(seconds(3));
  std::vector<Heard> announcements;
  for (const Heard& heard : device.sent) {
    if (heard.message().header.response) announcements.push_back(heard);
  }
  ASSERT_THAT(announcements, SizeIs(2));
  EXPECT_EQ(announcements[1].at - announcements[0].at, seconds(1));
  for (const Heard& heard : announcements) {
    EXPECT_THAT(heard.message().answers,
                UnorderedElementsAre(ptr_to("me"), srv_of("me", kHost), txt_of("me"), kMyAddress,
                                     kEnumerated));
  }
  EXPECT_EQ(device.mdns.life(kEthernet, Family::ipv4, "me"), Life::established);
}

TEST(MdnsClaims, nothing_is_answered_while_the_name_is_only_probed_for) {
  Single device;
  device.announce(kPresence);
  device.advance(milliseconds(300));
  device.receive(query_of(kService, dns::Type::ptr));
  device.receive(query_of(kHost, dns::Type::a));
  device.advance(milliseconds(200));
  EXPECT_THAT(device.answers(), IsEmpty());
}

// Section 8.2: the greater data win. A port is compared before a target.
TEST(MdnsClaims, of_two_that_probe_at_once_the_lesser_waits_a_second) {
  for (const bool greater : {true, false}) {
    Single device;
    device.announce(kPresence);
    device.advance(milliseconds(260));
    ASSERT_EQ(device.mdns.life(kEthernet, Family::ipv4, "me"), Life::probing);
    const std::uint16_t port = greater ? 4243 : 4241;
    dns::Message probe = probe_of(srv_of("me", kThief, port));
    probe.authorities.push_back(txt_of("me"));
    device.receive(probe);
    EXPECT_EQ(device.mdns.life(kEthernet, Family::ipv4, "me"),
              greater ? Life::waiting : Life::probing);
    // The host had no rival.
    device.advance(milliseconds(760));
    EXPECT_EQ(device.mdns.life(kEthernet, Family::ipv4, "me"),
              greater ? Life::waiting : Life::announcing);
    device.advance(seconds(4));
    EXPECT_EQ(device.mdns.life(kEthernet, Family::ipv4, "me"), Life::established);
    EXPECT_THAT(device.events, IsEmpty());
  }
}

TEST(MdnsClaims, equal_records_are_no_rivals) {
  Single device;
  device.announce(kPresence);
  device.advance(milliseconds(260));
  for (const dns::Message& probe : probes(device)) device.receive(probe);
  EXPECT_EQ(device.mdns.life(kEthernet, Family::ipv4, "me"), Life::probing);
}

// Section 9.
TEST(MdnsClaims, a_name_that_is_taken_is_left_and_the_next_one_tried) {
  Single device;
  device.announce(kPresence);
  device.advance(milliseconds(300));
  device.receive(response_of({srv_of("me", kThief)}));
  EXPECT_EQ(device.mdns.life(kEthernet, Family::ipv4, "me"), std::nullopt);
  device.settle();
  EXPECT_EQ(device.mdns.life(kEthernet, Family::ipv4, "me (2)"), Life::established);
  const auto conflicts = device.events_of<InstanceConflict>();
  ASSERT_THAT(conflicts, SizeIs(1));
  EXPECT_EQ(conflicts[0].label, "me");
  EXPECT_FALSE(conflicts[0].host);
  EXPECT_EQ(conflicts[0].renamed_to, "me (2)");
}

TEST(MdnsClaims, a_host_whose_name_is_taken_gets_another_and_its_instances_follow) {
  Single device;
  device.announce(kPresence);
  device.advance(milliseconds(300));
  device.receive(response_of({a_record(kHost, 50)}));
  device.settle();
  const auto conflicts = device.events_of<InstanceConflict>();
  ASSERT_THAT(conflicts, SizeIs(1));
  EXPECT_TRUE(conflicts[0].host);
  EXPECT_EQ(conflicts[0].renamed_to, "host-2");
  device.receive(query_of(instance_name("me"), dns::Type::srv));
  EXPECT_THAT(device.answers(), ElementsAre(srv_of("me", dns::Name::of("host-2.local"))));
}

TEST(MdnsClaims, a_name_in_use_is_probed_again_when_it_is_contested_and_kept_if_nobody_defends_it) {
  Single device;
  device.announce(kPresence);
  device.settle();
  device.receive(response_of({srv_of("me", kThief)}));
  EXPECT_EQ(device.mdns.life(kEthernet, Family::ipv4, "me"), Life::waiting);
  device.advance(seconds(5));
  EXPECT_EQ(device.mdns.life(kEthernet, Family::ipv4, "me"), Life::established);
  EXPECT_THAT(probes(device), SizeIs(3));
  EXPECT_THAT(device.events, IsEmpty());
}

// Sections 8.1 and 9.
TEST(MdnsClaims, who_finds_every_name_taken_tries_the_next_ever_5_seconds) {
  Single device;
  device.announce(kPresence);
  const std::vector<Instant> probed = contest(device, minutes(2));
  ASSERT_GT(probed.size(), kManyConflicts);
  EXPECT_LT(probed[kManyConflicts - 1] - probed[0], seconds(10));
  for (std::size_t i = kManyConflicts; i < probed.size(); ++i) {
    EXPECT_GE(probed[i] - probed[i - 1], kManyConflictsPause) << i;
    EXPECT_LE(probed[i] - probed[i - 1], kManyConflictsPause + kProbeInterval) << i;
  }
  EXPECT_THAT(device.events_of<InstanceConflict>(), SizeIs(probed.size()));
}

// Whoever takes every name on one of two scopes has the other go no faster.
TEST(MdnsClaims, names_are_tried_no_faster_on_two_scopes) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    Single device(seed, true);
    device.announce(kPresence);
    const std::vector<Instant> probed = contest(device, minutes(2));
    // Both may probe for one name at the same time.
    EXPECT_LE(probed.size(), 2 * (kManyConflicts + minutes(2) / kManyConflictsPause)) << seed;
  }
}

TEST(MdnsClaims, a_name_is_announced_as_soon_as_nobody_contests_it_any_more) {
  Single device;
  device.announce(kPresence);
  contest(device, minutes(2));
  ASSERT_FALSE(device.events_of<InstanceConflict>().empty());
  const std::string label = device.events_of<InstanceConflict>().back().renamed_to;
  device.advance(kManyConflictsPause + kProbeInterval + kProbes * kProbeInterval);
  EXPECT_EQ(device.mdns.life(kEthernet, Family::ipv4, label), Life::announcing);
  // And the next one does not wait for what was long ago.
  device.settle();
  device.advance(kManyConflictsSpan);
  device.announce({"host", {kPresence.instances[0], {"other", 4242, {}}}});
  device.advance((kProbes + 1) * kProbeInterval);
  EXPECT_EQ(device.mdns.life(kEthernet, Family::ipv4, "other"), Life::announcing);
}

TEST(MdnsClaims, two_devices_that_want_one_name_end_with_two) {
  Lan lan({3});
  lan.join();
  lan.join();
  for (std::size_t i = 0; i < 2; ++i) {
    lan.with(i, [&](Mdns& mdns) {
      Presence presence = presence_of(i);
      presence.instances[0].label = "same";
      ASSERT_TRUE(mdns.set_instances(lan.now(), presence));
    });
  }
  lan.run_for(seconds(10));
  std::set<std::string> names;
  for (std::size_t i = 0; i < 2; ++i) {
    for (const auto& [label, neighbour] : lan.device(i).neighbours) names.insert(label);
  }
  EXPECT_THAT(names, UnorderedElementsAre("same", "same (2)"));
}

// Section 10.1.
TEST(MdnsClaims, what_is_no_longer_announced_says_goodbye) {
  Single device;
  device.announce(kPresence);
  device.settle();
  device.announce({"host", {}});
  EXPECT_THAT(device.answers(),
              UnorderedElementsAre(ptr_to("me", 0), srv_of("me", kHost, 4242, 0),
                                   txt_of("me", "v=1", 0), record(kHost, 0, kMyAddress.data)));
  device.sent.clear();
  device.receive(query_of(kService, dns::Type::ptr));
  device.advance(seconds(1));
  EXPECT_THAT(device.answers(), IsEmpty());
}

TEST(MdnsClaims, what_was_never_announced_says_no_goodbye) {
  Single device;
  device.announce(kPresence);
  device.advance(milliseconds(300));
  device.announce({"host", {}});
  device.advance(seconds(5));
  EXPECT_THAT(device.answers(), IsEmpty());
}

// Section 8.4.
TEST(MdnsClaims, what_changes_under_a_name_is_announced_without_a_probe) {
  Single device;
  device.announce(kPresence);
  device.settle();
  Presence changed = kPresence;
  changed.instances[0].txt = {{"v", "2"}};
  device.announce(changed);
  EXPECT_THAT(device.answers(), Contains(txt_of("me", "v=2")));
  EXPECT_THAT(device.answers(), Not(Contains(txt_of("me", "v=1", 0))));
  device.advance(seconds(3));
  EXPECT_THAT(probes(device), IsEmpty());
}

TEST(MdnsClaims, an_instance_that_is_replaced_leaves_the_others_alone) {
  Single device;
  device.announce({"host", {{"old", 1, {}}, {"both", 1, {}}}});
  device.settle();
  device.announce({"host", {{"new", 1, {}}, {"both", 1, {}}}});
  EXPECT_THAT(device.answers(), Contains(ptr_to("old", 0)));
  EXPECT_EQ(device.mdns.life(kEthernet, Family::ipv4, "both"), Life::established);
  EXPECT_EQ(device.mdns.life(kEthernet, Family::ipv4, "new"), Life::waiting);
}

// Section 6.6.
TEST(MdnsClaims, a_goodbye_that_is_not_ours_is_contradicted) {
  Single device;
  device.announce(kPresence);
  device.settle();
  device.receive(response_of({ptr_to("me", 0), srv_of("me", kHost, 4242, 0)}));
  EXPECT_THAT(device.answers(), UnorderedElementsAre(ptr_to("me"), srv_of("me", kHost)));
}

TEST(MdnsClaims, own_records_of_another_interface_are_no_conflict) {
  Single device;
  Interface wireless = interface_of(1);
  wireless.index = 4;
  const std::vector<Interface> both{device.interface, wireless};
  device.mdns.set_interfaces(device.now, both);
  device.announce(kPresence);
  device.settle();
  // A neighbour's bridge repeats what was said on the other interface.
  device.receive(response_of(
      {record(kHost, 120, dns::A{{std::byte{10}, std::byte{0}, std::byte{0}, std::byte{2}}})}));
  EXPECT_EQ(device.mdns.life(kEthernet, Family::ipv4, "me"), Life::established);
  device.advance(seconds(2));
  EXPECT_THAT(probes(device), IsEmpty());
}

TEST(MdnsClaims, each_family_is_a_scope_of_its_own) {
  Single device(1, true);
  device.announce(kPresence);
  device.advance(seconds(3));
  std::map<Address, int> sent;
  for (const Heard& heard : device.sent) {
    if (heard.message().header.response) ++sent[heard.transmit.destination];
  }
  EXPECT_EQ(sent, (std::map<Address, int>{{group(Family::ipv4, kEthernet), 2},
                                          {group(Family::ipv6, kEthernet), 2}}));
  // One of them goes.
  device.interface.ipv6.clear();
  device.mdns.set_interfaces(device.now, std::span(&device.interface, 1));
  EXPECT_EQ(device.mdns.life(kEthernet, Family::ipv6, "me"), std::nullopt);
  EXPECT_EQ(device.mdns.life(kEthernet, Family::ipv4, "me"), Life::established);
}

}  // namespace
}  // namespace kith::mdns
