// What a device seals by itself: the checker sees a nonce that is used again. Engines are played by
// hand.

#include "sim/checkers/fresh_nonces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/crypto/key_pair.h"
#include "engine/discovery/dht/krpc.h"
#include "engine/discovery/pkarr.h"
#include "engine/registry/device_record.h"
#include "sim/world/world.h"

namespace kith::sim {
namespace {

using ::testing::HasSubstr;

class FreshNoncesTest : public ::testing::Test {
 protected:
  FreshNoncesTest();
  // An address with this port is put to a node; all randomness is the seed's.
  void put(std::uint64_t seed, std::uint16_t port, std::uint8_t node);
  // The same for a secret in the store.
  void commit(std::uint64_t seed, std::uint8_t secret);
  void crash() { checker_.on_stopped(*device_, {}, Ending::crashed); }

  World world_{1};
  Device* device_ = nullptr;
  FreshNonces checker_;
};

TEST_F(FreshNoncesTest, one_record_put_to_several_nodes_is_one_use) {
  put(1, 4433, 1);
  put(1, 4433, 2);
  put(2, 4434, 1);
  EXPECT_TRUE(checker_.ok()) << checker_.first_violation();
}

TEST_F(FreshNoncesTest, addresses_sealed_with_a_nonce_of_a_life_before_are_seen) {
  put(1, 4433, 1);
  crash();
  put(1, 4434, 1);
  EXPECT_THAT(checker_.first_violation(), HasSubstr("sealed its addresses for the DHT"));
}

TEST_F(FreshNoncesTest, secrets_sealed_with_a_nonce_of_a_life_before_are_seen) {
  commit(1, 1);
  commit(2, 2);
  EXPECT_TRUE(checker_.ok()) << checker_.first_violation();
  crash();
  commit(1, 2);
  EXPECT_THAT(checker_.first_violation(), HasSubstr("sealed a secret of its store"));
}

// --- helpers ------------------------------------------------------------------------------------

FreshNoncesTest::FreshNoncesTest() {
  DeviceSpec spec;
  spec.name = "alice";
  spec.addresses = {Address::v4(10, 0, 0, 1, 0)};
  device_ = &world_.add_device(spec);
}

void FreshNoncesTest::put(std::uint64_t seed, std::uint16_t port, std::uint8_t node) {
  const KeyPair key(pkarr::sealing_key(as_byte_view("key")));
  RandomSource random = source_of_seed(seed);
  pkarr::Presence presence;
  presence.addresses = {Address::v4(20, 0, 0, 1, port)};
  const Bytes packet =
      pkarr::write(key.id(), presence, pkarr::sealing_key(as_byte_view("shared")), random);
  dht::Query query;
  query.request =
      dht::PutMutable{Bytes(8), dht::sign_item(key, {}, port, dht::string_value(packet)), {}};
  const Bytes datagram = dht::encode({Bytes(4), dht::kClient, std::nullopt, query});
  Transmit transmit;
  transmit.remote = Address::v4(31, node, 1, 1, 6881);
  transmit.size = datagram.size();
  transmit.segment_size = datagram.size();
  checker_.on_transmit(*device_, {}, transmit, datagram);
}

void FreshNoncesTest::commit(std::uint64_t seed, std::uint8_t secret) {
  RandomSource random = source_of_seed(seed);
  DeviceRecord record;
  record.visibility_key.emplace().fill(std::byte{secret});
  const SecretKey key = pkarr::sealing_key(as_byte_view("any"));
  checker_.on_output(*device_, {},
                     Output(StoreCommit{{}, {encode_device_record(record, key, random)}}));
}

}  // namespace
}  // namespace kith::sim
