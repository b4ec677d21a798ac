#include "engine/words/bip39.h"

#include <fmt/core.h>
#include <sodium.h>

#include <algorithm>
#include <bit>
#include <optional>
#include <span>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/sodium.h"
#include "engine/base/text.h"

namespace kith::words {
namespace {

constexpr std::size_t kBitsPerWord = 11;

// The longest typed word shown back, and looked up for a suggestion: the list's longest has 8.
constexpr std::size_t kMaxShownBytes = 24;

// Beyond two slips the nearest word is more likely noise than what was meant.
constexpr std::size_t kMaxSlips = 2;

// BIP-0039: one bit of checksum for every 32 of entropy.
std::size_t checksum_bits(std::size_t entropy_bytes) { return entropy_bytes * 8 / 32; }

bool is_entropy_size(std::size_t size) { return size >= 16 && size <= 32 && size % 4 == 0; }

std::byte checksum_of(ByteView entropy) {
  ScratchSecret<crypto_hash_sha256_BYTES> hash;
  crypto_hash_sha256(uchars_out(hash.writable()), uchars(entropy), entropy.size());
  const auto unused = static_cast<unsigned>(8 - checksum_bits(entropy.size()));
  return hash.view()[0] >> unused << unused;
}

std::vector<std::string_view> split(std::string_view phrase) {
  constexpr std::string_view kWhiteSpace = " \t\n\v\f\r";
  std::vector<std::string_view> words;
  for (;;) {
    const std::size_t begin = phrase.find_first_not_of(kWhiteSpace);
    if (begin == std::string_view::npos) return words;
    phrase.remove_prefix(begin);
    const std::size_t length = std::min(phrase.find_first_of(kWhiteSpace), phrase.size());
    words.push_back(phrase.substr(0, length));
    phrase.remove_prefix(length);
  }
}

std::string lower(std::string_view word) {
  std::string out(word);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

std::optional<std::size_t> index_of(std::string_view word) {
  const auto found = std::ranges::lower_bound(kWordList, word);
  if (found == kWordList.end() || *found != word) return std::nullopt;
  return static_cast<std::size_t>(found - kWordList.begin());
}

// How many slips turn one word into another: a letter added, left out, changed, or swapped with its
// neighbour (the optimal string alignment distance).
std::size_t slips_between(std::string_view a, std::string_view b) {
  std::array<std::vector<std::size_t>, 3> rows;
  for (auto& row : rows) row.resize(b.size() + 1);
  auto& [before, above, current] = rows;
  for (std::size_t j = 0; j <= b.size(); ++j) current[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    before.swap(above);
    above.swap(current);
    current[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      current[j] = std::min({above[j] + 1, current[j - 1] + 1, changed});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) current[j] = std::min(current[j], before[j - 2] + 1);
    }
  }
  return current[b.size()];
}

std::size_t common_beginning(std::string_view a, std::string_view b) {
  return static_cast<std::size_t>(std::ranges::mismatch(a, b).in1 - a.begin());
}

// The word with the fewest slips; among several, the one with the longest beginning in common. An
// abbreviation to the four letters or more that tell words apart means that word.
std::string nearest_word(std::string_view typed) {
  if (typed.size() > kMaxShownBytes) return {};
  std::string_view nearest;
  std::size_t fewest = kMaxSlips;
  for (const std::string_view word : kWordList) {
    if (typed.size() >= 4 && word.starts_with(typed)) return std::string(word);
    const std::size_t slips = slips_between(typed, word);
    // So many slips in so short a word would suggest anything.
    if (slips > fewest || slips >= typed.size()) continue;
    const bool nearer = slips < fewest || nearest.empty() ||
                        common_beginning(typed, word) > common_beginning(typed, nearest);
    if (!nearer) continue;
    nearest = word;
    fewest = slips;
  }
  return std::string(nearest);
}

UnknownWord unknown_word(std::size_t position, std::string_view typed) {
  return {position, printable(typed.substr(0, kMaxShownBytes)), nearest_word(lower(typed))};
}

// Writes the low `count` bits of `value` at bit `offset`, most significant first.
void put_bits(std::span<std::byte> bytes, std::size_t offset, std::size_t value,
              std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = offset + i;
    const std::size_t bit = value >> (count - 1 - i) & 1;
    bytes[at / 8] |= static_cast<std::byte>(bit << (7 - at % 8));
  }
}

std::size_t bits_at(ByteView bytes, std::size_t offset, std::size_t count) {
  std::size_t value = 0;
  for (std::size_t at = offset; at < offset + count; ++at) {
    value = value << 1 | (std::to_integer<std::size_t>(bytes[at / 8]) >> (7 - at % 8) & 1);
  }
  return value;
}

}  // namespace

std::string from_entropy(ByteView entropy) {
  KITH_CHECK(is_entropy_size(entropy.size()));
  ensure_sodium();
  SecretBytes bits(entropy.size() + 1);
  std::ranges::copy(entropy, bits.writable().begin());
  bits.writable().back() = checksum_of(entropy);

  const std::size_t count = (entropy.size() * 8 + checksum_bits(entropy.size())) / kBitsPerWord;
  std::string phrase;
  phrase.reserve(count * 9);  // no reallocation leaves a copy behind: the longest word has 8
  for (std::size_t i = 0; i < count; ++i) {
    if (i > 0) phrase += ' ';
    phrase += kWordList[bits_at(bits.view(), i * kBitsPerWord, kBitsPerWord)];
  }
  return phrase;
}

Result<SecretBytes, WordsError> to_entropy(std::string_view phrase, std::size_t word_count) {
  const std::size_t entropy_bytes = word_count * kBitsPerWord * 32 / 33 / 8;
  KITH_CHECK(word_count % 3 == 0 && is_entropy_size(entropy_bytes));
  ensure_sodium();
  const std::vector<std::string_view> typed = split(phrase);
  if (typed.size() != word_count) return tl::unexpected(WrongCount{word_count, typed.size()});

  SecretBytes bits(entropy_bytes + 1);
  for (std::size_t i = 0; i < word_count; ++i) {
    const auto index = index_of(lower(typed[i]));
    if (!index) return tl::unexpected(unknown_word(i + 1, typed[i]));
    put_bits(bits.writable(), i * kBitsPerWord, *index, kBitsPerWord);
  }
  const ByteView entropy = bits.view().first(entropy_bytes);
  if (bits.view().back() != checksum_of(entropy)) return tl::unexpected(BadChecksum{});
  return SecretBytes::copy_of(entropy);
}

namespace {

Error describe(const WrongCount& error) {
  return {ErrorCode::invalid_argument,
          fmt::format("there are {} words, not {}", error.found, error.expected),
          fmt::format("enter all {} words, separated by spaces", error.expected)};
}

Error describe(const UnknownWord& error) {
  return {ErrorCode::invalid_argument,
          fmt::format("word {}, \"{}\", is not in the list", error.position, error.word),
          error.suggestion.empty() ? "check its spelling"
                                   : fmt::format("did you mean \"{}\"?", error.suggestion)};
}

Error describe(const BadChecksum&) {
  return {ErrorCode::corrupt, "the words do not belong together: one of them is wrong",
          "compare each word and their order with the original"};
}

}  // namespace

Error to_error(const WordsError& error) {
  return std::visit([](const auto& kind) { return describe(kind); }, error);
}

}  // namespace kith::words
