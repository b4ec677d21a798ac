// Attackers on the network of two devices that pair: they hear everything, change it, send it again
// and guess. Whole engines, real QUIC and TLS; what the words protect once TLS is taken away is in
// tests/pairing.

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <vector>

#include "engine/pairing/code.h"
#include "tests/sim/pairing_scene.h"
#include "tests/sim/stranger.h"

namespace kith::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Each;
using ::testing::Field;

constexpr DeviceIndex kShows = 0;
constexpr DeviceIndex kJoins = 1;
constexpr DeviceIndex kOther = 2;  // a device of somebody else, or of an attacker
// Longer than words are valid (Config::pairing_code_lifetime).
constexpr Duration kExpired = seconds(310);

// What an IPv4 packet of the links' MTU has room for.
constexpr std::size_t kLargestPayload = 1500 - 28;

struct Datagram {
  Address from;
  Address to;
  Bytes bytes;
};

// All that every device puts on a wire, as one who sits on every wire has it.
class Recording final : public Observer {
 public:
  explicit Recording(World& world) { world.add_observer(*this); }

  bool contains(ByteView wanted) const;
  std::vector<Datagram> datagrams;

 private:
  void on_transmit(Device& device, Instant at, const Transmit& sent, ByteView bytes) override;
};

SceneSpec scene_of(std::size_t devices);
Address attackers_address() { return Address::v4(192, 0, 2, 66, 4433); }
pairing::CodeKeys keys_of(PairingScene& scene) { return pairing::derive_code_keys(scene.words()); }
std::vector<RestoredState> stores_of(PairingScene& scene);
// Datagrams that reached a socket.
std::uint64_t received_by_all(PairingScene& scene);
// Flips one bit in the nth datagram that is delivered from now on; how many were delivered.
std::shared_ptr<std::uint64_t> flip_in_delivery(PairingScene& scene, std::uint64_t nth);

TEST(PairingAttack, the_wire_shows_neither_words_nor_names_nor_ids_nor_files) {
  PairingScene scene(scene_of(2));
  const Recording recording(scene.world());
  scene.pair(kShows, kJoins);
  ASSERT_TRUE(scene.run_until_paired(kShows, kJoins, seconds(5)));
  ASSERT_TRUE(scene.contact(kShows, kJoins));

  const std::array<std::byte, 4> quic_version_1{std::byte{}, std::byte{}, std::byte{},
                                                std::byte{1}};
  EXPECT_TRUE(recording.contains(quic_version_1));  // it would see what is in the clear
  EXPECT_FALSE(recording.contains(scene.words()));
  EXPECT_FALSE(recording.contains(keys_of(scene).password.view()));
  for (const DeviceIndex i : {kShows, kJoins}) {
    EXPECT_FALSE(recording.contains(scene.device(i).id().bytes));
    EXPECT_FALSE(recording.contains(as_byte_view(scene.device(i).name())));
  }
  EXPECT_FALSE(recording.contains(as_byte_view("hello")));
}

TEST(PairingAttack, an_eavesdropper_who_learns_the_words_after_they_expired_gets_in_nowhere) {
  PairingScene scene(scene_of(3));
  const Recording recording(scene.world());
  scene.pair(kShows, kJoins);
  ASSERT_TRUE(scene.run_until_paired(kShows, kJoins, seconds(5)));
  Stranger stranger(scene.world(), attackers_address());
  scene.run_for(kExpired);
  const std::vector<Datagram> heard = recording.datagrams;
  const auto stores = stores_of(scene);

  // By the program itself, by a client without rules, and with all that was said.
  const pairing::CodeKeys keys = keys_of(scene);
  for (const DeviceIndex target : {kShows, kJoins}) {
    const Address at = scene.device(target).address(PairingScene::kPort);
    scene.join(kOther, scene.words(), at);
    stranger.guess(at, keys.rendezvous->id(), keys.password);
    for (const Datagram& datagram : heard) stranger.inject(attackers_address(), at, datagram.bytes);
  }
  scene.run_for(seconds(60));
  EXPECT_THAT(scene.errors(kOther), Each(Field(&Error::code, ErrorCode::refused)));
  EXPECT_EQ(scene.errors(kOther).size(), 2u);
  EXPECT_EQ(stranger.guesses().connected, 0u);
  EXPECT_EQ(stranger.guesses().ended, 2u);
  EXPECT_EQ(stores_of(scene), stores);
  EXPECT_TRUE(scene.contact(kJoins, kShows));
}

TEST(PairingAttack, a_man_in_the_middle_with_a_key_of_his_own_hears_nothing_and_joins_nobody) {
  PairingScene scene(scene_of(2));
  Stranger stranger(scene.world(), attackers_address());
  scene.show_only(kShows);
  scene.run_for(milliseconds(100));
  // He answers in place of the one who shows the words, and guesses in place of the joiner.
  const pairing::CodeKeys keys = keys_of(scene);
  scene.join(kJoins, scene.words(), attackers_address());
  stranger.guess(scene.device(kShows).address(PairingScene::kPort), keys.rendezvous->id(),
                 SecretKey{});
  scene.run_for(seconds(60));
  EXPECT_EQ(stranger.guesses().answered, 1u);
  EXPECT_EQ(stranger.guesses().right, 0u);
  EXPECT_EQ(stranger.bytes_heard(), 0u);
  EXPECT_EQ(scene.errors(kJoins).size(), 1u);
  EXPECT_EQ(scene.paired(kShows) + scene.paired(kJoins), 0u);
  // The words are as good as before.
  scene.join(kJoins, scene.words(), scene.device(kShows).address(PairingScene::kPort));
  EXPECT_TRUE(scene.run_until_paired(kShows, kJoins, seconds(5)));
  EXPECT_TRUE(scene.contact(kShows, kJoins));
}

// The test above can see a joiner who talks to the wrong one: this one does.
TEST(PairingAttack, a_joiner_who_takes_any_key_would_be_heard) {
  PairingScene scene(scene_of(1));
  Stranger middle(scene.world(), attackers_address());
  Stranger careless(scene.world(), Address::v4(192, 0, 2, 67, 4433));
  scene.world().network().connect(careless.node(), middle.node(), {});
  scene.world().network().connect(middle.node(), careless.node(), {});
  careless.guess(middle.address(), DeviceId{}, SecretKey{});
  scene.run_for(seconds(1));
  EXPECT_EQ(middle.deceived(), 1u);
  EXPECT_GT(middle.bytes_heard(), 32u);  // a share
}

TEST(PairingAttack, a_man_in_the_middle_who_changes_any_datagram_changes_nothing) {
  std::uint64_t delivered = 0;
  std::uint64_t runs = 0;
  for (std::uint64_t nth = 1; nth == 1 || nth <= delivered; ++nth, ++runs) {
    SCOPED_TRACE(nth);
    PairingScene scene(scene_of(2));
    const auto count = flip_in_delivery(scene, nth);
    scene.pair(kShows, kJoins);
    EXPECT_TRUE(scene.run_until_paired(kShows, kJoins, seconds(60)));
    scene.run_for(seconds(10));
    delivered = *count;
    EXPECT_EQ(scene.paired(kShows), 1u);
    EXPECT_EQ(scene.paired(kJoins), 1u);
    EXPECT_TRUE(scene.contact(kJoins, kShows));
  }
  fmt::print("{} datagrams, each changed once\n", runs);
  RecordProperty("datagrams", static_cast<int>(runs));
  EXPECT_GE(runs, 20u);
}

TEST(PairingAttack, every_message_replayed_alone_or_in_order_changes_nothing) {
  PairingScene scene(scene_of(3));
  const Recording recording(scene.world());
  Stranger stranger(scene.world(), attackers_address());
  scene.pair(kShows, kJoins);
  ASSERT_TRUE(scene.run_until_paired(kShows, kJoins, seconds(5)));
  ASSERT_TRUE(scene.contact(kShows, kJoins));
  scene.run_for(seconds(60));  // past the idle timeout: nothing of that time is open
  const std::vector<Datagram> heard = recording.datagrams;
  ASSERT_GE(heard.size(), 20u);

  scene.show_only(kShows);
  scene.run_for(milliseconds(100));
  const auto stores = stores_of(scene);
  const std::size_t before = scene.errors(kShows).size() + scene.errors(kJoins).size();
  const std::uint64_t received = received_by_all(scene);
  for (const Duration pause : {milliseconds(200), milliseconds(1)}) {
    for (const bool spoofed : {true, false}) {
      for (const Datagram& datagram : heard) {
        stranger.inject(spoofed ? datagram.from : attackers_address(), datagram.to, datagram.bytes);
        scene.run_for(pause);
      }
    }
  }
  scene.run_for(seconds(30));
  EXPECT_EQ(stores_of(scene), stores);
  EXPECT_EQ(scene.errors(kShows).size() + scene.errors(kJoins).size(), before);
  EXPECT_GE(received_by_all(scene) - received, heard.size() * 4);
  EXPECT_EQ(scene.paired(kShows), 1u);
  EXPECT_EQ(scene.paired(kJoins), 1u);
  fmt::print("{} datagrams, each replayed four times\n", heard.size());
  RecordProperty("datagrams", static_cast<int>(heard.size()));
  // The new words, live all the while, still pair the right joiner.
  scene.join(kOther, scene.words(), scene.device(kShows).address(PairingScene::kPort));
  EXPECT_TRUE(scene.run_until_paired(kShows, kOther, seconds(5)));
  EXPECT_TRUE(scene.contact(kJoins, kShows));
}

TEST(PairingAttack, messages_replayed_while_the_people_decide_change_nothing) {
  SceneSpec spec = scene_of(2);
  spec.deciding = {seconds(20), seconds(20)};
  PairingScene scene(spec);
  const Recording recording(scene.world());
  Stranger stranger(scene.world(), attackers_address());
  scene.pair(kShows, kJoins);
  scene.run_for(seconds(1));
  const std::vector<Datagram> heard = recording.datagrams;
  ASSERT_GE(heard.size(), 8u);
  const std::uint64_t received = received_by_all(scene);
  for (const bool spoofed : {true, false}) {
    for (const Datagram& datagram : heard) {
      stranger.inject(spoofed ? datagram.from : attackers_address(), datagram.to, datagram.bytes);
      scene.run_for(milliseconds(20));
    }
  }
  EXPECT_GE(received_by_all(scene) - received, heard.size() * 2);
  EXPECT_EQ(scene.paired(kShows) + scene.paired(kJoins), 0u);
  EXPECT_TRUE(scene.run_until_paired(kShows, kJoins, seconds(30)));
  scene.run_for(seconds(30));
  EXPECT_EQ(scene.paired(kShows), 1u);
  EXPECT_EQ(scene.paired(kJoins), 1u);
  EXPECT_TRUE(scene.contact(kJoins, kShows));
}

TEST(PairingAttack, every_datagram_delivered_twice_pairs_once) {
  SceneSpec spec = scene_of(2);
  spec.link.duplicate = Ppm{1'000'000};
  PairingScene scene(spec);
  scene.pair(kShows, kJoins);
  EXPECT_TRUE(scene.run_until_paired(kShows, kJoins, seconds(5)));
  scene.run_for(seconds(10));
  EXPECT_EQ(scene.paired(kShows), 1u);
  EXPECT_EQ(scene.paired(kJoins), 1u);
  EXPECT_GT(scene.world().network().counters().duplicated, 20u);
}

TEST(PairingAttack, a_thousand_strangers_who_know_the_rendezvous_do_not_keep_the_joiner_out) {
  constexpr std::uint64_t kStrangers = 1000;
  PairingScene scene(scene_of(2));
  Stranger strangers(scene.world(), attackers_address());
  scene.show_only(kShows);
  scene.run_for(milliseconds(100));
  const pairing::CodeKeys keys = keys_of(scene);
  const Address at = scene.device(kShows).address(PairingScene::kPort);
  RandomSource random = scene.world().random("guesses");
  for (std::uint64_t i = 0; i < kStrangers; ++i) {
    strangers.guess(at, keys.rendezvous->id(), SecretKey::random(random),
                    i % 2 == 0 ? AfterAnswer::go_on : AfterAnswer::say_nothing);
    // Nobody waits until the one before has been refused, or has given up.
    scene.run_for(milliseconds(5));
  }
  scene.join(kJoins, scene.words(), at);
  EXPECT_TRUE(scene.run_until_paired(kShows, kJoins, seconds(30)));
  scene.run_for(seconds(60));
  const Stranger::Guesses& guesses = strangers.guesses();
  fmt::print("{} strangers, {} connected, {} answered, {} right, {} ended\n", guesses.dialled,
             guesses.connected, guesses.answered, guesses.right, guesses.ended);
  EXPECT_EQ(guesses.dialled, kStrangers);
  EXPECT_GE(guesses.answered, kStrangers * 9 / 10);  // the last come together with the joiner
  EXPECT_EQ(guesses.right, 0u);
  EXPECT_EQ(guesses.ended, kStrangers);
  EXPECT_EQ(scene.paired(kShows), 1u);
  EXPECT_EQ(scene.device(kShows).engine().devices().size(), 1u);
  EXPECT_TRUE(scene.contact(kJoins, kShows));
}

// A guess can be right: whoever has the words in time is the joiner.
TEST(PairingAttack, the_right_password_is_the_only_guess_that_is_right) {
  PairingScene scene(scene_of(1));
  Stranger stranger(scene.world(), attackers_address());
  scene.show_only(kShows);
  scene.run_for(milliseconds(100));
  const pairing::CodeKeys keys = keys_of(scene);
  const Address at = scene.device(kShows).address(PairingScene::kPort);
  for (const std::size_t changed : {0u, 31u}) {
    SecretKey wrong = keys.password.clone();
    wrong.writable()[changed] ^= std::byte{1};
    stranger.guess(at, keys.rendezvous->id(), wrong);
  }
  scene.run_for(seconds(1));
  EXPECT_EQ(stranger.guesses().answered, 2u);
  EXPECT_EQ(stranger.guesses().right, 0u);
  stranger.guess(at, keys.rendezvous->id(), keys.password);
  scene.run_for(seconds(1));
  EXPECT_EQ(stranger.guesses().right, 1u);
}

TEST(PairingAttack, a_thousand_wrong_codes_are_refused_before_a_word_is_exchanged) {
  constexpr std::size_t kCodes = 1000;
  PairingScene scene(scene_of(3));
  scene.show_only(kShows);
  scene.run_for(milliseconds(100));
  const Address at = scene.device(kShows).address(PairingScene::kPort);
  RandomSource random = scene.world().random("codes");
  for (std::size_t i = 0; i < kCodes; ++i) {
    scene.join(kOther, random.bytes<16>(), at);
    scene.run_for(milliseconds(20));
  }
  scene.run_for(seconds(30));
  EXPECT_EQ(scene.errors(kOther).size(), kCodes);
  EXPECT_THAT(scene.errors(kOther), Each(Field(&Error::code, ErrorCode::refused)));
  EXPECT_TRUE(scene.device(kShows).engine().devices().empty());
  scene.join(kJoins, scene.words(), at);
  EXPECT_TRUE(scene.run_until_paired(kShows, kJoins, seconds(5)));
}

// --- helpers ------------------------------------------------------------------------------------

bool Recording::contains(ByteView wanted) const {
  return std::any_of(datagrams.begin(), datagrams.end(), [&](const Datagram& datagram) {
    return std::search(datagram.bytes.begin(), datagram.bytes.end(), wanted.begin(),
                       wanted.end()) != datagram.bytes.end();
  });
}

void Recording::on_transmit(Device& device, Instant, const Transmit& sent, ByteView bytes) {
  for (std::size_t at = 0; at < bytes.size(); at += sent.segment_size) {
    const ByteView one = bytes.subspan(at, std::min(sent.segment_size, bytes.size() - at));
    if (one.size() > kLargestPayload) continue;  // a probe for the path MTU, which no wire carried
    datagrams.push_back({device.address(PairingScene::kPort), sent.remote, to_bytes(one)});
  }
}

SceneSpec scene_of(std::size_t devices) {
  SceneSpec spec;
  spec.devices = devices;
  spec.link.delay = milliseconds(5);
  return spec;
}

std::vector<RestoredState> stores_of(PairingScene& scene) {
  std::vector<RestoredState> stores;
  for (DeviceIndex i = 0; i < scene.world().device_count(); ++i) {
    stores.push_back(scene.device(i).store().content());
  }
  return stores;
}

std::uint64_t received_by_all(PairingScene& scene) {
  std::uint64_t received = 0;
  for (DeviceIndex i = 0; i < scene.world().device_count(); ++i) {
    received += scene.device(i).effects(EffectKind::datagram_received);
  }
  return received;
}

std::shared_ptr<std::uint64_t> flip_in_delivery(PairingScene& scene, std::uint64_t nth) {
  auto count = std::make_shared<std::uint64_t>(0);
  scene.world().network().set_delivery_tap([count, nth](Instant, NodeId, std::span<std::byte> at) {
    // The middle of a datagram lies in what its packet protects.
    if (++*count == nth) at[at.size() / 2] ^= std::byte{1};
  });
  return count;
}

}  // namespace
}  // namespace kith::sim
