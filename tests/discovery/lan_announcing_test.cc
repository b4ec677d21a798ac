// What this device says of itself on a LAN, and what becomes of neighbours that do not answer.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "engine/discovery/instance_names.h"
#include "engine/discovery/lan.h"
#include "engine/dns/parse.h"

namespace kith::discovery {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::int64_t kNowMs = 1'795'000'000'000;
constexpr std::uint32_t kEthernet = 3;
constexpr std::uint16_t kMdnsPort = 5353;
constexpr VisibilityKey kAliceKey{std::byte{1}};
constexpr VisibilityKey kBobKey{std::byte{2}};
const DeviceId kAlice{{std::byte{1}}};
const DeviceId kBob{{std::byte{2}}};
const Address kAliceIp = Address::v4(10, 0, 0, 1, 0);
const Address kBobIp = Address::v4(10, 0, 0, 2, 0);

Address link_local(std::uint8_t last, std::uint16_t port = 0) {
  Address address;
  address.family = Address::Family::ipv6;
  address.ip[0] = std::byte{0xfe};
  address.ip[1] = std::byte{0x80};
  address.ip[15] = std::byte{last};
  address.port = port;
  address.scope = kEthernet;
  return address;
}
Address any(Address::Family family, std::uint16_t port) {
  Address address;
  address.family = family;
  address.port = port;
  return address;
}
Address any4(std::uint16_t port) { return any(Address::Family::ipv4, port); }
Address any6(std::uint16_t port) { return any(Address::Family::ipv6, port); }

// One with sockets that are open at once, on an Ethernet with both families.
class Bench {
 public:
  Bench(const DeviceId& id, const VisibilityKey& key, const Address& ip, std::uint8_t last)
      : lan(Discovery{}, "name", id, key, naming(), RandomSource(id.bytes)) {
    NetworkInterface ethernet{kEthernet, "eth0", true, {{ip, 24}, {link_local(last), 64}}};
    source4_ = ip;
    source6_ = link_local(last);
    source4_.port = source6_.port = kMdnsPort;
    lan.set_networks(now, {ethernet});
    drain();
  }

  void listen(const std::vector<Address>& local) {
    lan.set_listening(now, kNowMs, local);
    drain();
  }
  // Until the end of a span, with every datagram to the other if there is one.
  void advance(Duration span, Bench* other = nullptr) {
    const Instant end = now + span;
    while (true) {
      deliver(other);
      Instant next = due();
      if (other != nullptr) next = std::min(next, other->due());
      if (next > end) break;
      wake(next);
      if (other != nullptr) other->wake(next);
    }
    now = end;
    if (other != nullptr) other->now = end;
  }
  void not_reached(const DeviceId& who, const Address& address) {
    lan.not_reached(now, who, address);
    drain();
  }

  // Of the last announcement of each record with a life: A and AAAA, and the ports of SRV.
  std::set<Address> announced() const {
    std::set<Address> all;
    for (const auto& [record, alive] : addresses_) {
      if (alive) all.insert(record);
    }
    return all;
  }

  Instant now{1'000'000'000'000};
  Lan lan;
  std::set<std::uint16_t> ports;
  std::vector<Sighting> sightings;
  std::size_t questions = 0;  // packets with one
  std::size_t sent6 = 0;      // packets over IPv6

 private:
  Naming naming() {
    return {[this](const Address&) { return SocketId{++last_socket_}; }, [] { return StoreOpId{}; },
            [] { return ResolveId{}; }};
  }
  Instant due() const { return std::max(now, *lan.next_wakeup(now, kNowMs)); }
  void wake(Instant at) {
    now = at;
    lan.on_wakeup(now, kNowMs);
    drain();
  }
  void drain() {
    while (auto effect = lan.poll_effect()) {
      if (const auto* open = std::get_if<OpenSocket>(&*effect)) {
        sockets_[open->socket] = open->bind.family;
        lan.socket_opened(now, open->socket);
      } else if (auto* sighting = std::get_if<Sighting>(&*effect)) {
        sightings.push_back(std::move(*sighting));
      }
    }
    std::array<std::byte, 2048> out;
    for (const auto& [socket, family] : sockets_) {
      while (const auto transmit = lan.poll_datagrams(socket, out)) {
        note(family, Bytes(out.begin(), out.begin() + static_cast<std::ptrdiff_t>(transmit->size)));
      }
    }
  }
  void note(Address::Family family, Bytes bytes) {
    const auto message = dns::parse(bytes);
    ASSERT_TRUE(message);
    if (!message->questions.empty()) ++questions;
    if (family == Address::Family::ipv6) ++sent6;
    for (const auto* section : {&message->answers, &message->additionals}) {
      for (const dns::Record& record : *section) note(record);
    }
    waiting_.emplace_back(family, std::move(bytes));
  }
  void note(const dns::Record& record) {
    Address address;
    if (const auto* a = std::get_if<dns::A>(&record.data)) {
      std::copy(a->ip.begin(), a->ip.end(), address.ip.begin());
    } else if (const auto* aaaa = std::get_if<dns::Aaaa>(&record.data)) {
      address.family = Address::Family::ipv6;
      std::copy(aaaa->ip.begin(), aaaa->ip.end(), address.ip.begin());
    } else {
      if (const auto* srv = std::get_if<dns::Srv>(&record.data)) ports.insert(srv->port);
      return;
    }
    addresses_[address] = record.ttl > 0;
  }
  void deliver(Bench* other) {
    for (Bench* each : {this, other}) {
      if (each == nullptr) continue;
      const auto packets = std::exchange(each->waiting_, {});
      if (other == nullptr) continue;
      for (const auto& [family, bytes] : packets) {
        (each == this ? other : this)
            ->take(family, family == Address::Family::ipv4 ? each->source4_ : each->source6_,
                   bytes);
      }
    }
  }
  void take(Address::Family family, const Address& source, ByteView bytes) {
    for (const auto& [socket, of_family] : sockets_) {
      if (of_family != family) continue;
      lan.handle_datagram(now, {socket, {}, source, kEthernet, Ecn::not_ect, bytes.size(), bytes});
    }
    drain();
  }

  std::uint64_t last_socket_ = 0;
  Address source4_, source6_;
  std::map<SocketId, Address::Family> sockets_;
  std::map<Address, bool> addresses_;
  std::vector<std::pair<Address::Family, Bytes>> waiting_;
};

Address bare(Address address) {
  address.port = 0;
  address.scope = 0;
  return address;
}

struct Alice : Bench {
  Alice() : Bench(kAlice, kAliceKey, kAliceIp, 1) {}
};
struct Bob : Bench {
  Bob() : Bench(kBob, kBobKey, kBobIp, 2) { lan.set_peers(kNowMs, {{kAlice, "alice", kAliceKey}}); }
};

TEST(Lan, announces_both_families_where_both_have_the_port) {
  Alice alice;
  alice.advance(seconds(3));
  EXPECT_THAT(alice.ports, IsEmpty()) << "nothing listens yet";
  alice.listen({any4(7000), any6(7000)});
  alice.advance(seconds(3));
  EXPECT_THAT(alice.ports, ElementsAre(7000));
  EXPECT_THAT(alice.announced(), ElementsAre(kAliceIp, bare(link_local(1))));
}

TEST(Lan, announces_no_address_of_a_family_with_another_port_or_none) {
  for (const auto& local : {std::vector{any4(7000), any6(7001)}, std::vector{any4(7000)}}) {
    Alice alice;
    alice.listen(local);
    alice.advance(seconds(3));
    EXPECT_THAT(alice.ports, ElementsAre(7000));
    EXPECT_THAT(alice.announced(), ElementsAre(kAliceIp));
    EXPECT_GT(alice.sent6, 0u) << "those that have IPv6 alone are still asked and told";
  }
  Alice alice;
  alice.listen({any6(7000)});
  alice.advance(seconds(3));
  EXPECT_THAT(alice.announced(), ElementsAre(bare(link_local(1))));
}

TEST(Lan, announces_of_several_addresses_those_that_listen) {
  Alice alice;
  Address own = kAliceIp;
  own.port = 7000;
  alice.listen({own});
  alice.advance(seconds(3));
  EXPECT_THAT(alice.announced(), ElementsAre(kAliceIp));
  alice.listen({link_local(1, 7000)});
  alice.advance(seconds(3));
  EXPECT_THAT(alice.announced(), ElementsAre(bare(link_local(1)))) << "the other one is withdrawn";
}

TEST(Lan, announces_nothing_where_nobody_reaches_it) {
  Alice alice;
  alice.listen({Address::v4(127, 0, 0, 1, 7000)});
  alice.advance(seconds(3));
  EXPECT_THAT(alice.ports, IsEmpty());
  EXPECT_THAT(alice.announced(), IsEmpty());
}

// RFC 6762 section 10.4.
TEST(Lan, who_did_not_answer_a_dial_is_asked_for_and_gone_if_silent) {
  for (const bool alive : {false, true}) {
    Alice alice;
    Bob bob;
    alice.listen({any4(7000), any6(7000)});
    alice.advance(seconds(5), &bob);
    ASSERT_FALSE(bob.sightings.empty());
    EXPECT_EQ(bob.sightings.back().who, kAlice);
    ASSERT_EQ(bob.sightings.back().addresses.size(), 2u);
    const Address address = bob.sightings.back().addresses.front();
    bob.sightings.clear();

    bob.questions = 0;
    bob.not_reached(kBob, address);
    bob.not_reached(kAlice, Address::v4(10, 0, 0, 1, 9));
    EXPECT_EQ(bob.questions, 0u) << "nobody said that she is there";
    bob.not_reached(kAlice, address);
    EXPECT_GT(bob.questions, 0u);

    bob.advance(seconds(9), alive ? &alice : nullptr);
    EXPECT_THAT(bob.sightings, IsEmpty());
    bob.advance(seconds(2), alive ? &alice : nullptr);
    if (alive) {
      EXPECT_THAT(bob.sightings, IsEmpty());
      continue;
    }
    ASSERT_EQ(bob.sightings.size(), 1u);
    EXPECT_EQ(bob.sightings.front().who, kAlice);
    EXPECT_THAT(bob.sightings.front().addresses, IsEmpty());
  }
}

}  // namespace
}  // namespace kith::discovery
