// What a Locator makes of what it is told by people, connections and the LAN, and that devices
// whose Locators are on one wire find each other through the DHT where they really are.

#include "engine/discovery/locator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <memory>
#include <set>

#include "engine/base/text.h"
#include "engine/dns/write.h"
#include "tests/discovery/happenings.h"

namespace kith::discovery {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint16_t kPort = 4433;
constexpr std::uint16_t kDhtPort = 6881;
constexpr std::uint16_t kMdnsPort = 5353;

struct Machine {
  std::uint8_t host = 0;
  std::optional<Identity> identity;
  std::unique_ptr<Locator> locator;
  std::map<SocketId, Address> sockets;  // that are open
  // What it said, since it was last looked at.
  std::vector<DeviceFound> events;
  std::vector<DeviceId> to_dial;

  DeviceId id() const { return identity->id(); }
};

// Machines on one wire, the first of them the entrance to their DHT.
class Wire {
 public:
  Wire(std::size_t machines, const kith::Discovery& discovery);

  Machine& machine(std::size_t index) { return machines_[index]; }
  Locator& locator(std::size_t index) { return *machines_[index].locator; }
  Instant now() const { return clock_.now(); }
  static Address address_of(std::uint8_t host, std::uint16_t port) {
    return Address::v4(10, 0, 0, host, port);
  }
  void listen(std::size_t index, const std::vector<Address>& local);
  void networks(std::size_t index, const std::vector<NetworkAddress>& addresses);
  void introduce(std::size_t one, std::size_t other);
  // Somebody else says this to the machine by multicast DNS, and it takes effect.
  void hear(std::size_t index, const dns::Message& message);
  void run_for(Duration time);

 private:
  using Happening = std::function<void()>;

  void drain(Machine& machine);
  void carry_out(Machine& machine, LocatorOutput output);
  void deliver(const Address& from, const Address& to, const Bytes& bytes);
  void give(Machine& machine, SocketId socket, const Address& from, ByteView bytes);
  void later(Happening happening) { clock_.later(milliseconds(1), std::move(happening)); }

  Happenings clock_;
  std::uint64_t ids_ = 0;
  std::vector<Machine> machines_;
};

kith::Discovery lan_alone() {
  kith::Discovery discovery;
  discovery.mdns = true;
  return discovery;
}
kith::Discovery dht_alone() {
  kith::Discovery discovery;
  discovery.dht = true;
  discovery.bootstrap = {"entrance:6881"};
  discovery.dht_port = kDhtPort;
  return discovery;
}
const DeviceId kPeer{{std::byte{0xbb}}};
const DeviceId kMeeting{{std::byte{0xaa}}};
const dns::Name kService = dns::Name::of("_kith._udp.local");

dns::Message announcement(const DeviceId& who, std::uint8_t where, int revision = 0);
dns::Message goodbye(const DeviceId& who);

// --- which parts there are ----------------------------------------------------------------------

TEST(Locator, it_searches_by_what_it_was_told_to_use_and_opens_nothing_else) {
  for (const bool mdns : {false, true}) {
    for (const bool dht : {false, true}) {
      kith::Discovery discovery = dht_alone();
      discovery.mdns = mdns;
      discovery.dht = dht;
      Wire wire(1, discovery);
      wire.run_for(seconds(5));
      std::set<std::uint16_t> ports;
      for (const auto& [id, local] : wire.machine(0).sockets) {
        ports.insert(local.port);
        EXPECT_TRUE(wire.locator(0).owns(id));
      }
      EXPECT_EQ(ports.contains(kMdnsPort), mdns);
      EXPECT_EQ(ports.contains(kDhtPort), dht);
      EXPECT_EQ(ports.size(), std::size_t{mdns} + std::size_t{dht});
      EXPECT_EQ(wire.locator(0).searches(), mdns || dht);
      EXPECT_EQ(wire.locator(0).next_wakeup(wire.now()).has_value(), mdns || dht);
      EXPECT_FALSE(wire.locator(0).owns(SocketId{1'000'000}));
    }
  }
}

// --- what sightings lead to ---------------------------------------------------------------------

enum class Who { peer, stranger, meeting };
enum class Known { nowhere, here, elsewhere };
enum class Said { here, again, gone };  // again: as before, but with something else changed

// Every cell: who dials is told of places that are new; the owner of peers, also when they are
// gone.
TEST(Locator, who_dials_hears_of_what_is_new_and_the_owner_of_paired_devices_alone) {
  for (const Who who : {Who::peer, Who::stranger, Who::meeting}) {
    for (const Known known : {Known::nowhere, Known::here, Known::elsewhere}) {
      for (const Said said : {Said::here, Said::again, Said::gone}) {
        const bool meets = who == Who::meeting;
        const DeviceId id = meets ? kMeeting : kPeer;
        Wire wire(1, lan_alone());
        if (who == Who::peer) wire.locator(0).set_peers(wire.now(), {{kPeer, "a friend", {}}});
        wire.run_for(seconds(5));
        const std::uint8_t before = known == Known::here ? 7 : 8;
        if (known != Known::nowhere) wire.hear(0, announcement(id, before));
        Machine& machine = wire.machine(0);
        machine.events.clear();
        machine.to_dial.clear();

        if (said == Said::gone) {
          wire.hear(0, goodbye(id));
        } else {
          wire.hear(0, announcement(id, 7, said == Said::again ? 1 : 0));
        }

        const bool seen = who != Who::stranger;
        const bool news = said != Said::gone && known != Known::here;
        const bool lost = said == Said::gone && known != Known::nowhere;
        EXPECT_EQ(machine.to_dial.size(), seen && news ? 1U : 0U);
        std::vector<DeviceFound> of_peer;
        for (const DeviceFound& event : machine.events) {
          if (event.device) of_peer.push_back(event);
        }
        ASSERT_EQ(of_peer.size(), who == Who::peer && (news || lost) ? 1U : 0U);
        const bool there = seen && said != Said::gone;
        const std::vector<Address> expected =
            there ? std::vector{Wire::address_of(7, kPort)} : std::vector<Address>{};
        EXPECT_EQ(wire.locator(0).best(wire.now(), id, 8), expected);
        if (of_peer.empty()) continue;
        EXPECT_EQ(of_peer[0].device, kPeer);
        EXPECT_EQ(of_peer[0].name, "a friend");
        EXPECT_EQ(of_peer[0].source, AddressSource::mdns);
        EXPECT_EQ(of_peer[0].addresses, expected);
      }
    }
  }
}

// Whatever comes in whatever order, against a model of what is known.
RC_GTEST_PROP(LocatorProperty, what_is_best_is_what_was_said_last_and_not_taken_back, ()) {
  Wire wire(1, lan_alone());
  wire.locator(0).set_peers(wire.now(), {{kPeer, "a friend", {}}});
  wire.run_for(seconds(5));
  std::vector<Address> manual, connection, lan;
  const auto count = *rc::gen::inRange(1, 20);
  for (int i = 0; i < count; ++i) {
    const auto host = *rc::gen::inRange<std::uint8_t>(20, 26);
    const Address address = Wire::address_of(host, kPort);
    switch (*rc::gen::inRange(0, 5)) {
      case 0:
        wire.locator(0).learn_manual(wire.now(), kPeer, address);
        std::erase(manual, address);
        manual.insert(manual.begin(), address);
        break;
      case 1:
        wire.locator(0).learn_connected(wire.now(), kPeer, address);
        connection = {address};
        break;
      case 2:
        wire.hear(0, announcement(kPeer, host));
        lan = {address};
        break;
      case 3:
        wire.hear(0, goodbye(kPeer));
        lan.clear();
        break;
      default:
        // The LAN may say it again; people and connections must.
        wire.locator(0).forget(kPeer);
        wire.hear(0, goodbye(kPeer));
        manual.clear();
        connection.clear();
        lan.clear();
    }
    std::set<Address> known;
    for (const auto* source : {&manual, &connection, &lan}) {
      known.insert(source->begin(), source->end());
    }
    const std::vector<Address> best = wire.locator(0).best(wire.now(), kPeer, 100);
    RC_ASSERT(best.size() == known.size());
    RC_ASSERT(std::set<Address>(best.begin(), best.end()) == known);
    if (!connection.empty()) RC_ASSERT(best.front() == connection.front());
    const auto most = *rc::gen::inRange<std::size_t>(0, 5);
    RC_ASSERT(wire.locator(0).best(wire.now(), kPeer, most).size() == std::min(most, known.size()));
  }
}

TEST(Locator, where_this_device_listens_there_is_nobody_else) {
  Wire wire(1, lan_alone());
  const Address own = Wire::address_of(1, kPort), other = Wire::address_of(1, kPort + 1);
  wire.locator(0).learn_connected(wire.now(), kPeer, own);
  wire.locator(0).learn_manual(wire.now(), kPeer, other);
  EXPECT_THAT(wire.locator(0).best(wire.now(), kPeer, 8), ElementsAre(own, other));
  wire.listen(0, {Address::v4(0, 0, 0, 0, kPort)});
  EXPECT_THAT(wire.locator(0).best(wire.now(), kPeer, 8), ElementsAre(other));
  EXPECT_THAT(wire.locator(0).best(wire.now(), kPeer, 1), ElementsAre(other));
  wire.listen(0, {other});
  EXPECT_THAT(wire.locator(0).best(wire.now(), kPeer, 8), ElementsAre(own));
}

TEST(Locator, who_is_paired_no_more_is_nobody_the_owner_hears_of) {
  Wire wire(1, lan_alone());
  wire.locator(0).set_peers(wire.now(), {{kPeer, "a friend", {}}});
  wire.run_for(seconds(5));
  wire.hear(0, announcement(kPeer, 7));
  wire.locator(0).set_peers(wire.now(), {});
  wire.locator(0).forget(kPeer);
  wire.machine(0).events.clear();
  wire.hear(0, announcement(kPeer, 8));
  for (const DeviceFound& event : wire.machine(0).events) EXPECT_FALSE(event.device);
  EXPECT_THAT(wire.locator(0).best(wire.now(), kPeer, 8), IsEmpty());
}

// --- through the DHT ----------------------------------------------------------------------------

TEST(Locator, a_peer_is_found_where_it_listens_and_again_where_it_went) {
  Wire wire(8, dht_alone());
  wire.introduce(3, 5);
  wire.listen(3, {Address::v4(0, 0, 0, 0, kPort)});
  wire.run_for(seconds(60));
  wire.locator(5).look_for(wire.now(), wire.machine(3).id(), wire.now() + seconds(60));
  wire.run_for(seconds(60));
  EXPECT_THAT(wire.machine(5).to_dial, ElementsAre(wire.machine(3).id()));
  EXPECT_THAT(wire.locator(5).best(wire.now(), wire.machine(3).id(), 8),
              ElementsAre(Wire::address_of(4, kPort)));
  // Global ones come first; a link-local one means nothing to who is far.
  Address link_local = Address::parse("[fe80::1]:0").value();
  link_local.scope = 1;
  wire.networks(3, {{Wire::address_of(4, 0), 24},
                    {Address::v4(192, 168, 9, 9, 0), 24},
                    {link_local, 64},
                    {Address::v4(31, 1, 1, 1, 0), 24}});
  wire.run_for(seconds(60));
  wire.locator(5).look_for(wire.now(), wire.machine(3).id(), wire.now() + seconds(60));
  wire.run_for(seconds(60));
  EXPECT_THAT(wire.locator(5).best(wire.now(), wire.machine(3).id(), 8),
              ElementsAre(Address::v4(31, 1, 1, 1, kPort), Wire::address_of(4, kPort),
                          Address::v4(192, 168, 9, 9, kPort)));
}

TEST(Locator, who_is_no_peer_reads_nothing) {
  Wire wire(8, dht_alone());
  wire.listen(3, {Address::v4(0, 0, 0, 0, kPort)});
  wire.run_for(seconds(60));
  wire.locator(5).look_for(wire.now(), wire.machine(3).id(), wire.now() + seconds(60));
  wire.locator(6).look_for(wire.now(), wire.machine(3).id(), wire.now() + seconds(60),
                           std::array<std::byte, 32>{std::byte{1}});
  wire.run_for(seconds(60));
  EXPECT_THAT(wire.locator(5).best(wire.now(), wire.machine(3).id(), 8), IsEmpty());
  EXPECT_THAT(wire.locator(6).best(wire.now(), wire.machine(3).id(), 8), IsEmpty());
}

TEST(Locator, who_has_the_secret_of_a_meeting_finds_where_it_is) {
  Wire wire(8, dht_alone());
  wire.listen(3, {Address::v4(0, 0, 0, 0, kPort)});
  RandomSource random(std::array<std::byte, 32>{std::byte{9}});
  const Meeting meeting{std::make_shared<const KeyPair>(KeyPair::random(random)), {std::byte{42}}};
  wire.locator(3).set_meeting(wire.now(), meeting);
  wire.run_for(seconds(30));
  const DeviceId where = meeting.rendezvous->id();
  wire.locator(5).look_for(wire.now(), where, wire.now() + seconds(60), meeting.sealing_secret);
  wire.run_for(seconds(60));
  EXPECT_THAT(wire.locator(5).best(wire.now(), where, 8), ElementsAre(Wire::address_of(4, kPort)));
  EXPECT_THAT(wire.machine(5).to_dial, ElementsAre(where));
  // The key of a meeting is no device.
  EXPECT_THAT(wire.machine(5).events, IsEmpty());
}

// --- helpers ------------------------------------------------------------------------------------

dns::Record record_of(const dns::Name& name, dns::Data data, std::uint32_t ttl = 120) {
  return {name, dns::kClassIn, !std::holds_alternative<dns::Ptr>(data), ttl, std::move(data)};
}

dns::Name instance_of(const DeviceId& who) {
  return kService.child(who == kMeeting ? "shows words" : "open").value();
}

// Each place is a host of its own, so that the next takes its turn at once.
dns::Message announcement(const DeviceId& who, std::uint8_t where, int revision) {
  const dns::Name instance = instance_of(who);
  const dns::Name host = dns::Name::of("h" + std::to_string(where) + ".local");
  const std::string key = who == kMeeting ? "pair=" : "id=";
  dns::Message message;
  message.header.response = true;
  message.answers = {
      record_of(kService, dns::Ptr{instance}), record_of(instance, dns::Srv{0, 0, kPort, host}),
      record_of(instance, dns::Txt{{key + to_zbase32(who.bytes), "r=" + std::to_string(revision)}}),
      record_of(host, dns::A{{std::byte{10}, std::byte{0}, std::byte{0}, std::byte{where}}})};
  return message;
}

dns::Message goodbye(const DeviceId& who) {
  dns::Message message;
  message.header.response = true;
  message.answers = {record_of(kService, dns::Ptr{instance_of(who)}, 0)};
  return message;
}

Wire::Wire(std::size_t machines, const kith::Discovery& discovery) : machines_(machines) {
  for (std::size_t i = 0; i < machines; ++i) {
    Machine& machine = machines_[i];
    machine.host = static_cast<std::uint8_t>(i + 1);
    std::array<std::byte, 32> seed{};
    seed[0] = std::byte{machine.host};
    machine.identity.emplace(SecretKey::copy_of(seed));
    Config config;
    config.discovery = discovery;
    Naming naming{[this](const Address&) { return std::optional(SocketId{++ids_}); },
                  [this] { return StoreOpId{++ids_}; }, [this] { return ResolveId{++ids_}; }};
    const auto unix_ms = [](Instant now) { return 1'767'225'600'000 + now.ns / 1'000'000; };
    machine.locator = std::make_unique<Locator>(config, "machine " + std::to_string(machine.host),
                                                *machine.identity, RestoredState{}, unix_ms,
                                                std::move(naming), RandomSource(seed));
    networks(i, {{address_of(machine.host, 0), 24}});
  }
}

void Wire::networks(std::size_t index, const std::vector<NetworkAddress>& addresses) {
  Machine& machine = machines_[index];
  machine.locator->set_networks(clock_.now(), {{{1, "net", true, addresses}}});
  drain(machine);
}

void Wire::listen(std::size_t index, const std::vector<Address>& local) {
  machines_[index].locator->set_listening(clock_.now(), local);
  drain(machines_[index]);
}

void Wire::introduce(std::size_t one, std::size_t other) {
  for (const auto& [a, b] : {std::pair(one, other), std::pair(other, one)}) {
    const Identity& friendly = *machines_[b].identity;
    machines_[a].locator->set_peers(clock_.now(),
                                    {{friendly.id(), "a friend", friendly.visibility_key()}});
  }
}

void Wire::hear(std::size_t index, const dns::Message& message) {
  Machine& machine = machines_[index];
  const Bytes bytes = dns::write(message).value();
  for (const auto& [socket, local] : machine.sockets) {
    const bool ipv4 = local.family == Address::Family::ipv4;
    if (local.port != kMdnsPort || !ipv4) continue;
    give(machine, socket, address_of(99, kMdnsPort), bytes);
    break;
  }
  run_for(seconds(2));  // until what was replaced or withdrawn is gone
}

void Wire::give(Machine& machine, SocketId socket, const Address& from, ByteView bytes) {
  const Address local = address_of(machine.host, machine.sockets.at(socket).port);
  machine.locator->handle_datagrams(clock_.now(),
                                    {socket, local, from, 1, Ecn::not_ect, bytes.size(), bytes});
  drain(machine);
}

void Wire::deliver(const Address& from, const Address& to, const Bytes& bytes) {
  for (Machine& machine : machines_) {
    const bool group = to == Address::v4(224, 0, 0, 251, kMdnsPort);
    if (!group && to.ip != address_of(machine.host, 0).ip) continue;
    if (group && from.ip == address_of(machine.host, 0).ip) continue;
    const auto sockets = machine.sockets;
    for (const auto& [socket, local] : sockets) {
      if (local.family == to.family && local.port == to.port) give(machine, socket, from, bytes);
    }
  }
}

void Wire::carry_out(Machine& machine, LocatorOutput output) {
  if (const auto* open = std::get_if<OpenSocket>(&output)) {
    later([this, &machine, what = *open] {
      machine.sockets[what.socket] = what.bind;
      machine.locator->socket_opened(clock_.now(), what.socket);
      drain(machine);
    });
  } else if (const auto* host = std::get_if<ResolveHost>(&output)) {
    later([this, &machine, id = host->id] {
      machine.locator->host_resolved(clock_.now(), {id, std::vector{address_of(1, kDhtPort)}});
      drain(machine);
    });
  } else if (const auto* commit = std::get_if<StoreCommit>(&output)) {
    later([this, &machine, op = commit->op] {
      ASSERT_TRUE(machine.locator->owns(op));
      machine.locator->stored(clock_.now(), {op, {}});
      drain(machine);
    });
  } else if (const auto* found = std::get_if<Found>(&output)) {
    machine.to_dial.push_back(found->who);
  } else if (const auto* event = std::get_if<kith::Event>(&output)) {
    machine.events.push_back(std::get<DeviceFound>(*event));
  }
}

void Wire::drain(Machine& machine) {
  while (auto output = machine.locator->poll_output(clock_.now()))
    carry_out(machine, *std::move(output));
  std::array<std::byte, 9000> room;
  for (const auto& [socket, local] : machine.sockets) {
    while (const auto sent = machine.locator->poll_datagrams(socket, room)) {
      later([this, from = address_of(machine.host, local.port), to = sent->remote,
             bytes = to_bytes(ByteView(room).first(sent->size))] { deliver(from, to, bytes); });
    }
  }
}

void Wire::run_for(Duration time) {
  for (Machine& machine : machines_) drain(machine);
  clock_.run_for(
      time, machines_,
      [this](Machine& machine) { return machine.locator->next_wakeup(clock_.now()); },
      [this](Machine& machine) {
        machine.locator->on_wakeup(clock_.now());
        drain(machine);
      });
}

}  // namespace
}  // namespace kith::discovery
