#pragma once

// Entropy as words a person can say, and back: BIP-0039, English list. Twelve words carry 16 bytes
// (a pairing code), 24 words carry 32 (the recovery phrase of a master key), each with a checksum
// that catches most slips (15 of 16 with twelve words, 255 of 256 with 24).

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <variant>

#include "engine/crypto/secret_bytes.h"
#include "kith/bytes.h"
#include "kith/result.h"

namespace kith::words {

inline constexpr std::size_t kPairingWords = 12;
inline constexpr std::size_t kRecoveryWords = 24;

// Sorted; no two share their first four letters.
extern const std::array<std::string_view, 2048> kWordList;

struct WrongCount {
  std::size_t expected = 0;
  std::size_t found = 0;
  friend bool operator==(const WrongCount&, const WrongCount&) = default;
};
struct UnknownWord {
  std::size_t position = 0;  // of the first such word, counted from 1
  std::string word;          // as typed, safe to print, cut if it is absurdly long
  std::string suggestion;    // the nearest word of the list; empty if none is near
  friend bool operator==(const UnknownWord&, const UnknownWord&) = default;
};
struct BadChecksum {  // every word exists, but at least one is not the right one
  friend bool operator==(const BadChecksum&, const BadChecksum&) = default;
};
using WordsError = std::variant<WrongCount, UnknownWord, BadChecksum>;

// A sentence for a person: invalid_argument for a count or a word, corrupt for the checksum.
Error to_error(const WordsError& error);

// The words of 16, 20, 24, 28 or 32 bytes, lower-case, with single spaces. The text is as secret
// as the entropy.
std::string from_entropy(ByteView entropy);

// Takes letters of either case and any ASCII white space around and between the words, but no
// abbreviations. `word_count` is 12, 15, 18, 21 or 24.
Result<SecretBytes, WordsError> to_entropy(std::string_view phrase, std::size_t word_count);

}  // namespace kith::words
