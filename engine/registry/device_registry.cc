#include "engine/registry/device_registry.h"

#include "engine/base/check.h"

namespace kith {
namespace {

DeviceState state_at_rest(const DeviceRecord& record) {
  if (record.blocked) return DeviceState::blocked;
  return record.secret ? DeviceState::paired : DeviceState::provisional;
}

}  // namespace

DeviceRegistry::DeviceRegistry(const DeviceId& own_id, SecretKey sealing_key, RandomSource random)
    : own_id_(own_id), sealing_key_(std::move(sealing_key)), random_(std::move(random)) {}

std::size_t DeviceRegistry::restore(const RestoredState& restored) {
  std::size_t unreadable = 0;
  for (const auto& [key, value] : restored) {
    const auto id = device_of_store_key(key);
    if (!id) continue;
    auto record = decode_device_record(*id, value, sealing_key_);
    if (!record) {
      ++unreadable;
      continue;
    }
    presences_[*id].state = state_at_rest(*record);
    records_.insert_or_assign(*id, std::move(*record));
  }
  ++version_;
  index_current_ = false;
  return unreadable;
}

const DeviceRecord* DeviceRegistry::find(const DeviceId& id) const {
  const auto found = records_.find(id);
  return found == records_.end() ? nullptr : &found->second;
}

std::optional<DeviceState> DeviceRegistry::state(const DeviceId& id) const {
  const auto found = presences_.find(id);
  if (found == presences_.end()) return std::nullopt;
  return found->second.state;
}

bool DeviceRegistry::is_paired(const DeviceId& id) const {
  const DeviceRecord* record = find(id);
  return record != nullptr && !record->blocked && record->secret.has_value();
}

StoreChange DeviceRegistry::change_to(const DeviceRecord& record) {
  return encode_device_record(record, sealing_key_, random_);
}

void DeviceRegistry::put(DeviceRecord record, DeviceTrigger trigger) {
  const DeviceId id = record.id;
  records_.insert_or_assign(id, std::move(record));
  ++version_;
  index_current_ = false;
  const bool moved = apply(id, trigger);
  KITH_CHECK_MSG(moved, "no move for {}", to_string(trigger));
}

void DeviceRegistry::erase(const DeviceId& id) {
  records_.erase(id);
  presences_.erase(id);
  ++version_;
  index_current_ = false;
}

bool DeviceRegistry::apply(const DeviceId& id, DeviceTrigger trigger) {
  const DeviceTransition transition = device_transition(state(id), trigger);
  if (!transition.legal) return false;
  if (transition.to) {
    presences_[id].state = *transition.to;
  } else {
    erase(id);
  }
  return true;
}

void DeviceRegistry::note_seen(const DeviceId& id, std::string_view via, std::int64_t unix_ms) {
  const auto presence = presences_.find(id);
  if (presence != presences_.end()) presence->second.via = via;
  const auto record = records_.find(id);
  if (record != records_.end()) record->second.last_seen_ms = unix_ms;
}

void DeviceRegistry::note_reached(const DeviceId& id, const Address& at) {
  const auto record = records_.find(id);
  if (record != records_.end()) record->second.reached_at = at;
}

std::vector<PskOffer> DeviceRegistry::psk_offers(const DeviceId& id, std::int64_t unix_ms) const {
  const DeviceRecord* record = find(id);
  if (record == nullptr || record->blocked) return {};
  return kith::psk_offers(*record, own_id_, unix_ms);
}

const PskIndex::Match* DeviceRegistry::psk_match(std::string_view identity, std::int64_t unix_ms) {
  if (!index_current_ || psk_index_.stale(unix_ms)) {
    psk_index_.rebuild(records_, unix_ms);
    index_current_ = true;
  }
  return psk_index_.find(identity);
}

std::optional<DeviceSummary> DeviceRegistry::summary(const DeviceId& id) const {
  const auto presence = presences_.find(id);
  if (presence == presences_.end()) return std::nullopt;
  DeviceSummary summary;
  summary.id = id;
  summary.state = presence->second.state;
  summary.via = presence->second.via;
  if (const DeviceRecord* record = find(id)) {
    summary.name = record->name;
    summary.last_seen_ms = record->last_seen_ms;
  }
  return summary;
}

std::vector<DeviceSummary> DeviceRegistry::summaries() const {
  std::vector<DeviceSummary> all;
  all.reserve(presences_.size());
  for (const auto& [id, presence] : presences_) all.push_back(*summary(id));
  return all;
}

void DeviceRegistry::check_invariants() const {
  for (const auto& [id, record] : records_) {
    const auto current = state(id);
    KITH_CHECK(current.has_value());
    KITH_CHECK(record.blocked == (*current == DeviceState::blocked));
    if (*current == DeviceState::connected) KITH_CHECK(record.secret.has_value());
    if (*current == DeviceState::provisional) KITH_CHECK(record.provisional.has_value());
  }
}

}  // namespace kith
