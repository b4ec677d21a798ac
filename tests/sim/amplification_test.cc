// What may be sent to an address that has not shown that it receives. Engines are played by hand;
// tests/sim/planted has one that answers four times.

#include "sim/checkers/amplification.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "sim/world/world.h"

namespace kith::sim {
namespace {

using std::chrono::seconds;
using ::testing::HasSubstr;

const Address kOwn = Address::v4(10, 0, 0, 1, 4433);
const Address kFirst = Address::v4(20, 0, 0, 7, 1);
const Address kSecond = Address::v4(20, 0, 0, 7, 2);

class AmplificationTest : public ::testing::Test {
 protected:
  AmplificationTest() {
    DeviceSpec spec;
    spec.name = "alice";
    spec.addresses = {kOwn};
    device_ = &world_.add_device(spec);
  }
  // Someone speaks from an address and is asked whether it is there.
  void challenge(const Address& address) {
    receive(1, address, 132);
    send(1, address, 38);
  }
  // Packets with a short header. `id`: every byte of it.
  void receive(int at, const Address& from, std::size_t size, std::byte id = std::byte{0x41}) {
    DatagramsReceived received;
    received.local = kOwn;
    received.remote = from;
    const Bytes bytes(size, id);
    received.stride = size;
    received.bytes = bytes;
    checker_.on_input(*device_, Instant{} + seconds(at), Input(received));
  }
  void send(int at, const Address& to, std::size_t size) {
    Transmit transmit;
    transmit.remote = to;
    transmit.size = transmit.segment_size = size;
    checker_.on_transmit(*device_, Instant{} + seconds(at), transmit, Bytes(size, std::byte{0x41}));
  }

  World world_{1};
  Device* device_ = nullptr;
  Amplification checker_;
};

TEST_F(AmplificationTest, three_times_what_came_and_no_more) {
  receive(1, kFirst, 100);
  send(1, kFirst, 300);
  EXPECT_TRUE(checker_.ok()) << checker_.first_violation();
  send(1, kFirst, 1);
  EXPECT_THAT(checker_.first_violation(), HasSubstr("sent 301 bytes to 20.0.0.7:1"));
}

TEST_F(AmplificationTest, who_speaks_again_after_an_answer_is_there) {
  receive(1, kFirst, 100);
  send(1, kFirst, 50);
  receive(2, kFirst, 30);
  send(2, kFirst, 100'000);
  EXPECT_TRUE(checker_.ok()) << checker_.first_violation();
}

TEST_F(AmplificationTest, who_may_have_answered_from_elsewhere_is_there) {
  challenge(kFirst);
  receive(2, kSecond, 1200);
  send(2, kFirst, 1200);
  send(2, kFirst, 8952);
  EXPECT_TRUE(checker_.ok()) << checker_.first_violation();
}

TEST_F(AmplificationTest, an_answer_has_the_size_to_which_answers_are_expanded) {
  challenge(kFirst);
  receive(2, kSecond, 1199);
  receive(2, kSecond, 1201);
  send(2, kFirst, 1200);
  EXPECT_FALSE(checker_.ok());
}

TEST_F(AmplificationTest, an_answer_goes_to_the_id_that_the_challenged_one_spoke_to) {
  challenge(kFirst);
  receive(2, kSecond, 1200, std::byte{0x42});
  send(2, kFirst, 1200);
  EXPECT_FALSE(checker_.ok());
}

TEST_F(AmplificationTest, who_was_not_challenged_has_not_answered) {
  receive(1, kFirst, 132);
  receive(2, kSecond, 1200);
  send(2, kFirst, 1200);
  EXPECT_FALSE(checker_.ok());
}

}  // namespace
}  // namespace kith::sim
