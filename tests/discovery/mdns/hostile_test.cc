#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/discovery/mdns/limits.h"
#include "tests/discovery/mdns/single.h"
#include "tests/dns/message_bytes.h"

namespace kith::mdns {
namespace {

using testing::IsEmpty;
using testing::SizeIs;

// A device with one neighbour that has nothing to do for a while.
struct MdnsHostile : testing::Test {
  MdnsHostile() {
    device.announce(presence_of(0));
    device.receive(announcement_of("you"));
    device.advance(minutes(20));
    device.sent.clear();
    device.events.clear();
    before = device.mdns.counters();
  }

  // Nothing happened but that `count` were counted.
  void expect_only(Drop reason, std::uint64_t count = 1) {
    EXPECT_THAT(device.sent, IsEmpty());
    EXPECT_THAT(device.events, IsEmpty());
    EXPECT_EQ(device.mdns.life(kEthernet, Address::Family::ipv4, label_of(0)), Life::established);
    Counters expected = before;
    expected.drops[static_cast<std::size_t>(reason)] += count;
    EXPECT_EQ(device.mdns.counters().drops, expected.drops);
  }
  void let_pass() { device.advance(seconds(3)); }

  Single device;
  Counters before;
};

const dns::Message kTempting = announcement_of("tempting", 66);
const dns::Message kConflict = response_of({srv_of(label_of(0), dns::Name::of("thief.local"))});

TEST_F(MdnsHostile, what_does_not_come_from_the_link_is_dropped) {
  for (const Address source : {Address::v4(10, 1, 0, 1, 5353), Address::v4(192, 0, 2, 1, 5353),
                               Address::v4(0, 0, 0, 0, 5353)}) {
    device.receive(kTempting, source);
    device.receive(kConflict, source);
    device.receive(query_of(kService, dns::Type::ptr), source);
  }
  let_pass();
  expect_only(Drop::off_link, 9);
}

TEST_F(MdnsHostile, interfaces_and_families_that_are_not_ours_are_dropped) {
  device.mdns.handle_datagram(device.now,
                              {kEthernet + 1, Single::neighbour(), dns::write(kTempting).value()});
  Address ipv6 = group(Address::Family::ipv6, kEthernet);
  ipv6.ip[0] = std::byte{0xFE};
  ipv6.ip[1] = std::byte{0x80};
  device.receive(kTempting, ipv6);
  let_pass();
  expect_only(Drop::unknown_interface, 2);
}

TEST_F(MdnsHostile, a_response_from_another_port_is_dropped) {
  Address source = Single::neighbour();
  source.port = 40000;
  device.receive(kTempting, source);
  device.receive(kConflict, source);
  let_pass();
  expect_only(Drop::response_from_port, 2);
}

TEST_F(MdnsHostile, other_opcodes_and_errors_are_dropped) {
  dns::Message update = kTempting;
  update.header.opcode = 5;
  device.receive(update);
  dns::Message error = kConflict;
  error.header.rcode = 3;
  device.receive(error);
  let_pass();
  expect_only(Drop::not_mdns, 2);
}

TEST_F(MdnsHostile, a_packet_cut_anywhere_is_dropped) {
  const Bytes whole = dns::write(kTempting).value();
  for (std::size_t size = 0; size < whole.size(); ++size) {
    device.receive(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)));
  }
  let_pass();
  expect_only(Drop::malformed, whole.size());
  EXPECT_EQ(device.mdns.counters().malformed[static_cast<std::size_t>(dns::Malformed::cut_short)],
            whole.size());
}

TEST_F(MdnsHostile, a_packet_that_refers_to_itself_or_grows_is_dropped_with_its_reason) {
  using dns::bytes_of;
  using dns::header_of;
  using dns::u16_of;
  const auto send = [&](const std::string& bytes) {
    device.receive(to_bytes(as_byte_view(bytes)));
  };
  send(header_of(1, 0) + bytes_of({0xC0, 12}) + u16_of(12) + u16_of(1));
  std::string bomb = header_of(1, 500);
  for (int i = 0; i < 3; ++i) bomb += "\x3f" + std::string(63, 'x');
  bomb += '\0' + u16_of(12) + u16_of(1);
  for (int i = 0; i < 500; ++i) {
    bomb += dns::record_of(bytes_of({0xC0, 12}), 12, bytes_of({0xC0, 12}));
  }
  send(bomb);
  let_pass();
  expect_only(Drop::malformed, 2);
  const auto& reasons = device.mdns.counters().malformed;
  EXPECT_EQ(reasons[static_cast<std::size_t>(dns::Malformed::pointer_not_backward)], 1u);
  EXPECT_EQ(reasons[static_cast<std::size_t>(dns::Malformed::too_many_name_bytes)], 1u);
}

TEST_F(MdnsHostile, a_packet_that_nobody_may_send_is_dropped) {
  dns::Message large = kTempting;
  large.additionals = {record(dns::Name::of("x"), 1, dns::Opaque{65280, Bytes(9000)})};
  device.receive(large);
  let_pass();
  expect_only(Drop::too_large);
}

TEST_F(MdnsHostile, own_packets_that_somebody_repeats_change_nothing) {
  Single other;
  other.announce(presence_of(0));
  other.advance(seconds(5));
  ASSERT_GT(other.sent.size(), 5u);
  for (const Heard& heard : other.sent) {
    // Probes and announcements; a question of ours has an answer.
    if (heard.message().questions.empty()) device.receive(heard.transmit.bytes);
  }
  let_pass();
  EXPECT_THAT(device.sent, IsEmpty());
  EXPECT_THAT(device.events, IsEmpty());
  EXPECT_EQ(device.mdns.life(kEthernet, Address::Family::ipv4, label_of(0)), Life::established);
}

TEST_F(MdnsHostile, what_is_said_of_other_services_changes_nothing) {
  dns::Record printer = ptr_to("p");
  printer.name = dns::Name::of("_ipp._tcp.local");
  device.receive(response_of({printer, a_record(dns::Name::of("printer.local"), 3)}));
  device.receive(query_of(dns::Name::of("_ipp._tcp.local"), dns::Type::ptr));
  device.receive(query_of(dns::Name::of("_ipp._tcp.local"), dns::Type::any));
  let_pass();
  expect_only(Drop::not_wanted, 2);
}

TEST_F(MdnsHostile, questions_of_a_class_that_is_not_ours_are_not_answered) {
  dns::Message query = query_of(kService, dns::Type::ptr);
  query.questions[0].question_class = 3;
  device.receive(query);
  let_pass();
  EXPECT_THAT(device.sent, IsEmpty());
}

TEST_F(MdnsHostile, a_source_that_fills_its_share_leaves_the_neighbours_alone) {
  for (int i = 0; i < 500; ++i) {
    device.receive(announcement_of("liar" + std::to_string(i), 66), Single::neighbour(66));
  }
  let_pass();
  const auto lost = device.events_of<InstanceLost>();
  EXPECT_EQ(device.events_of<InstanceFound>().size(), 500U);
  EXPECT_GE(lost.size(), 500 - kMaxRecordsPerSource / 3);
  for (const InstanceLost& each : lost) EXPECT_NE(each.label, "you");
  device.receive(announcement_of("honest", 67), Single::neighbour(67));
  EXPECT_EQ(device.events_of<InstanceFound>().back().neighbour.label, "honest");
}

TEST_F(MdnsHostile, who_gave_way_in_a_flood_under_its_address_is_asked_for_within_a_minute) {
  for (int i = 0; i < 500; ++i) {
    device.receive(announcement_of("liar" + std::to_string(i)));
    device.advance(milliseconds(1));
  }
  EXPECT_EQ(device.events_of<InstanceLost>().front().label, "you");
  EXPECT_EQ(device.questions(kService, dns::Type::ptr), 0U);
  device.advance(kAskAgain + kLongestDelay);
  EXPECT_EQ(device.questions(kService, dns::Type::ptr), 1U);
  device.receive(announcement_of("you"));
  EXPECT_EQ(device.events_of<InstanceFound>().back().neighbour.label, "you");
}

// Though everything it says makes something give way.
TEST_F(MdnsHostile, a_flood_of_answers_costs_a_question_a_minute) {
  for (int i = 0; i < 6000; ++i) {
    device.receive(announcement_of("liar" + std::to_string(i)));
    device.advance(milliseconds(100));
  }
  EXPECT_GE(device.questions(kService, dns::Type::ptr), 9U);
  EXPECT_LE(device.questions(kService, dns::Type::ptr), 10U);
}

TEST_F(MdnsHostile, a_flood_of_questions_costs_a_packet_a_second) {
  for (int i = 0; i < 1000; ++i) {
    device.receive(query_of(kService, dns::Type::ptr),
                   Single::neighbour(static_cast<std::uint8_t>(i % 250)));
    device.advance(milliseconds(10));
  }
  EXPECT_LE(device.sent.size(), 11u);
}

RC_GTEST_PROP(MdnsHostileBytes, altered_packets_do_no_harm, ()) {
  Single device(*rc::gen::inRange<std::uint64_t>(0, 1000));
  device.announce(presence_of(0));
  device.advance(seconds(*rc::gen::inRange(0, 4)));
  const std::vector<dns::Message> messages{
      announcement_of("you"), kConflict, query_of(kService, dns::Type::ptr, true, {ptr_to("you")}),
      query_of(instance_name(label_of(0)), dns::Type::any),
      response_of({ptr_to(label_of(0), 0), a_record(dns::Name::of("host0.local"), 3)})};
  for (int i = 0; i < 20; ++i) {
    Bytes bytes = dns::write(*rc::gen::elementOf(messages)).value();
    for (int changes = *rc::gen::inRange(0, 3); changes > 0; --changes) {
      const auto at = *rc::gen::inRange<std::size_t>(0, bytes.size());
      bytes[at] = static_cast<std::byte>(*rc::gen::arbitrary<std::uint8_t>());
    }
    device.receive(bytes, Single::neighbour(*rc::gen::inRange<std::uint8_t>(1, 5)));
    device.advance(milliseconds(*rc::gen::inRange(0, 1500)));
  }
  // Whatever it was told, it comes to rest.
  device.advance(minutes(5));
  device.sent.clear();
  device.advance(minutes(1));
  RC_ASSERT(device.sent.size() < 10u);
}

}  // namespace
}  // namespace kith::mdns
