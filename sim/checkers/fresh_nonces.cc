#include "sim/checkers/fresh_nonces.h"

#include <algorithm>
#include <string>

#include "engine/crypto/aead.h"
#include "engine/discovery/dht/krpc.h"
#include "engine/dns/parse.h"
#include "engine/registry/device_record.h"
#include "generated/device_generated.h"
#include "sim/checkers/krpc_query.h"
#include "sim/checkers/quic_header.h"

namespace kith::sim {
namespace {

constexpr std::string_view kSealedLabel = "_kith";  // schemas/discovery.md
constexpr std::string_view kPut = "1:q3:put";

ByteView view_of(const flatbuffers::Vector<std::uint8_t>* sealed) {
  return sealed == nullptr ? ByteView{} : std::as_bytes(std::span(sealed->data(), sealed->size()));
}

}  // namespace

void FreshNonces::on_output(Device& device, Instant at, const Output& output) {
  const auto* commit = std::get_if<StoreCommit>(&output);
  if (commit == nullptr) return;
  for (const StoreChange& change : commit->changes) {
    if (!change.value || !device_of_store_key(change.key)) continue;
    const Bytes& value = *change.value;
    flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(value.data()),
                                   value.size());
    if (!fbs::VerifyDeviceRecordBuffer(verifier)) continue;
    const auto* record = fbs::GetDeviceRecord(value.data());
    for (const auto* sealed : {record->sealed_secret(), record->sealed_provisional_secret(),
                               record->sealed_visibility_key()}) {
      on_sealed(device, at, Purpose::store, device.id(), view_of(sealed));
    }
  }
}

void FreshNonces::on_transmit(Device& device, Instant at, const Transmit& transmit,
                              ByteView bytes) {
  for_each_datagram(bytes, transmit.segment_size, [&](ByteView datagram) {
    const bool put =
        is_krpc_query(datagram) && as_text(datagram).find(kPut) != std::string_view::npos;
    if (put) on_put(device, at, datagram);
  });
}

void FreshNonces::on_put(Device& device, Instant at, ByteView query) {
  const auto message = dht::decode(query);
  const auto* asked = message ? std::get_if<dht::Query>(&message->body) : nullptr;
  const auto* put = asked == nullptr ? nullptr : std::get_if<dht::PutMutable>(&asked->request);
  if (put == nullptr) return;
  const auto packet = dht::string_in(put->item.value);
  const auto records = packet ? dns::parse(*packet) : dns::parse({});
  if (!records) return;
  for (const dns::Record& record : records->answers) {
    const auto* text = std::get_if<dns::Txt>(&record.data);
    if (text == nullptr || record.name.first_label() != kSealedLabel) continue;
    std::string sealed;
    for (const std::string& piece : text->strings) sealed += piece;
    on_sealed(device, at, Purpose::dht, put->item.key, as_byte_view(sealed));
  }
}

void FreshNonces::on_sealed(Device& device, Instant at, Purpose purpose, const DeviceId& owner,
                            ByteView sealed) {
  if (sealed.size() < kSealOverhead) return;
  Use use{purpose, owner, {}};
  std::copy_n(sealed.begin(), use.nonce.size(), use.nonce.begin());
  const Digest digest = blake3(sealed);
  const auto [known, added] = uses_.emplace(use, digest);
  if (!added) {
    if (known->second == digest) return;
    return violate(device, at,
                   purpose == Purpose::store
                       ? "sealed a secret of its store with a nonce that was used before"
                       : "sealed its addresses for the DHT with a nonce that was used before");
  }
  order_.push_back(use);
  if (order_.size() <= kMostRemembered) return;
  uses_.erase(order_.front());
  order_.pop_front();
}

}  // namespace kith::sim
