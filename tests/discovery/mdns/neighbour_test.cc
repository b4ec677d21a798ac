#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/discovery/mdns/limits.h"
#include "tests/discovery/mdns/single.h"

namespace kith::mdns {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

const dns::Name kHost = dns::Name::of("h99.local");

TEST(MdnsNeighbour, what_is_announced_is_found_with_all_that_a_dialler_needs) {
  Single device;
  dns::Message announcement = announcement_of("you");
  dns::Aaaa local;
  local.ip[0] = std::byte{0xFE};
  local.ip[1] = std::byte{0x80};
  local.ip[15] = std::byte{9};
  announcement.additionals = {record(kHost, 120, local)};
  device.receive(announcement);
  const auto found = device.events_of<InstanceFound>();
  ASSERT_THAT(found, SizeIs(1));
  const Neighbour& you = found[0].neighbour;
  EXPECT_EQ(you.interface, kEthernet);
  EXPECT_EQ(you.label, "you");
  EXPECT_EQ(you.host, "h99.local");
  EXPECT_EQ(you.txt, (TxtPairs{{"v", "1"}}));
  ASSERT_THAT(you.addresses, SizeIs(2));
  EXPECT_EQ(you.addresses[0], Address::v4(10, 0, 7, 99, 4242));
  EXPECT_EQ(you.addresses[1].to_string(), "[fe80::9%3]:4242");
  EXPECT_EQ(you.addresses[1].scope, kEthernet);
}

TEST(MdnsNeighbour, it_is_found_in_whatever_order_its_records_come) {
  Single device;
  dns::Message reversed = announcement_of("you");
  std::reverse(reversed.answers.begin(), reversed.answers.end());
  device.receive(reversed);
  EXPECT_THAT(device.events_of<InstanceFound>(), SizeIs(1));
}

// RFC 6762 section 10.1.
TEST(MdnsNeighbour, a_goodbye_loses_it_after_a_second) {
  Single device;
  device.receive(announcement_of("you"));
  device.receive(response_of({ptr_to("you", 0)}));
  device.advance(milliseconds(999));
  EXPECT_THAT(device.events_of<InstanceLost>(), IsEmpty());
  device.advance(milliseconds(1));
  const auto lost = device.events_of<InstanceLost>();
  ASSERT_THAT(lost, SizeIs(1));
  EXPECT_EQ(lost[0].label, "you");
}

TEST(MdnsNeighbour, a_goodbye_that_is_contradicted_within_the_second_has_no_effect) {
  Single device;
  device.receive(announcement_of("you"));
  device.receive(response_of({ptr_to("you", 0)}));
  device.advance(milliseconds(500));
  device.receive(response_of({ptr_to("you")}));
  device.advance(seconds(5));
  EXPECT_THAT(device.events, SizeIs(1));
}

// Section 10.2.
TEST(MdnsNeighbour, new_addresses_replace_the_old_ones_after_a_second) {
  Single device;
  device.receive(announcement_of("you"));
  device.advance(seconds(10));
  device.receive(response_of({a_record(kHost, 50)}));
  auto updated = device.events_of<InstanceUpdated>();
  ASSERT_THAT(updated, SizeIs(1));
  EXPECT_THAT(updated[0].neighbour.addresses, SizeIs(2));
  device.advance(seconds(1));
  updated = device.events_of<InstanceUpdated>();
  ASSERT_THAT(updated, SizeIs(2));
  EXPECT_THAT(updated[1].neighbour.addresses, ElementsAre(Address::v4(10, 0, 7, 50, 4242)));
}

TEST(MdnsNeighbour, addresses_that_come_in_several_packets_do_not_replace_each_other) {
  Single device;
  device.receive(announcement_of("you"));
  device.advance(milliseconds(500));
  device.receive(response_of({a_record(kHost, 50)}));
  device.advance(seconds(5));
  const auto updated = device.events_of<InstanceUpdated>();
  ASSERT_THAT(updated, SizeIs(1));
  EXPECT_THAT(updated[0].neighbour.addresses, SizeIs(2));
}

TEST(MdnsNeighbour, a_changed_txt_or_port_is_an_update_and_a_repetition_is_none) {
  Single device;
  device.receive(announcement_of("you"));
  device.advance(seconds(3));
  device.receive(announcement_of("you"));
  device.advance(seconds(3));
  EXPECT_THAT(device.events, SizeIs(1));
  device.receive(response_of({txt_of("you", "v=2")}));
  device.advance(seconds(3));
  auto updated = device.events_of<InstanceUpdated>();
  ASSERT_THAT(updated, SizeIs(1));
  EXPECT_EQ(updated[0].neighbour.txt, (TxtPairs{{"v", "2"}}));
  device.receive(response_of({srv_of("you", kHost, 99)}));
  device.advance(seconds(3));
  updated = device.events_of<InstanceUpdated>();
  ASSERT_THAT(updated, SizeIs(2));
  EXPECT_THAT(updated[1].neighbour.addresses, ElementsAre(Address::v4(10, 0, 7, 99, 99)));
}

TEST(MdnsNeighbour, addresses_are_the_last_known_while_the_instance_lives) {
  Single device;
  device.receive(announcement_of("you"));
  device.advance(minutes(59));
  EXPECT_THAT(device.events, SizeIs(1));
  // What took their place meanwhile flushes them all the same.
  device.receive(response_of({a_record(kHost, 50)}));
  device.advance(seconds(2));
  EXPECT_THAT(device.events_of<InstanceUpdated>().back().neighbour.addresses,
              ElementsAre(Address::v4(10, 0, 7, 50, 4242)));
}

// Section 10.4.
TEST(MdnsNeighbour, who_cannot_be_reached_is_asked_for_and_lost_after_ten_seconds_of_silence) {
  for (const bool alive : {false, true}) {
    Single device;
    device.receive(announcement_of("you"));
    device.advance(minutes(5));
    device.sent.clear();
    device.mdns.reconfirm(device.now, kEthernet, "you");
    device.drain();
    EXPECT_EQ(device.questions(kService, dns::Type::ptr), 1u);
    device.advance(seconds(9));
    EXPECT_GE(device.questions(kService, dns::Type::ptr), 2u);
    if (alive) device.receive(response_of({ptr_to("you")}));
    device.advance(seconds(2));
    EXPECT_THAT(device.events_of<InstanceLost>(), SizeIs(alive ? 0 : 1));
  }
}

TEST(MdnsNeighbour, an_interface_that_goes_takes_its_neighbours_along) {
  Single device;
  device.receive(announcement_of("you"));
  device.mdns.set_interfaces(device.now, {});
  device.drain();
  EXPECT_THAT(device.events_of<InstanceLost>(), SizeIs(1));
  device.mdns.set_interfaces(device.now, std::span(&device.interface, 1));
  device.receive(announcement_of("you"));
  EXPECT_THAT(device.events_of<InstanceFound>(), SizeIs(2));
}

TEST(MdnsNeighbour, a_device_does_not_find_itself) {
  Single device;
  device.announce(presence_of(0));
  device.advance(seconds(3));
  device.receive(
      response_of({ptr_to(label_of(0)), srv_of(label_of(0), dns::Name::of("host0.local")),
                   txt_of(label_of(0))}));
  device.advance(seconds(3));
  EXPECT_THAT(device.events, IsEmpty());
}

}  // namespace
}  // namespace kith::mdns
