#include "engine/pairing/exchange.h"

#include <fmt/format.h>

#include <algorithm>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/check.h"
#include "engine/crypto/aead.h"
#include "engine/crypto/kdf.h"
#include "engine/registry/device_record.h"

namespace kith::pairing {
namespace {

constexpr std::string_view kAlpn = "kith/pair/1";

Bytes channel_identifier(const Channel& channel) {
  return cpace::lv_cat(
      {as_byte_view(kAlpn), channel.joiner_key.bytes, channel.rendezvous_key.bytes});
}

std::string_view role_name(CPaceRole role) {
  return role == CPaceRole::initiator ? "joiner" : "acceptor";
}

Bytes signed_message(CPaceRole role, const Digest& transcript,
                     const DeviceIntroduction& introduction) {
  ByteWriter message;
  message.length_prefixed(as_byte_view("kith pair identity v1"));
  message.length_prefixed(as_byte_view(role_name(role)));
  message.length_prefixed(transcript.bytes);
  message.length_prefixed(introduction.device.bytes);
  message.length_prefixed(as_byte_view(introduction.name));
  message.length_prefixed(introduction.visibility_key);
  return std::move(message).take();
}

std::string label_for(std::string_view purpose, CPaceRole role) {
  return fmt::format("kith pair {} {} v1", purpose, role_name(role));
}

CPaceRole other(CPaceRole role) {
  return role == CPaceRole::initiator ? CPaceRole::responder : CPaceRole::initiator;
}

}  // namespace

Exchange::Exchange(CPaceRole role, const Channel& channel, const SecretKey& password,
                   RandomSource& random)
    : role_(role), channel_(channel), random_(random) {
  const Bytes identifier = channel_identifier(channel);
  cpace_.emplace(role, CPace::Inputs{password.view(), identifier, channel_.exporter}, ByteView{},
                 random);
  own_share_ = cpace_->share();
}

Share Exchange::share() const { return {own_share_}; }

std::optional<Confirm> Exchange::accept_reply(const Reply& reply, const LocalDevice& self) {
  peer_share_ = reply.share;
  auto agreement = std::move(*cpace_).agree(peer_share_, {});
  cpace_.reset();
  if (!agreement) return std::nullopt;
  own_tag_ = agreement->tag();
  auto key = std::move(*agreement).confirm(reply.tag);
  if (!key) return std::nullopt;
  key_.emplace(std::move(*key));
  begin_transcript(own_share_, peer_share_, own_tag_, reply.tag);
  Confirm confirm{own_tag_, seal_identity(self, role_)};
  extend_transcript(confirm.sealed_identity);
  return confirm;
}

std::optional<Peer> Exchange::accept_identity(const Identify& message) {
  auto peer = open_identity(message.sealed_identity, CPaceRole::responder);
  if (peer) extend_transcript(message.sealed_identity);
  return peer;
}

std::optional<Reply> Exchange::accept_share(const Share& share) {
  peer_share_ = share.share;
  auto agreement = std::move(*cpace_).agree(peer_share_, {});
  cpace_.reset();
  if (!agreement) return std::nullopt;
  own_tag_ = agreement->tag();
  agreement_.emplace(std::move(*agreement));
  return Reply{own_share_, own_tag_};
}

std::optional<Exchange::Accepted> Exchange::accept_confirm(const Confirm& confirm,
                                                           const LocalDevice& self) {
  auto key = std::move(*agreement_).confirm(confirm.tag);
  agreement_.reset();
  if (!key) return std::nullopt;
  key_.emplace(std::move(*key));
  begin_transcript(peer_share_, own_share_, confirm.tag, own_tag_);
  auto peer = open_identity(confirm.sealed_identity, CPaceRole::initiator);
  if (!peer) return std::nullopt;
  extend_transcript(confirm.sealed_identity);
  Identify answer{seal_identity(self, role_)};
  extend_transcript(answer.sealed_identity);
  return Accepted{std::move(*peer), std::move(answer)};
}

std::string Exchange::fingerprint() const {
  constexpr std::uint64_t kTwelveDigits = 1'000'000'000'000;
  const SecretKey shown = key_for("kith pair fingerprint v1");
  const auto number = *ByteReader(shown.view()).u64() % kTwelveDigits;
  return fmt::format("{:04} {:04} {:04}", number / 100'000'000, number / 10'000 % 10'000,
                     number % 10'000);
}

SecretKey Exchange::secret() const { return key_for("kith pairing secret v1"); }

bool Exchange::verify_commit(const CommitTag& tag) const {
  return equal_in_constant_time(commit_of(other(role_)), tag);
}

Bytes Exchange::seal_identity(const LocalDevice& self, CPaceRole role) {
  DeviceIntroduction introduction;
  introduction.device = self.identity.id();
  introduction.name = self.name;
  introduction.visibility_key = self.identity.visibility_key();
  introduction.signature = self.identity.sign(signed_message(role, transcript_, introduction));
  return seal(key_for(label_for("identity", role)), encode(introduction), transcript_.bytes,
              random_);
}

std::optional<Peer> Exchange::open_identity(ByteView sealed, CPaceRole role) const {
  const auto opened = unseal(key_for(label_for("identity", role)), sealed, transcript_.bytes);
  if (!opened) return std::nullopt;
  const auto introduction = decode_introduction(opened->view());
  if (!introduction) return std::nullopt;
  const Bytes message = signed_message(role, transcript_, *introduction);
  if (!KeyPair::verify(introduction->device, message, introduction->signature)) {
    return std::nullopt;
  }
  return Peer{introduction->device, clean_device_name(introduction->name),
              introduction->visibility_key};
}

void Exchange::begin_transcript(const CPaceShare& joiner, const CPaceShare& acceptor,
                                const CPaceTag& joiner_tag, const CPaceTag& acceptor_tag) {
  transcript_ = Blake3Hasher::derive_key("kith pair transcript v1")
                    .update(channel_.exporter)
                    .update(channel_.joiner_key.bytes)
                    .update(channel_.rendezvous_key.bytes)
                    .update(joiner)
                    .update(acceptor)
                    .update(joiner_tag)
                    .update(acceptor_tag)
                    .digest();
}

void Exchange::extend_transcript(ByteView sealed_identity) {
  transcript_ = Blake3Hasher::derive_key("kith pair transcript extension v1")
                    .update(transcript_.bytes)
                    .update(sealed_identity)
                    .digest();
}

SecretKey Exchange::key_for(std::string_view label) const {
  KITH_CHECK(key_.has_value());
  SecretKey key;
  hkdf(key_->view(), transcript_.bytes, as_byte_view(label), key.writable());
  return key;
}

CommitTag Exchange::commit_of(CPaceRole role) const {
  return hmac_sha256(key_for(label_for("commit", role)).view(), transcript_.bytes);
}

}  // namespace kith::pairing
