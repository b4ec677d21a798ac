// What the twelve words open once they are no secret any more, for one who has every message of the
// exchange in plain text: more than an eavesdropper of QUIC ever has.

#include <gtest/gtest.h>

#include "engine/pairing/code.h"
#include "engine/pairing/exchange.h"

namespace kith::pairing {
namespace {

// One honest exchange, recorded message by message.
class Recorded {
 public:
  Recorded();

  Exchange side(CPaceRole role, RandomSource& random) const {
    return Exchange(role, channel, password, random);
  }
  // As the honest side drew in the exchange that was recorded.
  RandomSource randomness_of(CPaceRole role) const {
    return root_.fork(role == CPaceRole::initiator ? "joiner" : "acceptor");
  }

  Channel channel;
  SecretKey password = derive_code_keys({std::byte{7}}).password;
  Identity joiner{SecretKey::copy_of(std::array<std::byte, 32>{std::byte{1}})};
  Identity acceptor{SecretKey::copy_of(std::array<std::byte, 32>{std::byte{2}})};
  Share share;
  Reply reply;
  Confirm confirm;
  Identify identify;
  CommitTag joiner_commit{};
  CommitTag acceptor_commit{};
  SecretKey secret;

 private:
  RandomSource root_{std::array<std::byte, 32>{std::byte{3}}};
};

class Eavesdropper : public ::testing::Test {
 protected:
  Recorded recorded_;
  RandomSource own_{std::array<std::byte, 32>{std::byte{4}}};
  Identity self_{SecretKey::copy_of(std::array<std::byte, 32>{std::byte{5}})};
};

TEST_F(Eavesdropper, in_the_place_of_the_joiner_opens_nothing) {
  Exchange exchange = recorded_.side(CPaceRole::initiator, own_);
  EXPECT_FALSE(exchange.accept_reply(recorded_.reply, {self_, "mallory"}));
}

TEST_F(Eavesdropper, in_the_place_of_the_acceptor_opens_nothing) {
  Exchange exchange = recorded_.side(CPaceRole::responder, own_);
  ASSERT_TRUE(exchange.accept_share(recorded_.share));
  EXPECT_FALSE(exchange.accept_confirm(recorded_.confirm, {self_, "mallory"}));
}

// The two above can fail: with the randomness that one side drew and wiped, all of it opens.
TEST_F(Eavesdropper, with_the_wiped_scalar_of_the_joiner_would_open_everything) {
  RandomSource drawn = recorded_.randomness_of(CPaceRole::initiator);
  Exchange exchange = recorded_.side(CPaceRole::initiator, drawn);
  ASSERT_TRUE(exchange.accept_reply(recorded_.reply, {recorded_.joiner, "joiner"}));
  const auto peer = exchange.accept_identity(recorded_.identify);
  ASSERT_TRUE(peer);
  EXPECT_EQ(peer->device, recorded_.acceptor.id());
  EXPECT_EQ(exchange.secret(), recorded_.secret);
}

TEST_F(Eavesdropper, an_exchange_of_his_own_under_the_same_words_has_another_secret) {
  RandomSource drawn = recorded_.randomness_of(CPaceRole::responder);
  Exchange his = recorded_.side(CPaceRole::initiator, own_);
  Exchange acceptor = recorded_.side(CPaceRole::responder, drawn);
  const auto reply = acceptor.accept_share(his.share());
  const auto confirm = his.accept_reply(*reply, {self_, "mallory"});
  ASSERT_TRUE(confirm);  // he has the words, and this time they are live
  const auto accepted = acceptor.accept_confirm(*confirm, {recorded_.acceptor, "acceptor"});
  ASSERT_TRUE(accepted);
  ASSERT_TRUE(his.accept_identity(accepted->answer));
  EXPECT_EQ(his.secret(), acceptor.secret());
  EXPECT_FALSE(his.secret() == recorded_.secret);
  EXPECT_FALSE(acceptor.verify_commit(recorded_.joiner_commit));
  EXPECT_FALSE(his.verify_commit(recorded_.acceptor_commit));
}

Recorded::Recorded() {
  channel.exporter[0] = std::byte{9};
  channel.joiner_key.bytes[0] = std::byte{10};
  channel.rendezvous_key = derive_code_keys({std::byte{7}}).rendezvous->id();
  RandomSource drawn_by_joiner = randomness_of(CPaceRole::initiator);
  RandomSource drawn_by_acceptor = randomness_of(CPaceRole::responder);
  Exchange joins = side(CPaceRole::initiator, drawn_by_joiner);
  Exchange accepts = side(CPaceRole::responder, drawn_by_acceptor);
  share = joins.share();
  reply = accepts.accept_share(share).value();
  confirm = joins.accept_reply(reply, {joiner, "joiner"}).value();
  identify = accepts.accept_confirm(confirm, {acceptor, "acceptor"}).value().answer;
  EXPECT_TRUE(joins.accept_identity(identify));
  joiner_commit = joins.own_commit();
  acceptor_commit = accepts.own_commit();
  secret = joins.secret();
  EXPECT_TRUE(accepts.verify_commit(joiner_commit));
}

}  // namespace
}  // namespace kith::pairing
