// Devices on one LAN under their own and their blinded names, on machines whose sockets fail.

#include "engine/discovery/lan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <memory>

#include "engine/dns/parse.h"
#include "engine/dns/write.h"
#include "tests/discovery/happenings.h"

namespace kith::discovery {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint16_t kPort = 4433;

struct Party {
  std::uint8_t host = 0;
  DeviceId id;
  VisibilityKey key{};
  std::unique_ptr<Lan> lan;
  std::optional<SocketId> socket;
  bool port_taken = false;                // no socket can be opened
  std::optional<std::uint64_t> fails_at;  // the number of the OpenSocket that fails
  std::uint64_t opened = 0;
  std::int64_t unix_ms_ahead = 0;
  // What was said last of whom.
  std::map<DeviceId, std::vector<Address>> sightings;
  std::map<std::string, std::vector<Address>> strangers;
};

// Machines on one wire.
class House {
 public:
  explicit House(std::size_t parties) : parties_(parties) {
    for (std::size_t i = 0; i < parties; ++i) {
      parties_[i].host = static_cast<std::uint8_t>(i + 1);
      parties_[i].id.bytes[0] = std::byte{parties_[i].host};
      parties_[i].key[0] = std::byte{parties_[i].host};
    }
  }

  Party& party(std::size_t index) { return parties_[index]; }
  Instant now() const { return clock_.now(); }
  std::int64_t unix_ms(const Party& party) const {
    return kStartMs + clock_.now().ns / 1'000'000 + party.unix_ms_ahead;
  }
  Address address_of(std::size_t index) const {
    return Address::v4(10, 0, 0, parties_[index].host, kPort);
  }
  void start(bool visible = false);
  void run_for(Duration time);
  // Each knows the other as a paired device.
  void introduce(std::size_t one, std::size_t other);
  void meet(std::size_t shows, const std::optional<DeviceId>& rendezvous);
  void fail_socket(std::size_t index);
  // From now on whatever name anybody probes for is taken, or no more.
  void contest(bool names) { contested_ = names; }
  // Where one takes another to be now.
  std::vector<Address> seen(std::size_t by, const DeviceId& who) {
    return parties_[by].sightings[who];
  }

 private:
  static constexpr std::int64_t kStartMs = 1'767'225'600'000;

  void drain(Party& party);
  void take_names(Party& party, ByteView probe);
  void later(Duration delay, std::function<void()> happening) {
    clock_.later(delay, std::move(happening));
  }

  Happenings clock_;
  std::uint64_t ids_ = 0;
  std::vector<Party> parties_;
  bool contested_ = false;
};

const DeviceId kRendezvous{{std::byte{0xaa}}};

TEST(LanOfDevices, a_joiner_sees_where_the_words_are_shown_for_as_long_as_they_are) {
  House house(3);
  house.start();
  house.run_for(seconds(5));
  EXPECT_THAT(house.seen(1, kRendezvous), IsEmpty());
  house.meet(0, kRendezvous);
  house.run_for(seconds(3));
  EXPECT_THAT(house.seen(1, kRendezvous), ElementsAre(house.address_of(0)));
  EXPECT_THAT(house.party(1).strangers["device 1"], ElementsAre(house.address_of(0)));
  house.meet(0, std::nullopt);
  house.run_for(seconds(5));
  EXPECT_THAT(house.seen(1, kRendezvous), IsEmpty());
  EXPECT_THAT(house.party(1).strangers["device 1"], IsEmpty());
}

TEST(LanOfDevices, only_paired_devices_know_whose_name_it_is) {
  House house(3);
  house.introduce(0, 1);
  house.start();
  house.run_for(seconds(5));
  EXPECT_THAT(house.seen(0, house.party(1).id), ElementsAre(house.address_of(1)));
  EXPECT_THAT(house.seen(1, house.party(0).id), ElementsAre(house.address_of(0)));
  EXPECT_THAT(house.party(2).sightings, IsEmpty());
  EXPECT_THAT(house.party(2).strangers, IsEmpty());
  // Nor does one that is paired no more.
  house.party(0).lan->set_peers(house.unix_ms(house.party(0)), {});
  house.run_for(seconds(1));
  EXPECT_THAT(house.seen(0, house.party(1).id), IsEmpty());
}

TEST(LanOfDevices, devices_find_each_other_though_their_names_were_contested) {
  House house(2);
  house.introduce(0, 1);
  house.contest(true);
  house.start();
  house.meet(0, kRendezvous);
  house.run_for(seconds(60));
  EXPECT_THAT(house.seen(0, house.party(1).id), IsEmpty());
  EXPECT_THAT(house.seen(1, kRendezvous), IsEmpty());
  house.contest(false);
  house.run_for(seconds(7));
  EXPECT_THAT(house.seen(0, house.party(1).id), ElementsAre(house.address_of(1)));
  EXPECT_THAT(house.seen(1, house.party(0).id), ElementsAre(house.address_of(0)));
  EXPECT_THAT(house.seen(1, kRendezvous), ElementsAre(house.address_of(0)));
}

TEST(LanOfDevices, a_visible_device_is_told_from_strangers_by_its_peers) {
  House house(3);
  house.introduce(0, 1);
  house.start(/*visible=*/true);
  house.run_for(seconds(5));
  EXPECT_THAT(house.seen(0, house.party(1).id), ElementsAre(house.address_of(1)));
  EXPECT_FALSE(house.party(0).strangers.contains("device 2"));
  EXPECT_THAT(house.party(2).strangers["device 2"], ElementsAre(house.address_of(1)));
}

// Clocks differ by up to an hour; the names change with each of them.
RC_GTEST_PROP(LanProperty, paired_devices_see_each_other_in_every_hour, ()) {
  constexpr std::int64_t kHourMs = 3'600'000;
  House house(2);
  house.introduce(0, 1);
  house.party(0).unix_ms_ahead = *rc::gen::inRange<std::int64_t>(0, 10 * kHourMs);
  house.party(1).unix_ms_ahead =
      house.party(0).unix_ms_ahead + *rc::gen::inRange<std::int64_t>(-kHourMs, kHourMs + 1);
  house.start();
  house.run_for(seconds(10));
  for (int quarter = 0; quarter < 12; ++quarter) {
    RC_ASSERT(house.seen(0, house.party(1).id) == std::vector<Address>{house.address_of(1)});
    RC_ASSERT(house.seen(1, house.party(0).id) == std::vector<Address>{house.address_of(0)});
    house.run_for(minutes(15));
  }
}

TEST(LanOfDevices, a_socket_that_fails_once_is_opened_again) {
  for (std::uint64_t nth = 1;; ++nth) {
    House house(2);
    house.introduce(0, 1);
    house.party(0).fails_at = nth;
    house.start();
    house.run_for(seconds(70));
    const bool failed = house.party(0).opened > nth || nth == 1;
    EXPECT_THAT(house.seen(0, house.party(1).id), ElementsAre(house.address_of(1))) << nth;
    EXPECT_THAT(house.seen(1, house.party(0).id), ElementsAre(house.address_of(0))) << nth;
    if (!failed) break;
  }
}

TEST(LanOfDevices, a_socket_that_fails_later_is_replaced) {
  for (std::int64_t ms = 0; ms < 3000; ms += 50) {
    House house(2);
    house.introduce(0, 1);
    house.start();
    house.run_for(seconds(1) + milliseconds(ms));
    house.fail_socket(0);
    house.run_for(seconds(70));
    house.meet(0, kRendezvous);
    house.meet(1, DeviceId{{std::byte{0xbb}}});
    house.run_for(seconds(5));
    EXPECT_EQ(house.party(0).opened, 2U);
    EXPECT_THAT(house.seen(1, kRendezvous), ElementsAre(house.address_of(0))) << ms;
    EXPECT_THAT(house.seen(0, DeviceId{{std::byte{0xbb}}}), ElementsAre(house.address_of(1))) << ms;
  }
}

TEST(LanOfDevices, a_port_that_another_program_keeps_is_tried_ever_more_seldom) {
  House house(1);
  house.party(0).port_taken = true;
  house.start();
  house.run_for(hours(24));
  EXPECT_GE(house.party(0).opened, 24U);
  EXPECT_LE(house.party(0).opened, 32U);
  // As soon as it is free it serves.
  house.party(0).port_taken = false;
  house.run_for(hours(1));
  EXPECT_TRUE(house.party(0).socket.has_value());
}

// --- helpers -------------------------------------------------------------------------------------

void House::start(bool visible) {
  for (Party& party : parties_) {
    Discovery config;
    config.mdns = true;
    config.visible = visible;
    Naming naming{[this](const Address&) { return std::optional(SocketId{++ids_}); }, {}, {}};
    std::array<std::byte, 32> seed{};
    seed[0] = std::byte{party.host};
    std::vector<Peer> peers;
    for (const auto& [id, where] : party.sightings) {
      const auto& peer = parties_[std::to_integer<std::size_t>(id.bytes[0]) - 1];
      peers.push_back({id, "a friend", peer.key});
    }
    party.lan = std::make_unique<Lan>(config, "device " + std::to_string(party.host), party.id,
                                      party.key, std::move(naming), RandomSource(seed));
    party.lan->set_peers(unix_ms(party), std::move(peers));
    Address ip = Address::v4(10, 0, 0, party.host, 0);
    party.lan->set_networks(clock_.now(), {{1, "net", true, {{ip, 24}}}});
    Address any;
    any.port = kPort;
    party.lan->set_listening(clock_.now(), unix_ms(party), {any});
    drain(party);
  }
}

void House::introduce(std::size_t one, std::size_t other) {
  parties_[one].sightings[parties_[other].id] = {};
  parties_[other].sightings[parties_[one].id] = {};
}

void House::meet(std::size_t shows, const std::optional<DeviceId>& rendezvous) {
  Party& party = parties_[shows];
  party.lan->set_meeting(clock_.now(), unix_ms(party), rendezvous);
  drain(party);
}

void House::fail_socket(std::size_t index) {
  Party& party = parties_[index];
  const SocketId socket = *party.socket;
  party.socket.reset();
  party.lan->socket_failed(clock_.now(), socket);
  drain(party);
}

void House::drain(Party& party) {
  while (const auto effect = party.lan->poll_effect()) {
    if (const auto* open = std::get_if<OpenSocket>(&*effect)) {
      const bool fails = ++party.opened == party.fails_at;
      later(milliseconds(1), [this, &party, fails, socket = open->socket] {
        if (fails || party.port_taken) {
          party.lan->socket_failed(clock_.now(), socket);
        } else {
          party.socket = socket;
          party.lan->socket_opened(clock_.now(), socket);
        }
        drain(party);
      });
    } else if (const auto* sighting = std::get_if<Sighting>(&*effect)) {
      party.sightings[sighting->who] = sighting->addresses;
    } else if (const auto* stranger = std::get_if<Stranger>(&*effect)) {
      party.strangers[stranger->name] = stranger->addresses;
    }
  }
  if (!party.socket) return;
  std::array<std::byte, 9000> room;
  while (const auto sent = party.lan->poll_datagrams(*party.socket, room)) {
    const Address from = Address::v4(10, 0, 0, party.host, 5353);
    later(milliseconds(1), [this, &party, from, to = sent->remote,
                            bytes = to_bytes(ByteView(room).first(sent->size))] {
      if (contested_ && party.socket) {
        take_names(party, bytes);
        drain(party);
      }
      for (Party& other : parties_) {
        const Address own = Address::v4(10, 0, 0, other.host, 5353);
        if (&other == &party || !other.socket) continue;
        if (to != own && to != Address::v4(224, 0, 0, 251, 5353)) continue;
        other.lan->handle_datagram(
            clock_.now(), {*other.socket, own, from, 1, Ecn::not_ect, bytes.size(), bytes});
        drain(other);
      }
    });
  }
}

void House::take_names(Party& party, ByteView bytes) {
  const auto message = dns::parse(bytes);
  if (!message || message->authorities.empty()) return;
  dns::Message taken;
  taken.header.response = true;
  for (const dns::Question& question : message->questions) {
    const dns::Srv other{0, 0, 9, dns::Name::of("thief.local")};
    taken.answers.push_back({question.name, dns::kClassIn, true, 120, other});
  }
  const Address own = Address::v4(10, 0, 0, party.host, 5353);
  const Bytes answer = dns::write(taken).value();
  party.lan->handle_datagram(clock_.now(), {*party.socket, own, Address::v4(10, 0, 0, 99, 5353), 1,
                                            Ecn::not_ect, answer.size(), answer});
}

void House::run_for(Duration time) {
  clock_.run_for(
      time, parties_,
      [this](Party& party) { return party.lan->next_wakeup(clock_.now(), unix_ms(party)); },
      [this](Party& party) {
        party.lan->on_wakeup(clock_.now(), unix_ms(party));
        drain(party);
      });
  for (Party& party : parties_) drain(party);
}

}  // namespace
}  // namespace kith::discovery
