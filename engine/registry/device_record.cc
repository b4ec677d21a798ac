#include "engine/registry/device_record.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/crypto/aead.h"
#include "generated/device_generated.h"

namespace kith {
namespace {

constexpr std::uint16_t kVersion = 1;
constexpr std::string_view kKeyPrefix = "device/";

std::string associated_data(const DeviceId& id, std::string_view field) {
  return "device record " + std::string(field) + " " + id.to_hex();
}

flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> seal_secret(
    flatbuffers::FlatBufferBuilder& builder, std::optional<ByteView> secret, const DeviceId& id,
    std::string_view field, const SecretKey& key, RandomSource& random) {
  if (!secret) return 0;
  const Bytes sealed = seal(key, *secret, as_byte_view(associated_data(id, field)), random);
  return builder.CreateVector(reinterpret_cast<const std::uint8_t*>(sealed.data()), sealed.size());
}

// Sets `out` if the field is present; false if it is present and does not open.
bool open_secret(const flatbuffers::Vector<std::uint8_t>* sealed, const DeviceId& id,
                 std::string_view field, const SecretKey& key, std::optional<SecretKey>& out) {
  if (sealed == nullptr) return true;
  auto opened = unseal(key, std::as_bytes(std::span(sealed->data(), sealed->size())),
                       as_byte_view(associated_data(id, field)));
  if (!opened || opened->size() != SecretKey::size()) return false;
  out.emplace(std::move(*opened));
  return true;
}

bool open_secret(const flatbuffers::Vector<std::uint8_t>* sealed, const DeviceId& id,
                 std::string_view field, const SecretKey& key, std::optional<VisibilityKey>& out) {
  std::optional<SecretKey> opened;
  if (!open_secret(sealed, id, field, key, opened)) return false;
  if (opened) {
    const auto bytes = opened->view();
    std::copy(bytes.begin(), bytes.end(), out.emplace().begin());
  }
  return true;
}

std::optional<ByteView> view_of(const std::optional<SecretKey>& secret) {
  return secret ? std::optional<ByteView>(secret->view()) : std::nullopt;
}

std::optional<SecretKey> clone_secret(const std::optional<SecretKey>& secret) {
  return secret ? std::optional<SecretKey>(secret->clone()) : std::nullopt;
}

}  // namespace

DeviceRecord DeviceRecord::clone() const {
  return {id,
          name,
          blocked,
          clone_secret(secret),
          clone_secret(provisional),
          paired_at_ms,
          last_seen_ms,
          visibility_key,
          reached_at};
}

std::string device_store_key(const DeviceId& id) { return std::string(kKeyPrefix) + id.to_hex(); }

std::optional<DeviceId> device_of_store_key(std::string_view key) {
  if (!key.starts_with(kKeyPrefix)) return std::nullopt;
  const auto id = DeviceId::parse(key.substr(kKeyPrefix.size()));
  if (!id) return std::nullopt;
  return *id;
}

StoreChange encode_device_record(const DeviceRecord& record, const SecretKey& sealing_key,
                                 RandomSource& random) {
  flatbuffers::FlatBufferBuilder builder;
  const auto name = builder.CreateString(record.name);
  const auto seal_field = [&](std::optional<ByteView> secret, std::string_view field) {
    return seal_secret(builder, secret, record.id, field, sealing_key, random);
  };
  const auto secret = seal_field(view_of(record.secret), "secret");
  const auto provisional = seal_field(view_of(record.provisional), "provisional");
  const auto visibility_key = seal_field(
      record.visibility_key ? std::optional<ByteView>(*record.visibility_key) : std::nullopt,
      "visibility");
  flatbuffers::Offset<flatbuffers::String> reached_at;
  if (record.reached_at) reached_at = builder.CreateString(record.reached_at->to_string());
  fbs::FinishDeviceRecordBuffer(
      builder, fbs::CreateDeviceRecord(builder, kVersion, record.blocked, name, secret, provisional,
                                       record.paired_at_ms, record.last_seen_ms, visibility_key,
                                       reached_at));
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return {device_store_key(record.id), to_bytes(bytes)};
}

Result<DeviceRecord> decode_device_record(const DeviceId& id, ByteView value,
                                          const SecretKey& sealing_key) {
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(value.data()), value.size());
  if (!fbs::VerifyDeviceRecordBuffer(verifier)) {
    return failure(ErrorCode::corrupt, "the record of device " + id.to_hex() + " is damaged");
  }
  const auto* stored = fbs::GetDeviceRecord(value.data());
  if (stored->version() != kVersion) {
    return failure(ErrorCode::corrupt,
                   "the record of device " + id.to_hex() + " was written by another version",
                   "run the version of kith that wrote it, or pair the device again");
  }
  DeviceRecord record;
  record.id = id;
  record.blocked = stored->blocked();
  if (stored->name() != nullptr) record.name = clean_device_name(stored->name()->string_view());
  record.paired_at_ms = stored->paired_at_ms();
  record.last_seen_ms = stored->last_seen_ms();
  if (const auto* text = stored->reached_at()) {
    if (const auto at = Address::parse(text->string_view())) record.reached_at = *at;
  }
  if (!open_secret(stored->sealed_secret(), id, "secret", sealing_key, record.secret) ||
      !open_secret(stored->sealed_provisional_secret(), id, "provisional", sealing_key,
                   record.provisional) ||
      !open_secret(stored->sealed_visibility_key(), id, "visibility", sealing_key,
                   record.visibility_key)) {
    return failure(ErrorCode::corrupt,
                   "the secret of device " + id.to_hex() + " does not open with this key file",
                   "pair the device again");
  }
  return record;
}

std::string clean_device_name(std::string_view name) {
  std::string clean = printable(name);
  clean.resize(cut_utf8(clean, kMaxDeviceNameBytes).size());
  return clean;
}

}  // namespace kith
