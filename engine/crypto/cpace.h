#pragma once

// CPace: two parties who know the same password agree on a strong key, and nobody else learns
// anything but the outcome of one guess per run. draft-irtf-cfrg-cpace-21, cipher suite
// CPACE-RISTR255-SHA512, initiator-responder setting, with the key confirmation of its section
// "Key confirmation" (HMAC-SHA-512 as the MAC).
//
//   initiator                                responder
//   CPace(...)                               CPace(...)
//      Ya, ADa  ------------------------------>
//               <------------------------------ Yb, ADb
//   agree(Yb, ADb)                           agree(Ya, ADa)
//      Ta       ------------------------------>
//               <------------------------------ Tb
//   confirm(Tb) -> key                       confirm(Ta) -> the same key
//
// The key is released only by confirm(), so it cannot be used with a peer who did not know the
// password. Each step consumes the object before it: a scalar is never used twice.
// It does not own: the encoding of messages, limits on attempts, or what the channel identifier
// and the associated data hold.

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>

#include "engine/base/random.h"
#include "engine/crypto/secret_bytes.h"
#include "kith/bytes.h"
#include "kith/result.h"

namespace kith {

enum class CPaceRole : std::uint8_t { initiator, responder };

enum class CPaceError : std::uint8_t {
  invalid_share,       // not a group element, the neutral element, or our own share sent back
  wrong_confirmation,  // the peer does not know the password, or a message was changed
};

using CPaceShare = std::array<std::byte, 32>;
using CPaceTag = std::array<std::byte, 64>;
using CPaceKey = SecretArray<64>;  // the ISK of the draft: derive keys from it, do not use it raw

// The state after both shares are known.
class CPaceAgreement {
 public:
  // What to send so that the peer can confirm.
  const CPaceTag& tag() const { return own_tag_; }

  Result<CPaceKey, CPaceError> confirm(ByteView peer_tag) &&;

 private:
  friend class CPace;
  CPaceAgreement() = default;

  CPaceKey key_;
  CPaceTag own_tag_{};
  ScratchSecret<64> expected_tag_;
  bool spent_ = false;
};

class CPace {
 public:
  // What both sides must give alike: the password, the channel identifier (who and what the run is
  // for) and the session id (unique to the run).
  struct Inputs {
    ByteView password;
    ByteView channel;
    ByteView session;
  };

  // `associated_data` is sent along with the share and authenticated with it; it may be empty.
  CPace(CPaceRole role, const Inputs& inputs, ByteView associated_data, RandomSource& random);

  const CPaceShare& share() const { return share_; }

  Result<CPaceAgreement, CPaceError> agree(ByteView peer_share, ByteView peer_associated_data) &&;

 private:
  CPaceRole role_;
  Bytes session_;
  Bytes associated_data_;
  SecretKey scalar_;
  CPaceShare share_{};
  bool spent_ = false;
};

// The functions the draft defines, under its names, so that its test vectors reach them.
namespace cpace {

using Element = ScratchSecret<32>;  // an encoded group element
using Scalar = ScratchSecret<32>;
using Hash = ScratchSecret<64>;

Bytes prepend_len(ByteView string);
Bytes lv_cat(std::initializer_list<ByteView> strings);
Bytes generator_string(ByteView prs, ByteView ci, ByteView sid);  // holds the password
Element calculate_generator(ByteView prs, ByteView ci, ByteView sid);
Scalar sample_scalar(RandomSource& random);
// y * g; empty if `g` is not the encoding of a group element or the result is the neutral element
// (the draft's G.I).
std::optional<Element> scalar_mult_vfy(ByteView y, ByteView g);
Bytes transcript_ir(ByteView ya, ByteView ada, ByteView yb, ByteView adb);
Hash intermediate_session_key(ByteView sid, const Element& k, ByteView transcript);
Hash mac_key(ByteView sid, ByteView isk);
CPaceTag authenticator(const Hash& mac_key, ByteView share, ByteView associated_data);

}  // namespace cpace
}  // namespace kith
