#include "engine/words/bip39.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <sodium.h>

#include <algorithm>
#include <set>
#include <string>

#include "engine/base/sodium.h"
#include "engine/base/text.h"

namespace kith::words {
namespace {

using Parsed = Result<SecretBytes, WordsError>;

std::string outcome_of(const Parsed& parsed);
std::string with_word(const std::string& phrase, std::size_t position, std::string_view word);
Bytes any_entropy(std::size_t size);

struct Vector {
  const char* entropy;
  const char* phrase;
};

// The English vectors of BIP-0039: vectors.json of trezor/python-mnemonic.
constexpr std::array<Vector, 24> kVectors{{
    {"00000000000000000000000000000000",
     "abandon abandon abandon abandon abandon abandon abandon abandon "
     "abandon abandon abandon about"},
    {"7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
     "legal winner thank year wave sausage worth useful "
     "legal winner thank yellow"},
    {"80808080808080808080808080808080",
     "letter advice cage absurd amount doctor acoustic avoid "
     "letter advice cage above"},
    {"ffffffffffffffffffffffffffffffff",
     "zoo zoo zoo zoo zoo zoo zoo zoo "
     "zoo zoo zoo wrong"},
    {"000000000000000000000000000000000000000000000000",
     "abandon abandon abandon abandon abandon abandon abandon abandon "
     "abandon abandon abandon abandon abandon abandon abandon abandon "
     "abandon agent"},
    {"7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
     "legal winner thank year wave sausage worth useful "
     "legal winner thank year wave sausage worth useful "
     "legal will"},
    {"808080808080808080808080808080808080808080808080",
     "letter advice cage absurd amount doctor acoustic avoid "
     "letter advice cage absurd amount doctor acoustic avoid "
     "letter always"},
    {"ffffffffffffffffffffffffffffffffffffffffffffffff",
     "zoo zoo zoo zoo zoo zoo zoo zoo "
     "zoo zoo zoo zoo zoo zoo zoo zoo "
     "zoo when"},
    {"0000000000000000000000000000000000000000000000000000000000000000",
     "abandon abandon abandon abandon abandon abandon abandon abandon "
     "abandon abandon abandon abandon abandon abandon abandon abandon "
     "abandon abandon abandon abandon abandon abandon abandon art"},
    {"7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f",
     "legal winner thank year wave sausage worth useful "
     "legal winner thank year wave sausage worth useful "
     "legal winner thank year wave sausage worth title"},
    {"8080808080808080808080808080808080808080808080808080808080808080",
     "letter advice cage absurd amount doctor acoustic avoid "
     "letter advice cage absurd amount doctor acoustic avoid "
     "letter advice cage absurd amount doctor acoustic bless"},
    {"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
     "zoo zoo zoo zoo zoo zoo zoo zoo "
     "zoo zoo zoo zoo zoo zoo zoo zoo "
     "zoo zoo zoo zoo zoo zoo zoo vote"},
    {"9e885d952ad362caeb4efe34a8e91bd2",
     "ozone drill grab fiber curtain grace pudding thank "
     "cruise elder eight picnic"},
    {"6610b25967cdcca9d59875f5cb50b0ea75433311869e930b",
     "gravity machine north sort system female filter attitude "
     "volume fold club stay feature office ecology stable "
     "narrow fog"},
    {"68a79eaca2324873eacc50cb9c6eca8cc68ea5d936f98787c60c7ebc74e6ce7c",
     "hamster diagram private dutch cause delay private meat "
     "slide toddler razor book happy fancy gospel tennis "
     "maple dilemma loan word shrug inflict delay length"},
    {"c0ba5a8e914111210f2bd131f3d5e08d",
     "scheme spot photo card baby mountain device kick "
     "cradle pact join borrow"},
    {"6d9be1ee6ebd27a258115aad99b7317b9c8d28b6d76431c3",
     "horn tenant knee talent sponsor spell gate clip "
     "pulse soap slush warm silver nephew swap uncle "
     "crack brave"},
    {"9f6a2878b2520799a44ef18bc7df394e7061a224d2c33cd015b157d746869863",
     "panda eyebrow bullet gorilla call smoke muffin taste "
     "mesh discover soft ostrich alcohol speed nation flash "
     "devote level hobby quick inner drive ghost inside"},
    {"23db8160a31d3e0dca3688ed941adbf3",
     "cat swing flag economy stadium alone churn speed "
     "unique patch report train"},
    {"8197a4a47f0425faeaa69deebc05ca29c0a5b5cc76ceacc0",
     "light rule cinnamon wrap drastic word pride squirrel "
     "upgrade then income fatal apart sustain crack supply "
     "proud access"},
    {"066dca1a2bb7e8a1db2832148ce9933eea0f3ac9548d793112d9a95c9407efad",
     "all hour make first leader extend hole alien "
     "behind guard gospel lava path output census museum "
     "junior mass reopen famous sing advance salt reform"},
    {"f30f8c1da665478f49b001d94c5fc452",
     "vessel ladder alter error federal sibling chat ability "
     "sun glass valve picture"},
    {"c10ec20dc3cd9f652c7fac2f1230f7a3c828389a14392f05",
     "scissors invite lock maple supreme raw rapid void "
     "congress muscle digital elegant little brisk hair mango "
     "congress clump"},
    {"f585c11aec520db57dd353c69554b21a89b20fb0650966fa0a9d6f74fd989d8f",
     "void come effort suffer camp survey warrior heavy "
     "shoot primary clutch crush open amazing screen patrol "
     "group space point ten exist slush involve unfold"},
}};

constexpr const char* kTwelve =
    "legal winner thank year wave sausage worth useful legal winner thank yellow";
constexpr const char* kTwelveEntropy = "7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f7f";

TEST(WordList, it_is_the_english_list_of_bip_39) {
  std::string list;
  for (const std::string_view word : kWordList) list.append(word).append("\n");
  std::array<std::byte, crypto_hash_sha256_BYTES> hash;
  crypto_hash_sha256(uchars_out(hash), uchars(as_byte_view(list)), list.size());
  EXPECT_EQ(to_hex(hash), "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda");
  EXPECT_TRUE(std::ranges::is_sorted(kWordList));
}

TEST(WordList, four_letters_tell_any_two_words_apart) {
  std::set<std::string_view> beginnings;
  for (const std::string_view word : kWordList) beginnings.insert(word.substr(0, 4));
  EXPECT_EQ(beginnings.size(), kWordList.size());
}

TEST(Words, the_vectors_of_bip_39_hold) {
  for (const Vector& vector : kVectors) {
    const Bytes entropy = from_hex(vector.entropy).value();
    EXPECT_EQ(from_entropy(entropy), vector.phrase);
    EXPECT_EQ(outcome_of(to_entropy(vector.phrase, entropy.size() * 3 / 4)), vector.entropy);
  }
}

TEST(Words, case_and_white_space_do_not_matter) {
  const std::string phrase =
      "\t Legal WINNER\nthank   year wave\r\nsausage worth useful legal winner thank yelloW  ";
  EXPECT_EQ(outcome_of(to_entropy(phrase, kPairingWords)), kTwelveEntropy);
}

TEST(Words, a_wrong_count_says_how_many_there_are) {
  const std::string phrase = kTwelve;
  EXPECT_EQ(outcome_of(to_entropy("", 12)), "0 words, not 12");
  EXPECT_EQ(outcome_of(to_entropy(" \n", 12)), "0 words, not 12");
  EXPECT_EQ(outcome_of(to_entropy(phrase.substr(0, phrase.rfind(' ')), 12)), "11 words, not 12");
  EXPECT_EQ(outcome_of(to_entropy(phrase + " zoo", 12)), "13 words, not 12");
  EXPECT_EQ(outcome_of(to_entropy(phrase, kRecoveryWords)), "12 words, not 24");
}

TEST(Words, an_unknown_word_is_named_with_its_place_and_the_nearest_word) {
  const auto replaced = [](std::size_t position, std::string_view word) {
    return outcome_of(to_entropy(with_word(kTwelve, position, word), kPairingWords));
  };
  EXPECT_EQ(replaced(1, "leegal"), "1 leegal: legal");   // a letter too many
  EXPECT_EQ(replaced(2, "winer"), "2 winer: wine");      // one left out
  EXPECT_EQ(replaced(3, "thamk"), "3 thamk: thank");     // another one
  EXPECT_EQ(replaced(4, "yaer"), "4 yaer: year");        // two swapped
  EXPECT_EQ(replaced(12, "YELOW"), "12 YELOW: yellow");  // "below" is as near, but begins otherwise
  EXPECT_EQ(replaced(6, "saus"), "6 saus: sausage");     // suggested, but not completed unasked
  EXPECT_EQ(replaced(5, "qqqqqqq"), "5 qqqqqqq: ");      // nothing is near
  EXPECT_EQ(replaced(7, "a"), "7 a: ");  // two slips from "act", but so is everything short
}

TEST(Words, the_first_unknown_word_is_the_one_named) {
  const std::string phrase = with_word(with_word(kTwelve, 7, "wurth"), 9, "leagl");
  EXPECT_EQ(outcome_of(to_entropy(phrase, kPairingWords)), "7 wurth: worth");
}

TEST(Words, an_unknown_word_is_shown_safely_and_briefly) {
  EXPECT_EQ(outcome_of(to_entropy(with_word(kTwelve, 1, "\x1b[31mred"), kPairingWords)),
            "1 \ufffd[31mred: ");
  EXPECT_EQ(outcome_of(to_entropy(with_word(kTwelve, 1, std::string(100'000, 'a')), kPairingWords)),
            "1 " + std::string(24, 'a') + ": ");
}

TEST(Words, two_words_swapped_or_replaced_fail_the_checksum) {
  EXPECT_EQ(outcome_of(to_entropy(with_word(kTwelve, 12, "zoo"), kPairingWords)), "bad checksum");
  EXPECT_EQ(outcome_of(to_entropy(
                "winner legal thank year wave sausage worth useful legal winner thank yellow",
                kPairingWords)),
            "bad checksum");
}

TEST(Words, one_last_word_in_sixteen_has_the_right_checksum) {
  int right = 0;
  for (const std::string_view last : kWordList) {
    if (to_entropy(with_word(kTwelve, 12, last), kPairingWords)) ++right;
  }
  EXPECT_EQ(right, 2048 / 16);
}

TEST(Words, errors_are_sentences_a_person_can_act_on) {
  const Error count = to_error(WrongCount{12, 11});
  EXPECT_EQ(count.code, ErrorCode::invalid_argument);
  EXPECT_EQ(count.message, "there are 11 words, not 12");
  const Error word = to_error(UnknownWord{3, "thamk", "thank"});
  EXPECT_EQ(word.code, ErrorCode::invalid_argument);
  EXPECT_EQ(word.message, "word 3, \"thamk\", is not in the list");
  EXPECT_EQ(word.hint, "did you mean \"thank\"?");
  EXPECT_EQ(to_error(UnknownWord{3, "qqqqqqq", ""}).hint, "check its spelling");
  EXPECT_EQ(to_error(BadChecksum{}).code, ErrorCode::corrupt);
}

TEST(WordsDeathTest, a_size_bip_39_does_not_have_is_a_programmer_error) {
  for (const std::size_t size : {0u, 12u, 15u, 17u, 36u}) {
    EXPECT_DEATH(from_entropy(Bytes(size)), "KITH_CHECK") << size;
  }
  for (const std::size_t count : {0u, 9u, 11u, 13u, 27u}) {
    EXPECT_DEATH((void)to_entropy("", count), "KITH_CHECK") << count;
  }
}

RC_GTEST_PROP(Words, what_became_words_becomes_the_same_bytes_again, ()) {
  const auto size = *rc::gen::element<std::size_t>(16, 20, 24, 28, 32);
  const Bytes entropy = any_entropy(size);
  RC_ASSERT(outcome_of(to_entropy(from_entropy(entropy), size * 3 / 4)) == to_hex(entropy));
}

RC_GTEST_PROP(Words, another_word_anywhere_gives_an_error_or_other_bytes, ()) {
  const Bytes entropy = any_entropy(32);
  const std::string phrase = from_entropy(entropy);
  const auto position = *rc::gen::inRange<std::size_t>(1, 25);
  const auto word = *rc::gen::inRange<std::size_t>(0, kWordList.size());
  const std::string changed = with_word(phrase, position, kWordList[word]);
  RC_PRE(changed != phrase);
  RC_ASSERT(outcome_of(to_entropy(changed, kRecoveryWords)) != to_hex(entropy));
}

RC_GTEST_PROP(Words, no_text_is_too_strange_to_be_answered, (const std::string& text)) {
  const std::string result = outcome_of(to_entropy(text, kPairingWords));
  RC_ASSERT(is_utf8(as_byte_view(result)));
}

std::string outcome_of(const Parsed& parsed) {
  struct Describe {
    std::string operator()(const WrongCount& error) const {
      return std::to_string(error.found) + " words, not " + std::to_string(error.expected);
    }
    std::string operator()(const UnknownWord& error) const {
      return std::to_string(error.position) + " " + error.word + ": " + error.suggestion;
    }
    std::string operator()(const BadChecksum&) const { return "bad checksum"; }
  };
  return parsed ? to_hex(parsed->view()) : std::visit(Describe{}, parsed.error());
}

// `phrase` with the word at `position`, counted from 1, replaced.
std::string with_word(const std::string& phrase, std::size_t position, std::string_view word) {
  std::size_t begin = 0;
  for (std::size_t i = 1; i < position; ++i) begin = phrase.find(' ', begin) + 1;
  const std::size_t end = std::min(phrase.find(' ', begin), phrase.size());
  std::string changed = phrase;
  return changed.replace(begin, end - begin, word);
}

Bytes any_entropy(std::size_t size) {
  const auto values =
      *rc::gen::container<std::vector<std::uint8_t>>(size, rc::gen::arbitrary<std::uint8_t>());
  Bytes entropy;
  for (const std::uint8_t value : values) entropy.push_back(std::byte{value});
  return entropy;
}

}  // namespace
}  // namespace kith::words
