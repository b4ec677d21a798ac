// The DHT as a whole, at the size of a small town.

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "engine/discovery/dht/saved_table.h"
#include "tests/discovery/dht/town.h"

namespace kith::dht {
namespace {

using HostId = DhtNetwork::HostId;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::size_t kTown = 1000;

// A town whose people put things and look for them.
struct BusyTown : Town {
  explicit BusyTown(std::uint64_t seed, std::size_t size = kTown) : Town(seed, size) {}

  MutableItem put_item(std::size_t index, std::size_t& stored);
  bool finds(const MutableItem& item);

  // Of the lookups so far.
  std::vector<std::size_t> hops;
  std::vector<std::size_t> queries;
  std::vector<std::size_t> milliseconds;  // to the first valid value
};

// Hosts of one party around one target: they know each other only, and hold nothing.
struct Sybils {
  std::vector<Contact> contacts;

  Sybils(Town& town, const NodeId& target, std::size_t count, bool conforming, bool many_networks);
  void introduce(Town& town, std::size_t nodes) const;
};

std::size_t median(std::vector<std::size_t> values);
std::string summary(std::vector<std::size_t> values);

TEST(DhtTown, what_is_put_is_found_though_a_third_of_the_nodes_change_every_hour) {
  BusyTown town(1);
  town.net.run_for(minutes(30));
  std::size_t open = 0;
  std::size_t reachable = 0;
  std::size_t fooled = 0;
  for (const HostId host : town.net.living()) {
    reachable += town.net.behind_nat(host) ? 0 : 1;
    if (town.net.node(host).standing() != Standing::open) continue;
    (town.net.behind_nat(host) ? fooled : open) += 1;
  }
  EXPECT_GE(open * 100, reachable * 95);
  EXPECT_EQ(fooled, 0U);

  constexpr std::size_t kItems = 30;
  constexpr std::size_t kLookups = 600;
  std::vector<MutableItem> items;
  std::vector<std::size_t> stored(kItems);
  for (std::size_t i = 0; i < kItems; ++i) items.push_back(town.put_item(i, stored[i]));
  const auto before = town.net.counts();
  std::size_t found = 0;
  // An hour in steps of a minute: five hosts leave, five come, ten look for something.
  for (std::size_t minute = 0; minute < 60; ++minute) {
    const Instant next_minute = town.net.now() + minutes(1);
    town.churn(kTown * 30 / 100 / 60);
    for (std::size_t i = 0; i < kLookups / 60; ++i) {
      const std::size_t index = static_cast<std::size_t>(town.net.random().below(kItems));
      found += town.finds(items[index]) ? 1 : 0;
    }
    if (town.net.now() < next_minute) town.net.run_for(next_minute - town.net.now());
  }
  for (const HostId host : town.net.living()) town.net.node(host).check_invariants();
  EXPECT_GE(found * 100, kLookups * 99);
  const auto after = town.net.counts();
  fmt::print(
      "town: {} of {} reachable nodes open; puts stored at {}; found {} of {}; hops {}; queries "
      "{}; "
      "found after {} ms; {} datagrams\n",
      open, reachable, summary(stored), found, kLookups, summary(town.hops), summary(town.queries),
      summary(town.milliseconds), after.sent - before.sent);
}

TEST(DhtTown, sybils_around_a_target_hide_little) {
  constexpr std::size_t kLookups = 60;
  constexpr std::size_t kSybils = 200;
  struct Attack {
    const char* name;
    bool conforming;
    bool many_networks;
    std::size_t least_found;
  };
  for (const Attack& attack :
       {Attack{"ids at will, 200 networks", false, true, kLookups * 95 / 100},
        Attack{"ids at will, 4 networks", false, false, kLookups * 95 / 100},
        Attack{"BEP 42 ids, 4 networks", true, false, kLookups * 95 / 100},
        Attack{"BEP 42 ids, 200 networks", true, true, 0}}) {
    BusyTown town(2, 400);
    town.net.run_for(minutes(30));
    std::size_t stored = 0;
    const MutableItem before = town.put_item(1, stored);
    RandomSource key_source = town.net.random().fork("key", 2);
    const NodeId target = mutable_target(before.key, before.salt);
    const Sybils sybils(town, target, kSybils, attack.conforming, attack.many_networks);
    sybils.introduce(town, 60);
    town.net.run_for(minutes(10));
    std::size_t found = 0;
    for (std::size_t i = 0; i < kLookups; ++i) found += town.finds(before) ? 1 : 0;
    // And once more for what is put while they are there.
    const MutableItem later = town.put_item(1, stored);
    std::size_t found_later = 0;
    for (std::size_t i = 0; i < kLookups; ++i) found_later += town.finds(later) ? 1 : 0;
    fmt::print("eclipse by {} sybils, {}: found {} of {}; put during it, {} of {}\n", kSybils,
               attack.name, found, kLookups, found_later, kLookups);
    EXPECT_GE(found, attack.least_found) << attack.name;
    EXPECT_GE(found_later, attack.least_found) << attack.name;
  }
}

// Nobody looks for anything: what remains is the upkeep of tables.
TEST(DhtTown, an_idle_node_sends_little) {
  Town town(3, 300);
  town.net.run_for(minutes(60));
  struct Before {
    HostId host;
    Standing standing;
    DhtNetwork::Counts counts;
  };
  std::vector<Before> all;
  for (const HostId host : town.net.living()) {
    if (host < Town::kServers) continue;
    all.push_back({host, town.net.node(host).standing(), town.net.sent_by(host)});
  }
  town.net.run_for(minutes(60));
  std::vector<std::size_t> hidden;
  std::vector<std::size_t> open;
  std::vector<std::size_t> open_bytes;
  for (const Before& before : all) {
    const auto& after = town.net.sent_by(before.host);
    const auto sent = static_cast<std::size_t>(after.sent - before.counts.sent);
    // Those that tried in this hour are neither.
    if (town.net.node(before.host).standing() != before.standing) continue;
    if (before.standing == Standing::hidden) hidden.push_back(sent);
    if (before.standing != Standing::open) continue;
    open.push_back(sent);
    open_bytes.push_back(static_cast<std::size_t>(after.bytes - before.counts.bytes));
  }
  fmt::print("idle: datagrams sent in an hour: hidden {}, open {} with {} bytes\n", summary(hidden),
             summary(open), summary(open_bytes));
  EXPECT_GT(hidden.size(), 100U);
  EXPECT_LE(median(hidden), 100U);
  EXPECT_LE(median(open), 600U);
}

TEST(DhtTown, equal_seeds_make_equal_towns) {
  const auto traffic = [](std::uint64_t seed) {
    Town town(seed, 60);
    town.net.run_for(minutes(20));
    return std::pair(town.net.counts().sent, town.net.counts().bytes);
  };
  EXPECT_EQ(traffic(7), traffic(7));
  EXPECT_NE(traffic(7), traffic(8));
}

MutableItem BusyTown::put_item(std::size_t index, std::size_t& stored) {
  RandomSource source = net.random().fork("key", index);
  const KeyPair key = KeyPair::random(source);
  const auto seq = static_cast<std::int64_t>(net.now().ns / 1'000'000'000);
  const MutableItem item = sign_item(key, {}, seq, string_value(as_byte_view("packet")));
  const HostId host = anybody();
  const RequestId request = net.next_request();
  EXPECT_TRUE(net.node(host).put(net.now(), request, item).has_value());
  net.drain(host);
  const auto done = net.await<PutDone>(host, request, minutes(2));
  EXPECT_TRUE(done.has_value());
  stored = done ? done->stored : 0;
  return item;
}

bool BusyTown::finds(const MutableItem& item) {
  const Instant began = net.now();
  const HostId host = anybody();
  const RequestId request = net.next_request();
  EXPECT_TRUE(net.node(host).get(net.now(), request, MutableKey{item.key, item.salt}).has_value());
  net.drain(host);
  if (net.await<Found>(host, request, minutes(1))) {
    milliseconds.push_back(static_cast<std::size_t>((net.now() - began).count() / 1'000'000));
  }
  const auto done = net.await<GetDone>(host, request, minutes(2));
  if (!done) return false;
  queries.push_back(done->queries);
  if (!done->item || std::get<MutableItem>(*done->item) != item) return false;
  hops.push_back(done->hops);
  return true;
}

Sybils::Sybils(Town& town, const NodeId& target, std::size_t count, bool conforming,
               bool many_networks) {
  std::vector<Address> networks;
  for (int i = 0; i < 4; ++i) networks.push_back(town.net.unused_address());
  for (std::size_t i = 0; i < count; ++i) {
    Address address = town.net.unused_address();
    if (!many_networks) {
      address = networks[i % networks.size()];
      address.ip[3] = static_cast<std::byte>(1 + i / networks.size());
    }
    NodeId id = target;
    id.bytes[18] = static_cast<std::byte>(i);
    if (conforming) {
      // Of the eight prefixes that the address allows, the nearest; the rest is free.
      NodeId best;
      for (std::uint8_t seed = 0; seed < 8; ++seed) {
        const NodeId candidate = id_for(address, seed, town.net.random());
        if (seed == 0 || distance(candidate, target) < distance(best, target)) best = candidate;
      }
      const auto kept = best;
      id.bytes[0] = kept.bytes[0];
      id.bytes[1] = kept.bytes[1];
      id.bytes[2] = (kept.bytes[2] & std::byte{0xf8}) | (id.bytes[2] & std::byte{0x07});
      id.bytes[19] = kept.bytes[19];
    }
    contacts.push_back({id, address});
  }
  for (const Contact& self : contacts) {
    town.net.add_responder(self.address, [this, self](const Address& source, ByteView bytes) {
      const auto message = decode(bytes);
      const auto* query = message ? std::get_if<Query>(&message->body) : nullptr;
      if (query == nullptr) return std::optional<Bytes>();
      Response response;
      response.id = self.id;
      response.token = Bytes(4);
      std::vector<Contact> nearest = contacts;
      std::sort(nearest.begin(), nearest.end(), [&](const Contact& a, const Contact& b) {
        return distance(a.id, self.id) < distance(b.id, self.id);
      });
      response.nodes.assign(nearest.begin(), nearest.begin() + 16);
      return std::optional(encode({message->transaction, {}, source, response}));
    });
  }
}

// Each asks some nodes, which makes it known to them.
void Sybils::introduce(Town& town, std::size_t nodes) const {
  for (const Contact& self : contacts) {
    for (std::size_t i = 0; i < nodes; ++i) {
      const Query query{self.id, false, Ping{}};
      town.net.send(self.address, town.net.address(town.anybody()),
                    encode({Bytes(2), {}, {}, query}));
    }
    town.net.run_for(std::chrono::milliseconds(100));
  }
}

std::size_t median(std::vector<std::size_t> values) {
  if (values.empty()) return 0;
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

std::string summary(std::vector<std::size_t> values) {
  if (values.empty()) return "none";
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  return fmt::format("{}..{} (median {})", *least, *most, median(values));
}

}  // namespace
}  // namespace kith::dht
