// Devices that say in the DHT where they are, and look for each other: on a machine whose sockets,
// names and store fail now and then.

#include "engine/discovery/directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "engine/base/byte_reader.h"
#include "tests/discovery/happenings.h"

namespace kith::discovery {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;

// One Directory and the machine around it, whose effects can fail.
struct Party {
  std::uint8_t host = 0;
  std::unique_ptr<Directory> directory;
  RestoredState store;
  std::optional<SocketId> socket;
  std::vector<Sighting> sightings;
  std::uint64_t effects = 0;              // so far
  std::optional<std::uint64_t> fails_at;  // the number of the one that fails
  std::uint64_t opened = 0;
  std::set<std::string> stored;
  std::int64_t unix_ms_ahead = 0;
};

// Eight hosts on one wire, the first of them the entrance to their DHT.
class Laboratory {
 public:
  static constexpr std::size_t kParties = 8;
  static constexpr std::size_t kEntrance = 0;

  explicit Laboratory(std::optional<std::size_t> failing = {}, std::uint64_t fails_at = 0);

  Party& party(std::size_t index) { return parties_[index]; }
  Directory& directory(std::size_t index) { return *parties_[index].directory; }
  Instant now() const { return clock_.now(); }
  void run_for(Duration time);
  void restart(std::size_t index);
  void publish(std::size_t index, std::uint8_t where);
  void look_up(std::size_t index, Duration patience = seconds(60));
  // Looks until it is found there, or for as long as it has patience.
  bool finds(std::size_t index, std::uint8_t where);
  void fail_socket(std::size_t index);

  // What was put under the key last; and whether a number was used again, or one before it: that
  // of a record that was sent, or one that the store held.
  std::optional<dht::MutableItem> put;
  bool number_went_back = false;
  // Or a record was sent with a number above all that its store held.
  bool number_was_not_durable = false;

 private:
  struct Datagram {
    Address from;
    Address to;
    Bytes bytes;
  };
  using Happening = std::function<void()>;

  void make(Party& party);
  void drain(Party& party);
  bool fails(Party& party);
  void carry_out(Party& party, const Effect& effect);
  void deliver(const Datagram& datagram);
  void look_at(const Party& sender, const Datagram& datagram);
  void later(Duration delay, Happening happening);
  std::int64_t unix_ms(const Party& party) const;
  static Address address_of(const Party& party) { return Address::v4(10, 0, 0, party.host, 6881); }

  Happenings clock_;
  std::uint64_t ids_ = 0;
  std::uint64_t lives_ = 0;
  std::vector<Party> parties_{kParties};
};

constexpr std::size_t kPublisher = 3;
constexpr std::size_t kLooker = 5;
const SecretKey& sealing();
const std::shared_ptr<const KeyPair>& rendezvous();

TEST(Directory, what_is_published_is_found) {
  Laboratory lab;
  lab.publish(kPublisher, 7);
  lab.run_for(seconds(30));
  EXPECT_TRUE(lab.finds(kLooker, 7));
  lab.publish(kPublisher, 8);
  EXPECT_TRUE(lab.finds(kLooker, 8));
  EXPECT_THAT(lab.party(kPublisher).stored, ElementsAre(kDhtStoreKey, kSequenceStoreKey));
}

// Every effect of either side fails once: it may cost minutes, but nobody stays lost.
TEST(Directory, no_single_failure_keeps_devices_from_finding_each_other) {
  for (const std::size_t failing : {kPublisher, kLooker}) {
    std::uint64_t nth = 1;
    for (;; ++nth) {
      Laboratory lab(failing, nth);
      lab.publish(kPublisher, 7);
      lab.run_for(minutes(3));
      EXPECT_TRUE(lab.finds(kLooker, 7)) << "host " << failing << ", effect " << nth;
      lab.publish(kPublisher, 8);
      lab.run_for(minutes(3));
      EXPECT_TRUE(lab.finds(kLooker, 8)) << "host " << failing << ", effect " << nth;
      EXPECT_FALSE(lab.number_went_back || lab.number_was_not_durable);
      if (lab.party(failing).effects < nth) break;
    }
    EXPECT_GE(nth, failing == kPublisher ? 6U : 4U);
  }
}

// A socket may fail at any time, also while a put or a get is under way on it.
TEST(Directory, a_socket_that_fails_later_is_replaced_and_nothing_that_was_asked_is_lost) {
  for (std::int64_t ms = 0; ms < 400; ms += 10) {
    for (const std::size_t failing : {kPublisher, kLooker}) {
      Laboratory lab;
      lab.run_for(seconds(30));
      lab.publish(kPublisher, 7);
      lab.look_up(kLooker, minutes(5));
      lab.run_for(milliseconds(ms));
      lab.fail_socket(failing);
      const std::uint64_t opened = lab.party(failing).opened;
      lab.run_for(minutes(3));
      EXPECT_EQ(lab.party(failing).opened, opened + 1) << ms;
      EXPECT_THAT(lab.party(kLooker).sightings, Not(IsEmpty())) << ms << ", host " << failing;
      lab.publish(kPublisher, 8);
      EXPECT_TRUE(lab.finds(kLooker, 8)) << ms << ", host " << failing;
    }
  }
}

// What it remembers lets it in before its hosts have addresses; here nobody remembered answers.
TEST(Directory, after_a_restart_hosts_count_that_have_addresses_only_later) {
  Laboratory lab;
  lab.run_for(minutes(1));
  ASSERT_TRUE(lab.party(kPublisher).store.contains(std::string(kDhtStoreKey)));
  lab.restart(kPublisher);
  lab.publish(kPublisher, 7);
  const Instant restarted = lab.now();
  EXPECT_TRUE(lab.finds(kLooker, 7));
  EXPECT_LT(lab.now() - restarted, seconds(20));
}

// So few look around ever more seldom, and publish when they do: here for the next half hour not.
constexpr Duration kUntilItLooksAroundNoMore = minutes(50);

// Those who took it may have been there to make it vanish; here they forget it.
TEST(Directory, what_nobody_kept_is_soon_published_again) {
  Laboratory lab;
  lab.run_for(kUntilItLooksAroundNoMore);
  lab.publish(kPublisher, 7);
  lab.run_for(seconds(10));
  ASSERT_TRUE(lab.finds(kLooker, 7));
  for (std::size_t i = 0; i < Laboratory::kParties; ++i) {
    if (i != kPublisher) lab.restart(i);
  }
  lab.run_for(Directory::kFirstRepublish);
  EXPECT_TRUE(lab.finds(kLooker, 7));
}

TEST(Directory, what_stays_the_same_is_published_ever_more_seldom) {
  Laboratory lab;
  lab.run_for(kUntilItLooksAroundNoMore);
  lab.publish(kPublisher, 7);
  lab.run_for(seconds(10));
  std::vector<Instant> puts{lab.now()};
  for (std::int64_t last = lab.put->seq; lab.now() - puts.front() < minutes(180);) {
    lab.run_for(seconds(1));
    if (std::exchange(last, lab.put->seq) != lab.put->seq) puts.push_back(lab.now());
  }
  ASSERT_GT(puts.size(), 5U);
  EXPECT_LE(puts[1] - puts[0], Directory::kFirstRepublish + seconds(10));
  EXPECT_LE(puts.size(), 5U + minutes(180) / Directory::kRepublishEvery);
}

TEST(Directory, without_a_network_no_socket_is_opened) {
  Laboratory lab;
  lab.run_for(seconds(30));
  lab.directory(kLooker).set_networks(lab.now(), {});
  const std::uint64_t opened = lab.party(kLooker).opened;
  lab.fail_socket(kLooker);
  lab.run_for(minutes(10));
  EXPECT_EQ(lab.party(kLooker).opened, opened);
}

TEST(Directory, look_ups_that_are_over_make_room_though_there_is_no_node) {
  Laboratory lab;
  lab.run_for(seconds(1));
  lab.fail_socket(kLooker);
  lab.directory(kLooker).set_networks(lab.now(), {});
  RandomSource random(std::array<std::byte, 32>{std::byte{9}});
  for (std::size_t i = 0; i < Directory::kMostLookUps; ++i) {
    const DeviceId who = KeyPair::random(random).id();
    lab.directory(kLooker).look_up(lab.now(), who, sealing(), lab.now() + seconds(20));
  }
  lab.publish(kPublisher, 7);
  lab.run_for(minutes(1));
  lab.look_up(kLooker, minutes(10));
  lab.directory(kLooker).set_networks(lab.now(),
                                      {{1, "net", true, {{Address::v4(10, 0, 0, 6, 0), 24}}}});
  lab.run_for(minutes(3));
  EXPECT_THAT(lab.party(kLooker).sightings, Not(IsEmpty()));
}

// Whatever becomes of the clock and of the process.
RC_GTEST_PROP(DirectoryProperty, every_record_has_a_higher_number_than_those_before, ()) {
  Laboratory lab;
  const auto steps = *rc::gen::inRange(3, 12);
  std::uint8_t where = 1;
  for (int i = 0; i < steps; ++i) {
    switch (*rc::gen::inRange(0, 4)) {
      case 0:
        lab.publish(kPublisher, ++where);
        break;
      case 1:
        lab.restart(kPublisher);
        lab.publish(kPublisher, ++where);
        break;
      case 2:
        lab.party(kPublisher).unix_ms_ahead =
            *rc::gen::inRange<std::int64_t>(-100'000'000, 100'000'000);
        break;
      default:
        break;
    }
    lab.run_for(milliseconds(*rc::gen::inRange(0, 20'000)));
  }
  RC_ASSERT(!lab.number_went_back && !lab.number_was_not_durable);
  lab.publish(kPublisher, 250);
  lab.run_for(minutes(1));
  RC_ASSERT(lab.finds(kLooker, 250));
}

// --- helpers -------------------------------------------------------------------------------------

const SecretKey& sealing() {
  static const SecretKey key = pkarr::sealing_key(as_byte_view("shared"));
  return key;
}

const std::shared_ptr<const KeyPair>& rendezvous() {
  static const auto key = [] {
    RandomSource random(std::array<std::byte, 32>{std::byte{1}});
    return std::make_shared<const KeyPair>(KeyPair::random(random));
  }();
  return key;
}

Laboratory::Laboratory(std::optional<std::size_t> failing, std::uint64_t fails_at) {
  if (failing) parties_[*failing].fails_at = fails_at;
  for (std::size_t i = 0; i < kParties; ++i) {
    parties_[i].host = static_cast<std::uint8_t>(i + 1);
    make(parties_[i]);
  }
}

void Laboratory::make(Party& party) {
  kith::Discovery config;
  config.dht = true;
  config.dht_port = 6881;
  config.bootstrap = {"entrance:6881"};
  Naming naming{[this](const Address&) { return std::optional(SocketId{++ids_}); },
                [this] { return StoreOpId{++ids_}; }, [this] { return ResolveId{++ids_}; }};
  std::array<std::byte, 32> seed{};
  seed[0] = std::byte{party.host};
  seed[1] = static_cast<std::byte>(++lives_);
  party.directory =
      std::make_unique<Directory>(config, party.store, std::move(naming), RandomSource(seed));
  Address ip = address_of(party);
  ip.port = 0;
  party.directory->set_networks(clock_.now(), {{1, "net", true, {{ip, 24}}}});
  drain(party);
}

void Laboratory::restart(std::size_t index) {
  parties_[index].directory.reset();
  parties_[index].socket.reset();
  make(parties_[index]);
}

std::int64_t Laboratory::unix_ms(const Party& party) const {
  constexpr std::int64_t kStartMs = 1'767'225'600'000;
  return kStartMs + clock_.now().ns / 1'000'000 + party.unix_ms_ahead;
}

void Laboratory::publish(std::size_t index, std::uint8_t where) {
  Party& party = parties_[index];
  party.directory->publish(clock_.now(), unix_ms(party), rendezvous(), sealing(),
                           {{Address::v4(192, 168, 1, where, 4433)}, {}, {}});
  drain(party);
}

void Laboratory::look_up(std::size_t index, Duration patience) {
  Party& party = parties_[index];
  party.sightings.clear();
  party.directory->look_up(clock_.now(), rendezvous()->id(), sealing(), clock_.now() + patience);
  drain(party);
}

bool Laboratory::finds(std::size_t index, std::uint8_t where) {
  constexpr Duration kPatience = seconds(90);
  look_up(index, kPatience);
  const Address wanted = Address::v4(192, 168, 1, where, 4433);
  const Instant end = clock_.now() + kPatience;
  bool found = false;
  while (clock_.now() < end && !found) {
    run_for(milliseconds(100));
    for (const Sighting& sighting : parties_[index].sightings) {
      found = found || sighting.addresses == std::vector<Address>{wanted};
    }
  }
  parties_[index].directory->stop(rendezvous()->id());
  return found;
}

void Laboratory::fail_socket(std::size_t index) {
  Party& party = parties_[index];
  party.socket.reset();
  party.directory->socket_failed(clock_.now());
  drain(party);
}

void Laboratory::later(Duration delay, Happening happening) {
  clock_.later(delay, std::move(happening));
}

bool Laboratory::fails(Party& party) { return ++party.effects == party.fails_at; }

void Laboratory::carry_out(Party& party, const Effect& effect) {
  Directory* const asker = party.directory.get();
  const auto answer = [this, &party, asker](Duration delay, std::function<void()> what) {
    later(delay, [this, &party, asker, what = std::move(what)] {
      if (party.directory.get() != asker) return;
      what();
      drain(party);
    });
  };
  if (const auto* open = std::get_if<OpenSocket>(&effect)) {
    ++party.opened;
    answer(milliseconds(1), [this, &party, id = open->socket, failed = fails(party)] {
      if (failed) return party.directory->socket_failed(clock_.now());
      party.socket = id;
      party.directory->socket_opened(clock_.now(), id);
    });
  } else if (const auto* resolve = std::get_if<ResolveHost>(&effect)) {
    HostResolved resolved{resolve->id, std::vector<Address>{address_of(parties_[kEntrance])}};
    if (fails(party)) resolved.addresses = failure(ErrorCode::not_found, "nobody knows it");
    answer(milliseconds(20),
           [this, &party, resolved] { party.directory->host_resolved(clock_.now(), resolved); });
  } else if (const auto* commit = std::get_if<StoreCommit>(&effect)) {
    const StoreChange& first = commit->changes.front();
    const auto held = party.store.find(first.key);
    // Equally long and big-endian: they compare as numbers do.
    const bool ahead = held == party.store.end() || *first.value > held->second;
    if (first.key == kSequenceStoreKey && !ahead) number_went_back = true;
    answer(milliseconds(5), [this, &party, commit = *commit, failed = fails(party)] {
      for (const StoreChange& change : commit.changes) {
        if (!failed) party.store[change.key] = *change.value;
        party.stored.insert(change.key);
      }
      StoreCompleted completed{commit.op, {}};
      if (failed) completed.outcome = failure(ErrorCode::no_space, "the disk is full");
      party.directory->stored(clock_.now(), completed);
    });
  } else if (const auto* sighting = std::get_if<Sighting>(&effect)) {
    party.sightings.push_back(*sighting);
  }
}

void Laboratory::drain(Party& party) {
  while (const auto effect = party.directory->poll_effect()) carry_out(party, *effect);
  if (!party.socket) return;
  std::array<std::byte, 1500> room;
  while (const auto sent = party.directory->poll_datagrams(*party.socket, room)) {
    const Datagram datagram{address_of(party), sent->remote,
                            to_bytes(ByteView(room).first(sent->size))};
    look_at(party, datagram);
    later(milliseconds(20), [this, datagram] { deliver(datagram); });
  }
}

void Laboratory::deliver(const Datagram& datagram) {
  for (Party& party : parties_) {
    if (address_of(party) != datagram.to || !party.socket) continue;
    party.directory->handle_datagram(clock_.now(),
                                     {*party.socket, datagram.to, datagram.from, 1, Ecn::not_ect,
                                      datagram.bytes.size(), datagram.bytes});
    drain(party);
  }
}

void Laboratory::look_at(const Party& sender, const Datagram& datagram) {
  const auto message = dht::decode(datagram.bytes);
  const auto* query = message ? std::get_if<dht::Query>(&message->body) : nullptr;
  const auto* item = query != nullptr ? std::get_if<dht::PutMutable>(&query->request) : nullptr;
  if (item == nullptr) return;
  const bool same = put && put->seq == item->item.seq && put->value == item->item.value;
  if (put && put->seq >= item->item.seq && !same) number_went_back = true;
  put = item->item;
  const auto held = sender.store.find(std::string(kSequenceStoreKey));
  const auto durable = held == sender.store.end() ? std::nullopt : ByteReader(held->second).u64();
  if (durable.value_or(0) < static_cast<std::uint64_t>(put->seq)) number_was_not_durable = true;
}

void Laboratory::run_for(Duration time) {
  clock_.run_for(
      time, parties_, [this](Party& party) { return party.directory->next_wakeup(); },
      [this](Party& party) {
        party.directory->on_wakeup(clock_.now(), unix_ms(party));
        drain(party);
      });
}

}  // namespace
}  // namespace kith::discovery
