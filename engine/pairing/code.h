#pragma once

// The twelve words of one pairing: 128 random bits, from which both sides derive where to meet and
// what proves that they know the words.
//
//   entropy --HKDF--+-- "kith pair rendezvous v1" --> Ed25519 key pair: the name of the meeting
//                   +-- "kith pair password v1"   --> the password of CPace
//                   \-- "kith pair discovery v1"  --> what seals the addresses of the meeting
//
// The rendezvous public key may be seen by anyone; nothing about the password follows from it.

#include <array>
#include <cstddef>
#include <memory>

#include "engine/crypto/key_pair.h"
#include "engine/crypto/secret_bytes.h"

namespace kith::pairing {

using CodeEntropy = std::array<std::byte, 16>;

struct CodeKeys {
  std::shared_ptr<const KeyPair> rendezvous;
  SecretKey password;
  std::array<std::byte, 32> discovery{};
};

CodeKeys derive_code_keys(const CodeEntropy& entropy);

}  // namespace kith::pairing
