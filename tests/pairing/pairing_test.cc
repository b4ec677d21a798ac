#include "engine/pairing/pairing.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/pairing/pairing_fabric.h"

namespace kith::pairing {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

bool both_paired(Fabric& fabric);
bool nobody_paired(Fabric& fabric);
Error last_failure(Device& device);
// Whether one contact with the pairing secret makes both sides paired.
void contact(Device& a, Device& b);

TEST(Pairing, two_devices_that_share_the_words_share_a_secret) {
  Fabric fabric(2);
  fabric.join(1, fabric.start(0));
  EXPECT_TRUE(both_paired(fabric));
  EXPECT_EQ(*fabric[0].registry->find(fabric[1].identity.id())->secret,
            *fabric[1].registry->find(fabric[0].identity.id())->secret);
  EXPECT_EQ(events_of<Paired>(fabric[0].events).front().name, "device 2");
  EXPECT_EQ(events_of<Paired>(fabric[1].events).front().device, fabric[0].identity.id());
}

TEST(Pairing, both_screens_show_the_same_fingerprint) {
  Fabric fabric(2);
  fabric.join(1, fabric.start(0));
  const auto first = events_of<PairingConfirmationNeeded>(fabric[0].events);
  const auto second = events_of<PairingConfirmationNeeded>(fabric[1].events);
  ASSERT_EQ(first.size(), 1u);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(first[0].fingerprint, second[0].fingerprint);
  EXPECT_EQ(first[0].fingerprint.size(), 14u);
}

TEST(Pairing, it_survives_a_restart) {
  Fabric fabric(2);
  fabric.join(1, fabric.start(0));
  for (std::size_t i : {0u, 1u}) fabric[i].restart();
  EXPECT_TRUE(fabric[0].registry->is_paired(fabric[1].identity.id()));
  EXPECT_TRUE(fabric[1].registry->is_paired(fabric[0].identity.id()));
}

TEST(Pairing, a_wrong_code_is_refused_before_a_word_is_exchanged) {
  Fabric fabric(2);
  CodeEntropy entropy = fabric.start(0);
  entropy[3] ^= std::byte{1};
  std::size_t frames = 0;
  fabric.on_wire = [&](Bytes&) { return ++frames > 0; };
  fabric.join(1, entropy);
  EXPECT_EQ(last_failure(fabric[1]).code, ErrorCode::refused);
  EXPECT_EQ(frames, 0u);
  EXPECT_TRUE(nobody_paired(fabric));
}

TEST(Pairing, each_keeps_where_the_other_was) {
  Fabric fabric(2);
  fabric.join(1, fabric.start(0));
  for (const std::size_t i : {0u, 1u}) {
    fabric[i].restart();
    const DeviceRecord* record = fabric[i].registry->find(fabric[1 - i].identity.id());
    ASSERT_NE(record, nullptr);
    EXPECT_EQ(record->reached_at, Fabric::address_of(1 - i));
  }
}

TEST(Pairing, a_code_works_once) {
  Fabric fabric(3);
  const CodeEntropy entropy = fabric.start(0);
  fabric.join(1, entropy);
  fabric.join(2, entropy);
  EXPECT_EQ(last_failure(fabric[2]).code, ErrorCode::refused);
  EXPECT_FALSE(fabric[0].registry->find(fabric[2].identity.id()));
}

TEST(Pairing, a_code_expires) {
  Fabric fabric(2);
  const CodeEntropy entropy = fabric.start(0);
  fabric.pass(minutes(5));
  EXPECT_EQ(last_failure(fabric[0]).code, ErrorCode::timed_out);
  fabric.join(1, entropy);
  EXPECT_EQ(last_failure(fabric[1]).code, ErrorCode::refused);
  EXPECT_TRUE(nobody_paired(fabric));
}

TEST(Pairing, a_code_works_until_it_expires) {
  Fabric fabric(2);
  const CodeEntropy entropy = fabric.start(0);
  fabric.pass(minutes(5) - seconds(1));
  fabric.join(1, entropy);
  EXPECT_TRUE(both_paired(fabric));
}

TEST(Pairing, a_code_does_not_survive_a_restart) {
  Fabric fabric(2);
  const CodeEntropy entropy = fabric.start(0);
  fabric[0].restart();
  fabric.join(1, entropy);
  EXPECT_TRUE(nobody_paired(fabric));
}

TEST(Pairing, a_code_can_be_cancelled) {
  Fabric fabric(2);
  const CodeEntropy entropy = fabric.start(0);
  fabric[0].command(Cancel{RequestId{1}});
  EXPECT_EQ(last_failure(fabric[0]).code, ErrorCode::cancelled);
  fabric.join(1, entropy);
  EXPECT_TRUE(nobody_paired(fabric));
}

TEST(Pairing, only_one_code_is_live_at_a_time) {
  Fabric fabric(1);
  fabric.start(0);
  fabric[0].command(StartPairing{RequestId{9}});
  EXPECT_EQ(last_failure(fabric[0]).code, ErrorCode::already_exists);
  EXPECT_EQ(events_of<PairingCodeReady>(fabric[0].events).size(), 1u);
}

class DecliningSide : public ::testing::TestWithParam<std::size_t> {};

TEST_P(DecliningSide, when_one_person_declines_nobody_is_paired) {
  Fabric fabric(2);
  fabric[GetParam()].accepts = false;
  fabric.join(1, fabric.start(0));
  EXPECT_TRUE(nobody_paired(fabric));
  EXPECT_EQ(last_failure(fabric[GetParam()]).code, ErrorCode::cancelled);
  EXPECT_FALSE(events_of<PairingFailed>(fabric[1 - GetParam()].events).empty());
  for (std::size_t i : {0u, 1u}) EXPECT_EQ(fabric[i].protocol->next_wakeup(), std::nullopt);
}

TEST_P(DecliningSide, what_was_declined_leaves_nothing_behind) {
  Fabric fabric(2);
  fabric[GetParam()].accepts = false;
  fabric.join(1, fabric.start(0));
  for (std::size_t i : {0u, 1u}) {
    EXPECT_TRUE(fabric[i].store.empty());
    EXPECT_EQ(fabric[i].registry->find(fabric[1 - i].identity.id()), nullptr);
  }
}

TEST_P(DecliningSide, declining_a_second_pairing_leaves_the_first_as_it_was) {
  Fabric fabric(2);
  fabric.join(1, fabric.start(0));
  const SecretKey first = fabric[0].registry->find(fabric[1].identity.id())->secret->clone();
  fabric[GetParam()].accepts = false;
  fabric.join(1, fabric.start(0));
  for (const bool restarted : {false, true}) {
    for (std::size_t i : {0u, 1u}) {
      if (restarted) fabric[i].restart();
      const DeviceRecord* record = fabric[i].registry->find(fabric[1 - i].identity.id());
      ASSERT_NE(record, nullptr);
      EXPECT_EQ(*record->secret, first);
      EXPECT_FALSE(record->provisional.has_value());
    }
  }
}

TEST_P(DecliningSide, declined_while_the_record_is_being_written_it_is_withdrawn_after) {
  Fabric fabric(2);
  Device& agreeing = fabric[1 - GetParam()];
  agreeing.store_waits = true;
  fabric[GetParam()].answers = false;
  fabric.join(1, fabric.start(0));
  const auto asked = events_of<PairingConfirmationNeeded>(fabric[GetParam()].events);
  ASSERT_EQ(asked.size(), 1u);
  fabric[GetParam()].command(ConfirmPairing{asked[0].request, false});
  EXPECT_FALSE(events_of<PairingFailed>(agreeing.events).empty());
  agreeing.complete_store();
  EXPECT_TRUE(agreeing.store.empty());
  EXPECT_TRUE(agreeing.registry->summaries().empty());
}

// As the core does: the registry first, then the protocols hear of it.
void block(Device& device, const DeviceId& peer) {
  DeviceRecord record;
  if (const DeviceRecord* known = device.registry->find(peer)) record = known->clone();
  record.id = peer;
  record.blocked = true;
  device.registry->put(std::move(record), DeviceTrigger::blocked);
  device.command(BlockDevice{peer});
}
void remove(Device& device, const DeviceId& peer) {
  device.registry->apply(peer, DeviceTrigger::removed);
  device.command(RemoveDevice{peer});
}

TEST_P(DecliningSide, a_device_blocked_while_its_record_is_written_stays_blocked) {
  Fabric fabric(2);
  Device& blocking = fabric[GetParam()];
  const DeviceId peer = fabric[1 - GetParam()].identity.id();
  blocking.store_waits = true;
  fabric.join(1, fabric.start(0));
  block(blocking, peer);
  EXPECT_EQ(last_failure(blocking).code, ErrorCode::cancelled);
  blocking.complete_store();
  EXPECT_EQ(blocking.registry->state(peer), DeviceState::blocked);
  EXPECT_FALSE(events_of<PairingFailed>(fabric[1 - GetParam()].events).empty());
}

TEST_P(DecliningSide, a_device_removed_at_any_time_of_a_pairing_stays_away) {
  // Each number of commits that may be durable when the person changes its mind.
  for (std::size_t durable = 0; durable < 3; ++durable) {
    SCOPED_TRACE(durable);
    Fabric fabric(2);
    Device& removing = fabric[GetParam()];
    const DeviceId peer = fabric[1 - GetParam()].identity.id();
    removing.store_waits = true;
    fabric.join(1, fabric.start(0));
    for (std::size_t i = 0; i < durable; ++i) {
      removing.complete_store();
      removing.store_waits = i + 1 < durable;
    }
    remove(removing, peer);
    removing.complete_store();
    EXPECT_EQ(removing.registry->find(peer), nullptr);
    fabric.pass(std::chrono::minutes(5));
    // And the words of the next day pair them.
    fabric.join(1, fabric.start(0));
    EXPECT_TRUE(removing.registry->is_paired(peer));
  }
}

TEST_P(DecliningSide, a_device_blocked_meanwhile_stays_blocked) {
  Fabric fabric(2);
  Device& agreeing = fabric[1 - GetParam()];
  const DeviceId peer = fabric[GetParam()].identity.id();
  fabric[GetParam()].answers = false;
  fabric.join(1, fabric.start(0));
  ASSERT_NE(agreeing.registry->find(peer), nullptr);
  DeviceRecord record = agreeing.registry->find(peer)->clone();
  record.blocked = true;
  agreeing.registry->put(std::move(record), DeviceTrigger::blocked);
  const auto asked = events_of<PairingConfirmationNeeded>(fabric[GetParam()].events);
  fabric[GetParam()].command(ConfirmPairing{asked.at(0).request, false});
  EXPECT_EQ(agreeing.registry->state(peer), DeviceState::blocked);
}

TEST_P(DecliningSide, when_one_person_does_not_answer_the_pairing_ends_by_itself) {
  Fabric fabric(2);
  fabric[GetParam()].answers = false;
  fabric.join(1, fabric.start(0));
  EXPECT_TRUE(nobody_paired(fabric));
  fabric.pass(minutes(6));
  EXPECT_TRUE(nobody_paired(fabric));
  for (std::size_t i : {0u, 1u}) {
    EXPECT_FALSE(events_of<PairingFailed>(fabric[i].events).empty());
    EXPECT_TRUE(fabric[i].store.empty());
    EXPECT_TRUE(fabric.connections().empty());
  }
}

TEST_P(DecliningSide, a_full_disk_on_one_side_pairs_nobody) {
  Fabric fabric(2);
  fabric[GetParam()].store_works = false;
  fabric.join(1, fabric.start(0));
  EXPECT_TRUE(nobody_paired(fabric));
  EXPECT_EQ(last_failure(fabric[GetParam()]).code, ErrorCode::no_space);
}

INSTANTIATE_TEST_SUITE_P(EitherSide, DecliningSide, ::testing::Values(0u, 1u));

// The connection is cut before the n-th frame, for every n.
TEST(Pairing, cut_anywhere_it_is_finished_by_one_contact_or_by_new_words) {
  std::size_t frames = 0;
  {
    Fabric fabric(2);
    fabric.on_wire = [&](Bytes&) { return ++frames > 0; };
    fabric.join(1, fabric.start(0));
  }
  ASSERT_EQ(frames, 6u);
  for (std::size_t cut = 1; cut <= frames; ++cut) {
    SCOPED_TRACE(cut);
    Fabric fabric(2);
    std::size_t seen = 0;
    fabric.on_wire = [&](Bytes&) { return ++seen != cut; };
    fabric.join(1, fabric.start(0));
    fabric.pass(minutes(10));
    for (std::size_t i : {0u, 1u}) fabric[i].restart();
    contact(fabric[0], fabric[1]);
    const bool first = fabric[0].registry->is_paired(fabric[1].identity.id());
    const bool second = fabric[1].registry->is_paired(fabric[0].identity.id());
    if (first && second) continue;
    EXPECT_EQ(first, second);
    fabric.on_wire = nullptr;
    fabric.join(1, fabric.start(0));
    EXPECT_TRUE(both_paired(fabric));
  }
}

TEST(Pairing, pairing_again_replaces_the_secret) {
  Fabric fabric(2);
  fabric.join(1, fabric.start(0));
  const SecretKey before = fabric[0].registry->find(fabric[1].identity.id())->secret->clone();
  fabric.join(1, fabric.start(0));
  EXPECT_TRUE(both_paired(fabric));
  const auto& after = *fabric[0].registry->find(fabric[1].identity.id())->secret;
  EXPECT_FALSE(before == after);
  EXPECT_EQ(after, *fabric[1].registry->find(fabric[0].identity.id())->secret);
}

TEST(Pairing, pairing_again_and_breaking_off_keeps_the_old_secret) {
  for (std::size_t cut = 1; cut <= 6; ++cut) {
    SCOPED_TRACE(cut);
    Fabric fabric(2);
    fabric.join(1, fabric.start(0));
    std::size_t seen = 0;
    fabric.on_wire = [&](Bytes&) { return ++seen != cut; };
    fabric.join(1, fabric.start(0));
    fabric.pass(minutes(10));
    for (std::size_t i : {0u, 1u}) fabric[i].restart();
    EXPECT_TRUE(fabric[0].registry->is_paired(fabric[1].identity.id()));
    EXPECT_TRUE(fabric[1].registry->is_paired(fabric[0].identity.id()));
    contact(fabric[0], fabric[1]);
    EXPECT_EQ(*fabric[0].registry->find(fabric[1].identity.id())->secret,
              *fabric[1].registry->find(fabric[0].identity.id())->secret);
  }
}

TEST(Pairing, a_changed_byte_in_any_frame_pairs_nobody) {
  std::size_t changed = 0;
  for (std::size_t frame = 1; frame <= 4; ++frame) {
    // Coprime to the alignment of every field, so that each kind of byte is met.
    constexpr std::size_t kStride = 3;
    bool inside = true;
    for (std::size_t at = wire::kFrameHeaderBytes; inside; at += kStride) {
      SCOPED_TRACE(testing::Message() << "frame " << frame << ", byte " << at);
      Fabric fabric(2);
      std::size_t seen = 0;
      bool significant = false;
      fabric.on_wire = [&](Bytes& bytes) {
        if (++seen != frame) return true;
        inside = at < bytes.size();
        if (!inside) return true;
        const auto before = decode(ByteView(bytes).subspan(wire::kFrameHeaderBytes));
        bytes[at] ^= std::byte{0x10};
        const auto after = decode(ByteView(bytes).subspan(wire::kFrameHeaderBytes));
        significant = !after || encode(*after) != encode(*before);
        return true;
      };
      fabric.join(1, fabric.start(0));
      EXPECT_EQ(nobody_paired(fabric), significant);
      changed += significant ? 1 : 0;
    }
  }
  EXPECT_GT(changed, 100u);
}

TEST(Pairing, a_man_in_the_middle_who_splices_two_connections_pairs_nobody) {
  Fabric fabric(2);
  // The two sides see different connections: other exporters, as two TLS sessions have.
  fabric.on_open = [](ConnectionOpened& joiner, ConnectionOpened&) {
    joiner.exporter[31] = std::byte{9};
  };
  fabric.join(1, fabric.start(0));
  EXPECT_TRUE(nobody_paired(fabric));
}

TEST(Pairing, a_man_in_the_middle_with_a_tls_key_of_his_own_pairs_nobody) {
  Fabric fabric(2);
  fabric.on_open = [](ConnectionOpened&, ConnectionOpened& acceptor) {
    acceptor.peer.bytes[0] ^= std::byte{1};
  };
  fabric.join(1, fabric.start(0));
  EXPECT_TRUE(nobody_paired(fabric));
}

TEST(Pairing, frames_replayed_on_a_new_connection_pair_nobody) {
  Fabric fabric(3);
  std::vector<Bytes> recorded;
  const CodeEntropy entropy = fabric.start(0);
  fabric.on_wire = [&](Bytes& bytes) {
    recorded.push_back(bytes);
    return recorded.size() < 4;
  };
  fabric.join(1, entropy);
  fabric.on_wire = nullptr;
  ASSERT_EQ(recorded.size(), 4u);
  DeviceId stranger;
  stranger.bytes[5] = std::byte{5};
  const ConnectionId replay = fabric.connect_stranger(0, entropy, stranger);
  ASSERT_TRUE(fabric.is_open(replay));
  fabric.send_from_stranger(replay, recorded[0]);
  fabric.send_from_stranger(replay, recorded[2]);
  EXPECT_FALSE(fabric.is_open(replay));
  EXPECT_TRUE(nobody_paired(fabric));
  fabric.join(2, entropy);
  EXPECT_TRUE(fabric[0].registry->is_paired(fabric[2].identity.id()));
}

TEST(Pairing, a_thousand_guessing_strangers_do_not_keep_the_right_joiner_out) {
  Fabric fabric(2);
  const CodeEntropy entropy = fabric.start(0);
  std::array<std::byte, 32> seed{};
  RandomSource random(seed);
  for (std::size_t i = 0; i < 1000; ++i) {
    const KeyPair key = KeyPair::random(random);
    const auto connection = fabric.connect_stranger(0, entropy, key.id());
    const SecretKey guess = SecretKey::random(random);
    Exchange exchange(CPaceRole::initiator, Channel{{}, key.id(), {}}, guess, random);
    fabric.send_from_stranger(connection, encode(Message{exchange.share()}));
    if (i % 2 == 0) {
      fabric.send_from_stranger(connection, encode(Message{Confirm{{}, Bytes(64)}}));
      EXPECT_FALSE(fabric.is_open(connection));
    }
  }
  EXPECT_LE(fabric.connections().size(), kMaxAttempts);
  EXPECT_TRUE(nobody_paired(fabric));
  fabric.join(1, entropy);
  EXPECT_TRUE(both_paired(fabric));
}

TEST(Pairing, one_tls_key_may_fail_three_times) {
  Fabric fabric(1);
  const CodeEntropy entropy = fabric.start(0);
  DeviceId stranger;
  stranger.bytes[5] = std::byte{5};
  for (std::uint32_t i = 0; i < kMaxFailuresPerKey; ++i) {
    const auto connection = fabric.connect_stranger(0, entropy, stranger);
    EXPECT_TRUE(fabric.is_open(connection));
    fabric.send_from_stranger(connection, encode(Message{Commit{}}));
  }
  EXPECT_FALSE(fabric.is_open(fabric.connect_stranger(0, entropy, stranger)));
}

TEST(Pairing, a_stranger_who_says_nothing_is_cut_off) {
  Fabric fabric(1);
  const auto connection = fabric.connect_stranger(0, fabric.start(0), DeviceId{});
  fabric.pass(kExchangeTimeout + seconds(1));
  EXPECT_FALSE(fabric.is_open(connection));
}

TEST(Pairing, a_device_does_not_pair_with_itself) {
  Fabric fabric(2);
  fabric.make_twin(0, 1);  // the same key file on two machines
  fabric.join(1, fabric.start(0));
  EXPECT_TRUE(nobody_paired(fabric));
  EXPECT_EQ(last_failure(fabric[1]).code, ErrorCode::refused);
}

TEST(Pairing, a_blocked_device_does_not_pair) {
  Fabric fabric(2);
  DeviceRecord record;
  record.id = fabric[1].identity.id();
  record.blocked = true;
  fabric[0].registry->put(std::move(record), DeviceTrigger::blocked);
  fabric.join(1, fabric.start(0));
  EXPECT_TRUE(nobody_paired(fabric));
}

RC_GTEST_PROP(Pairing, random_bytes_from_a_stranger_are_counted_and_harmless, ()) {
  Fabric fabric(2);
  const CodeEntropy entropy = fabric.start(0);
  const auto garbage = *rc::gen::arbitrary<std::vector<std::uint8_t>>();
  const auto connection = fabric.connect_stranger(0, entropy, DeviceId{});
  fabric.send_from_stranger(connection, std::as_bytes(std::span(garbage)));
  Bytes framed = wire::make_frame(std::as_bytes(std::span(garbage)));
  fabric.send_from_stranger(connection, framed);
  RC_ASSERT(nobody_paired(fabric));
  fabric.join(1, entropy);
  RC_ASSERT(both_paired(fabric));
}

bool both_paired(Fabric& fabric) {
  return fabric[0].registry->is_paired(fabric[1].identity.id()) &&
         fabric[1].registry->is_paired(fabric[0].identity.id()) &&
         !events_of<Paired>(fabric[0].events).empty() &&
         !events_of<Paired>(fabric[1].events).empty();
}

bool nobody_paired(Fabric& fabric) {
  for (std::size_t i = 0; i < fabric.size(); ++i) {
    for (const auto& summary : fabric[i].registry->summaries()) {
      if (fabric[i].registry->is_paired(summary.id)) return false;
    }
    if (!events_of<Paired>(fabric[i].events).empty()) return false;
  }
  return true;
}

Error last_failure(Device& device) {
  const auto failures = events_of<PairingFailed>(device.events);
  return failures.empty() ? Error{} : failures.back().error;
}

void contact(Device& a, Device& b) {
  constexpr std::int64_t kUnixMs = 1'800'000'000'000;
  for (const auto& offer : a.registry->psk_offers(b.identity.id(), kUnixMs)) {
    const auto* match = b.registry->psk_match(offer.identity, kUnixMs);
    if (match == nullptr || match->key != offer.key) continue;
    if (match->provisional) b.protocol->finish_provisional(a.identity.id());
    if (offer.provisional) a.protocol->finish_provisional(b.identity.id());
    a.fabric.settle();
    return;
  }
}

}  // namespace
}  // namespace kith::pairing
