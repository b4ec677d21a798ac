#pragma once

// Who this device is. Everything follows from one master key of 32 bytes, which the person can
// write down as 24 words (engine/words): the same words give the same id on a new machine.
//
//   master key --HKDF--+-- "kith identity v1" --> Ed25519 key pair: the device id
//                      +-- "kith store v1"    --> key that seals records at rest
//                      +-- "kith stateless reset v1" --> key of QUIC's stateless reset tokens, so
//                      |   that after a restart peers learn at once that their connections are gone
//                      \-- "kith visibility v1" --> what paired devices recognise this one by
//
// It does not own: where the master key is stored.

#include "engine/crypto/key_pair.h"
#include "engine/crypto/secret_bytes.h"
#include "kith/bytes.h"
#include "kith/ids.h"

namespace kith {

// Who has it recognises the device on a LAN and reads where it is, and can do nothing else. Every
// paired device has it: it is sealed on the way and at rest, and lies in common memory.
using VisibilityKey = std::array<std::byte, 32>;

class Identity {
 public:
  explicit Identity(const SecretKey& master_key);

  DeviceId id() const { return key_pair_.id(); }
  const KeyPair& key_pair() const { return key_pair_; }
  const SecretKey& store_sealing_key() const { return store_sealing_key_; }
  const SecretKey& stateless_reset_key() const { return stateless_reset_key_; }
  const VisibilityKey& visibility_key() const { return visibility_key_; }

  Signature sign(ByteView message) const { return key_pair_.sign(message); }

 private:
  KeyPair key_pair_;
  SecretKey store_sealing_key_;
  SecretKey stateless_reset_key_;
  VisibilityKey visibility_key_{};
};

}  // namespace kith
