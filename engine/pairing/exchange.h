#pragma once

// The cryptography of one pairing, without streams, stores or people: CPace under the words, then
// identities under the confirmed key, then a secret that both sides hold.
//
//   joiner                                              acceptor
//   share()               -- Ya ----------------------> accept_share
//   accept_reply          <- Yb, Tb -------------------
//                         -- Ta, sealed identity -----> accept_confirm
//   accept_identity       <- sealed identity ----------
//   both: fingerprint(), secret(), own_commit(), verify_commit()
//
// Transcripts: t1 = H(exporter, joiner's TLS key, rendezvous key, Ya, Yb, Ta, Tb);
// t2 = H(t1, joiner's sealed identity); t3 = H(t2, acceptor's sealed identity). Each identity is
// signed by the device key over the transcript before it and sealed under a key of the confirmed
// run; the secret, the fingerprint and the commits derive from t3, so they bind both identities.
//
// Steps are called in the order above; a step that fails ends the exchange.

#include <optional>
#include <string>

#include "engine/base/random.h"
#include "engine/crypto/blake3.h"
#include "engine/crypto/cpace.h"
#include "engine/crypto/identity.h"
#include "engine/pairing/messages.h"

namespace kith::pairing {

// What binds an exchange to the connection it runs on.
struct Channel {
  std::array<std::byte, 32> exporter{};  // unique to the connection, the same on both sides
  DeviceId joiner_key;                   // the raw public key the joiner presented in TLS
  DeviceId rendezvous_key;               // the one the acceptor presented
};

struct LocalDevice {
  const Identity& identity;
  std::string_view name;
};

struct Peer {
  DeviceId device;
  std::string name;  // clean
  VisibilityKey visibility_key{};
};

class Exchange {
 public:
  // `random` outlives the exchange.
  Exchange(CPaceRole role, const Channel& channel, const SecretKey& password, RandomSource& random);

  // Joiner.
  Share share() const;
  std::optional<Confirm> accept_reply(const Reply& reply, const LocalDevice& self);
  std::optional<Peer> accept_identity(const Identify& message);

  // Acceptor.
  std::optional<Reply> accept_share(const Share& share);
  struct Accepted {
    Peer peer;
    Identify answer;
  };
  std::optional<Accepted> accept_confirm(const Confirm& confirm, const LocalDevice& self);

  // Both, once the peer is known.
  std::string fingerprint() const;  // "0123 4567 8901", to compare by eye
  SecretKey secret() const;
  CommitTag own_commit() const { return commit_of(role_); }
  bool verify_commit(const CommitTag& tag) const;

 private:
  Bytes seal_identity(const LocalDevice& self, CPaceRole role);
  std::optional<Peer> open_identity(ByteView sealed, CPaceRole role) const;
  void begin_transcript(const CPaceShare& joiner, const CPaceShare& acceptor,
                        const CPaceTag& joiner_tag, const CPaceTag& acceptor_tag);
  void extend_transcript(ByteView sealed_identity);
  SecretKey key_for(std::string_view label) const;
  CommitTag commit_of(CPaceRole role) const;

  CPaceRole role_;
  Channel channel_;
  RandomSource& random_;
  std::optional<CPace> cpace_;
  CPaceShare own_share_{};
  CPaceShare peer_share_{};
  std::optional<CPaceAgreement> agreement_;
  CPaceTag own_tag_{};
  std::optional<CPaceKey> key_;
  Digest transcript_;
};

}  // namespace kith::pairing
