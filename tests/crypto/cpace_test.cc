#include "engine/crypto/cpace.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <numeric>
#include <string>
#include <utility>

#include "engine/base/text.h"

namespace kith {
namespace {

// draft-irtf-cfrg-cpace-21 appendix B.3, "Test vector for CPace using group ristretto255 and hash
// SHA-512". The draft gives no vectors for key confirmation.
constexpr const char* kPrs = "50617373776f7264";
constexpr const char* kCi = "0b415f696e69746961746f720b425f726573706f6e646572";
constexpr const char* kSid = "7e4b4791d6a8ef019b936c79fb7f2c57";
constexpr const char* kGenerator =
    "222b6b195fe84b1652badb6f6a3ae3d24341e7306967f0b8115b40d5698c7e56";
constexpr const char* kScalarA = "da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08";
constexpr const char* kScalarB = "d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d";
constexpr const char* kShareA = "d6bac480f2c386c394efc7c47adb9925dcd2630b64f240c50f8d0eec482b9157";
constexpr const char* kShareB = "3ea7e0b19560d7c0b0f5734f63b955286dfa8232b5ebe63324e2d9e7433f7258";
constexpr const char* kShared = "80b69a8a76457ab6a4d7f887a4bf6b55a2f80ac19c333f917a05fc9887c8b40f";
constexpr const char* kIskInitiatorResponder =
    "b69effbf61b51d56401c0f65601abe428de8206feaaf0e32198896dcae7b35cd"
    "2b38950a39dfd5d4a79164614c2984f7daa460b588c1e80c3fa2068af7900447";
// Invalid inputs for scalar_mult_vfy.
constexpr const char* kNoElement =
    "2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c";
constexpr const char* kNeutral = "0000000000000000000000000000000000000000000000000000000000000000";

Bytes hex(std::string_view digits);
cpace::Scalar scalar(std::string_view digits);

// One side of a run, with inputs that both sides share unless a test changes them.
struct Side {
  CPaceRole role;
  std::string password = "password";
  std::string channel = "channel";
  std::string session = "session";
  std::string associated_data = {};
};
Side initiator();
Side responder();
CPace start(const Side& side);

// How a run of two sides ended: keys in hexadecimal, or what went wrong.
struct Outcome {
  std::string a, b;
};
Outcome run(const Side& a, const Side& b);
std::string outcome_of(Result<CPaceAgreement, CPaceError> agreement, ByteView peer_tag);
std::string name_of(CPaceError error);

TEST(CPaceVectors, strings_are_joined_with_their_lengths) {
  Bytes counted(128);
  for (std::size_t i = 0; i < counted.size(); ++i) counted[i] = static_cast<std::byte>(i);
  EXPECT_EQ(to_hex(cpace::prepend_len({})), "00");
  EXPECT_EQ(to_hex(cpace::prepend_len(as_byte_view("1234"))), "0431323334");
  EXPECT_EQ(to_hex(cpace::prepend_len(ByteView(counted).first(127))),
            "7f" + to_hex(ByteView(counted).first(127)));
  EXPECT_EQ(to_hex(cpace::prepend_len(counted)), "8001" + to_hex(counted));
  EXPECT_EQ(
      to_hex(cpace::lv_cat({as_byte_view("1234"), as_byte_view("5"), {}, as_byte_view("678")})),
      "043132333401350003363738");
  EXPECT_EQ(to_hex(cpace::transcript_ir(as_byte_view("123"), as_byte_view("PartyA"),
                                        as_byte_view("234"), as_byte_view("PartyB"))),
            "03313233065061727479410332333406506172747942");
  EXPECT_EQ(to_hex(cpace::transcript_ir(as_byte_view("3456"), as_byte_view("PartyA"),
                                        as_byte_view("2345"), as_byte_view("PartyB"))),
            "043334353606506172747941043233343506506172747942");
}

TEST(CPaceVectors, the_generator_follows_from_password_channel_and_session) {
  EXPECT_EQ(to_hex(cpace::generator_string(hex(kPrs), hex(kCi), hex(kSid))),
            "11435061636552697374726574746f3235350850617373776f726464" + std::string(200, '0') +
                "180b415f696e69746961746f720b425f726573706f6e646572" +
                "107e4b4791d6a8ef019b936c79fb7f2c57");
  EXPECT_EQ(to_hex(cpace::calculate_generator(hex(kPrs), hex(kCi), hex(kSid)).view()), kGenerator);
}

TEST(CPaceVectors, shares_and_the_shared_element_follow_from_the_scalars) {
  const Bytes generator = hex(kGenerator);
  EXPECT_EQ(to_hex(cpace::scalar_mult_vfy(hex(kScalarA), generator)->view()), kShareA);
  EXPECT_EQ(to_hex(cpace::scalar_mult_vfy(hex(kScalarB), generator)->view()), kShareB);
  EXPECT_EQ(to_hex(cpace::scalar_mult_vfy(hex(kScalarA), hex(kShareB))->view()), kShared);
  EXPECT_EQ(to_hex(cpace::scalar_mult_vfy(hex(kScalarB), hex(kShareA))->view()), kShared);
}

TEST(CPaceVectors, the_session_key_follows_from_the_shared_element_and_the_transcript) {
  const Bytes transcript =
      cpace::transcript_ir(hex(kShareA), as_byte_view("ADa"), hex(kShareB), as_byte_view("ADb"));
  const auto isk = cpace::intermediate_session_key(hex(kSid), scalar(kShared), transcript);
  EXPECT_EQ(to_hex(isk.view()), kIskInitiatorResponder);
}

TEST(CPaceVectors, scalar_multiplication_verifies_the_element) {
  const Bytes s = hex("7cd0e075fa7955ba52c02759a6c90dbbfc10e6d40aea8d283e407d88cf538a05");
  const Bytes x = hex("2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c");
  EXPECT_EQ(to_hex(cpace::scalar_mult_vfy(s, x)->view()),
            "7c13645fe790a468f62c39beb7388e541d8405d1ade69d1778c5fe3e7f6b600e");
  EXPECT_FALSE(cpace::scalar_mult_vfy(s, hex(kNoElement)).has_value());
  EXPECT_FALSE(cpace::scalar_mult_vfy(s, hex(kNeutral)).has_value());
}

TEST(CPace, a_long_password_needs_no_padding) {
  const std::string password(500, 'p');
  const Bytes string = cpace::generator_string(as_byte_view(password), {}, {});
  EXPECT_EQ(to_hex(ByteView(string).last(3)), "000000");  // empty padding, channel and session
  EXPECT_EQ(string.size(), 1u + 17 + 2 + 500 + 3);
  EXPECT_EQ(run({CPaceRole::initiator, password}, {CPaceRole::responder, password}).a.size(), 128u);
}

TEST(CPace, scalars_have_252_bits_and_use_them_all) {
  RandomSource random({});
  std::array<std::byte, 32> seen{};
  for (int i = 0; i < 200; ++i) {
    const auto drawn = cpace::sample_scalar(random);
    for (std::size_t j = 0; j < seen.size(); ++j) seen[j] |= drawn.view()[j];
  }
  EXPECT_EQ(to_hex(seen), std::string(62, 'f') + "0f");
}

TEST(CPace, both_sides_get_the_key_the_draft_defines) {
  Side a = initiator();
  Side b = responder();
  a.associated_data = "ADa";
  b.associated_data = "ADb";
  const Outcome outcome = run(a, b);

  const CPaceShare share_a = start(a).share();
  const CPaceShare share_b = start(b).share();
  RandomSource random({});  // start() draws the scalar of the initiator from the same one
  const auto scalar_a = cpace::sample_scalar(random);
  const auto shared = cpace::scalar_mult_vfy(scalar_a.view(), share_b);
  const auto isk = cpace::intermediate_session_key(
      as_byte_view("session"), *shared,
      cpace::transcript_ir(share_a, as_byte_view("ADa"), share_b, as_byte_view("ADb")));
  EXPECT_EQ(outcome.a, to_hex(isk.view()));
  EXPECT_EQ(outcome.b, to_hex(isk.view()));
}

RC_GTEST_PROP(CPace, equal_inputs_give_equal_keys,
              (const std::string& password, const std::string& channel, const std::string& session,
               const std::string& data_a, const std::string& data_b)) {
  const Outcome outcome = run({CPaceRole::initiator, password, channel, session, data_a},
                              {CPaceRole::responder, password, channel, session, data_b});
  RC_ASSERT(outcome.a.size() == 128u);
  RC_ASSERT(outcome.a == outcome.b);
}

RC_GTEST_PROP(CPace, a_wrong_password_never_gives_a_key,
              (const std::string& password, const std::string& guess)) {
  RC_PRE(password != guess);
  const Outcome outcome = run({CPaceRole::initiator, password}, {CPaceRole::responder, guess});
  RC_ASSERT(outcome.a == "wrong confirmation");
  RC_ASSERT(outcome.b == "wrong confirmation");
}

TEST(CPace, another_channel_session_or_role_never_gives_a_key) {
  for (const Side& b : {Side{CPaceRole::responder, "password", "other", "session"},
                        Side{CPaceRole::responder, "password", "channel", "other"},
                        // The boundary between the two counts, not only their concatenation.
                        Side{CPaceRole::responder, "password", "channels", "ession"},
                        Side{CPaceRole::responder, "passwordc", "hannel", "session"}}) {
    const Outcome outcome = run(initiator(), b);
    EXPECT_EQ(outcome.a, "wrong confirmation") << b.channel << b.session;
    EXPECT_EQ(outcome.b, "wrong confirmation") << b.channel << b.session;
  }
}

TEST(CPace, two_initiators_never_agree) {
  RandomSource random_a({});
  RandomSource random_b = random_a.fork("b");
  const CPace::Inputs inputs{as_byte_view("password"), {}, {}};
  CPace a(CPaceRole::initiator, inputs, {}, random_a);
  CPace b(CPaceRole::initiator, inputs, {}, random_b);
  const CPaceShare share_a = a.share();
  auto agreed_a = std::move(a).agree(b.share(), {});
  auto agreed_b = std::move(b).agree(share_a, {});
  ASSERT_TRUE(agreed_a && agreed_b);
  const CPaceTag tag_b = agreed_b->tag();
  EXPECT_EQ(outcome_of(std::move(agreed_a), tag_b), "wrong confirmation");
}

TEST(CPace, changed_associated_data_never_gives_a_key) {
  CPace a = start(initiator());
  CPace b = start(responder());
  const CPaceShare share_a = a.share();
  auto agreed_a = std::move(a).agree(b.share(), {});
  auto agreed_b = std::move(b).agree(share_a, as_byte_view("not what was sent"));
  ASSERT_TRUE(agreed_a && agreed_b);
  const CPaceTag tag_a = agreed_a->tag();
  const CPaceTag tag_b = agreed_b->tag();
  EXPECT_EQ(outcome_of(std::move(agreed_a), tag_b), "wrong confirmation");
  EXPECT_EQ(outcome_of(std::move(agreed_b), tag_a), "wrong confirmation");
}

TEST(CPace, a_share_that_is_no_group_element_ends_the_run) {
  Bytes long_share = to_bytes(start(responder()).share());
  long_share.push_back(std::byte{0});
  for (const Bytes& share : {hex(kNoElement), hex(kNeutral), Bytes{}, Bytes(31), Bytes(33),
                             long_share, Bytes(32, std::byte{0xff})}) {
    EXPECT_EQ(outcome_of(start(initiator()).agree(share, {}), {}), "invalid share")
        << to_hex(share);
  }
}

TEST(CPace, a_share_sent_back_to_its_sender_ends_the_run) {
  CPace a = start(initiator());
  const CPaceShare own = a.share();
  EXPECT_EQ(outcome_of(std::move(a).agree(own, {}), {}), "invalid share");
}

TEST(CPace, a_tag_sent_back_to_its_sender_confirms_nothing) {
  auto agreed = start(initiator()).agree(start(responder()).share(), {});
  ASSERT_TRUE(agreed);
  const CPaceTag own = agreed->tag();
  EXPECT_EQ(outcome_of(std::move(agreed), own), "wrong confirmation");
}

RC_GTEST_PROP(CPace, a_tag_that_is_not_exactly_right_confirms_nothing, ()) {
  auto agreed_a = start(initiator()).agree(start(responder()).share(), {});
  auto agreed_b = start(responder()).agree(start(initiator()).share(), {});
  RC_ASSERT(agreed_a.has_value() && agreed_b.has_value());
  Bytes tag = to_bytes(agreed_b->tag());
  if (*rc::gen::arbitrary<bool>()) {
    const auto at = *rc::gen::inRange<std::size_t>(0, tag.size());
    tag[at] ^= static_cast<std::byte>(1 << *rc::gen::inRange(0, 8));
  } else {
    tag.resize(*rc::gen::distinctFrom(rc::gen::inRange<std::size_t>(0, 100), tag.size()));
  }
  RC_ASSERT(outcome_of(std::move(agreed_a), tag) == "wrong confirmation");
}

TEST(CPaceDeathTest, no_step_is_taken_twice) {
  CPace a = start(initiator());
  auto agreed = std::move(a).agree(start(responder()).share(), {});
  ASSERT_TRUE(agreed);
  EXPECT_DEATH((void)std::move(a).agree(start(responder()).share(), {}), "KITH_CHECK");
  ASSERT_FALSE(std::move(*agreed).confirm({}));
  EXPECT_DEATH((void)std::move(*agreed).confirm({}), "KITH_CHECK");
}

Bytes hex(std::string_view digits) { return from_hex(digits).value(); }

cpace::Scalar scalar(std::string_view digits) {
  cpace::Scalar out;
  std::ranges::copy(hex(digits), out.writable().begin());
  return out;
}

Side initiator() { return {CPaceRole::initiator}; }
Side responder() { return {CPaceRole::responder}; }

// Each role draws from a source of its own, always the same.
CPace start(const Side& side) {
  RandomSource random({});
  if (side.role == CPaceRole::responder) random = random.fork("responder");
  return CPace(
      side.role,
      {as_byte_view(side.password), as_byte_view(side.channel), as_byte_view(side.session)},
      as_byte_view(side.associated_data), random);
}

Outcome run(const Side& side_a, const Side& side_b) {
  CPace a = start(side_a);
  CPace b = start(side_b);
  const CPaceShare share_a = a.share();
  const CPaceShare share_b = b.share();
  auto agreed_a = std::move(a).agree(share_b, as_byte_view(side_b.associated_data));
  auto agreed_b = std::move(b).agree(share_a, as_byte_view(side_a.associated_data));
  if (!agreed_a || !agreed_b) return {"did not agree", "did not agree"};
  const CPaceTag tag_a = agreed_a->tag();
  const CPaceTag tag_b = agreed_b->tag();
  return {outcome_of(std::move(agreed_a), tag_b), outcome_of(std::move(agreed_b), tag_a)};
}

std::string outcome_of(Result<CPaceAgreement, CPaceError> agreement, ByteView peer_tag) {
  if (!agreement) return name_of(agreement.error());
  const auto key = std::move(*agreement).confirm(peer_tag);
  return key ? to_hex(key->view()) : name_of(key.error());
}

std::string name_of(CPaceError error) {
  return error == CPaceError::invalid_share ? "invalid share" : "wrong confirmation";
}

}  // namespace
}  // namespace kith
