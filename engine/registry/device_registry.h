#pragma once

// The devices this one knows: what is kept of each (device_record.h), where each stands
// (device_state.h) and how each proves itself (psk_index.h). Records change here only after the
// store has made the change durable; who asked the store does that.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/registry/device_record.h"
#include "engine/registry/device_state.h"
#include "engine/registry/psk_index.h"
#include "kith/address.h"
#include "kith/event.h"

namespace kith {

class DeviceRegistry {
 public:
  // Beyond this a pairing is refused with limit_exceeded: every handshake index and list stays
  // small.
  static constexpr std::size_t kMaxDevices = 1024;

  DeviceRegistry(const DeviceId& own_id, SecretKey sealing_key, RandomSource random);

  // Takes the device records out of what the store held. Returns how many could not be read.
  std::size_t restore(const RestoredState& restored);

  const DeviceRecord* find(const DeviceId& id) const;
  std::optional<DeviceState> state(const DeviceId& id) const;

  // Known by a proven secret and not blocked.
  bool is_paired(const DeviceId& id) const;

  StoreChange change_to(const DeviceRecord& record);

  // The record is durable. `trigger` says what happened.
  void put(DeviceRecord record, DeviceTrigger trigger);
  // The removal is durable.
  void erase(const DeviceId& id);

  // Moves a device along the table; false, changing nothing, where the table has no such move.
  bool apply(const DeviceId& id, DeviceTrigger trigger);

  // How it was last seen, and where it was when it was dialled.
  void note_seen(const DeviceId& id, std::string_view via, std::int64_t unix_ms);
  void note_reached(const DeviceId& id, const Address& at);

  std::vector<PskOffer> psk_offers(const DeviceId& id, std::int64_t unix_ms) const;
  const PskIndex::Match* psk_match(std::string_view identity, std::int64_t unix_ms);

  std::optional<DeviceSummary> summary(const DeviceId& id) const;
  std::vector<DeviceSummary> summaries() const;
  std::size_t size() const { return records_.size(); }
  // Rises whenever a record changes.
  std::uint64_t version() const { return version_; }
  const std::map<DeviceId, DeviceRecord>& records() const { return records_; }

  void mix(ByteView entropy) { random_.mix(entropy); }
  void check_invariants() const;

 private:
  struct Presence {
    DeviceState state = DeviceState::discovered;
    std::string via;
  };

  DeviceId own_id_;
  SecretKey sealing_key_;
  RandomSource random_;
  std::map<DeviceId, DeviceRecord> records_;
  std::map<DeviceId, Presence> presences_;
  PskIndex psk_index_;
  bool index_current_ = false;
  std::uint64_t version_ = 0;
};

}  // namespace kith
