#include "engine/registry/psk_index.h"

#include "engine/base/byte_writer.h"
#include "engine/base/text.h"
#include "engine/crypto/kdf.h"

namespace kith {
namespace {

constexpr std::int64_t kHourMs = 3'600'000;
constexpr std::uint64_t kAnyHour = ~std::uint64_t{0};
constexpr std::size_t kIdentityBytes = 16;

std::int64_t hour_of(std::int64_t unix_ms) { return unix_ms / kHourMs; }

std::string identity_of(const SecretKey& identity_key, std::uint64_t hour, const DeviceId& dialer) {
  ByteWriter message;
  message.u64(hour).bytes(dialer.bytes);
  const auto mac = hmac_sha256(identity_key.view(), message.view());
  return to_hex(ByteView(mac).first(kIdentityBytes));
}

std::array<std::byte, 32> psk_of(const SecretKey& secret) {
  std::array<std::byte, 32> key;
  const SecretKey derived = derive_key(secret.view(), "kith psk v1");
  std::copy(derived.view().begin(), derived.view().end(), key.begin());
  return key;
}

SecretKey identity_key_of(const SecretKey& secret) {
  return derive_key(secret.view(), "kith psk identity v1");
}

}  // namespace

std::vector<PskOffer> psk_offers(const DeviceRecord& record, const DeviceId& dialer,
                                 std::int64_t unix_ms) {
  std::vector<PskOffer> offers;
  const auto hour = static_cast<std::uint64_t>(hour_of(unix_ms));
  for (const std::uint64_t when : {hour, kAnyHour}) {
    for (const auto* secret : {&record.secret, &record.provisional}) {
      if (!*secret) continue;
      offers.push_back({identity_of(identity_key_of(**secret), when, dialer), psk_of(**secret),
                        secret == &record.provisional});
    }
  }
  return offers;
}

void PskIndex::rebuild(const std::map<DeviceId, DeviceRecord>& records, std::int64_t unix_ms) {
  matches_.clear();
  hour_ = hour_of(unix_ms);
  for (const auto& [id, record] : records) {
    if (record.blocked) continue;
    if (record.provisional) add(record, *record.provisional, true);
    if (record.secret) add(record, *record.secret, false);
  }
}

bool PskIndex::stale(std::int64_t unix_ms) const { return hour_of(unix_ms) != hour_; }

const PskIndex::Match* PskIndex::find(std::string_view identity) const {
  const auto found = matches_.find(identity);
  return found == matches_.end() ? nullptr : &found->second;
}

void PskIndex::add(const DeviceRecord& record, const SecretKey& secret, bool provisional) {
  const SecretKey identity_key = identity_key_of(secret);
  const Match match{record.id, psk_of(secret), provisional};
  const auto insert = [&](std::uint64_t hour) {
    matches_.insert_or_assign(identity_of(identity_key, hour, record.id), match);
  };
  for (std::int64_t offset = -kToleratedHours; offset <= kToleratedHours; ++offset) {
    insert(static_cast<std::uint64_t>(hour_ + offset));
  }
  insert(kAnyHour);
}

}  // namespace kith
