#include "engine/registry/device_registry.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace kith {
namespace {

constexpr std::int64_t kNow = 1'800'000'000'000;
constexpr std::int64_t kHour = 3'600'000;

std::array<std::byte, 32> filled(std::uint8_t value);
DeviceId device(std::uint8_t value) { return {filled(value)}; }
SecretKey key(std::uint8_t value) { return SecretKey::copy_of(filled(value)); }
DeviceRegistry registry_of(std::uint8_t owner);
DeviceRecord paired_record(std::uint8_t id, std::uint8_t secret);
bool meet(const DeviceRegistry& dialer, const DeviceId& to, DeviceRegistry& server,
          std::int64_t dialer_ms, std::int64_t server_ms);

TEST(DeviceRegistry, a_record_survives_the_store) {
  DeviceRegistry registry = registry_of(1);
  const auto change = registry.change_to(paired_record(2, 9));
  DeviceRegistry restarted = registry_of(1);
  EXPECT_EQ(restarted.restore({{change.key, *change.value}}), 0u);
  EXPECT_TRUE(restarted.is_paired(device(2)));
  EXPECT_EQ(*restarted.find(device(2))->secret, key(9));
  EXPECT_EQ(restarted.find(device(2))->name, "two");
  EXPECT_EQ(restarted.state(device(2)), DeviceState::paired);
}

TEST(DeviceRegistry, where_a_device_was_reached_survives_the_store) {
  Address link_local = Address::parse("[fe80::7]:4433").value();
  link_local.scope = 3;
  for (const Address& at :
       {Address::v4(192, 168, 1, 3, 4433), link_local, Address::parse("[2001:db8::1]:1").value()}) {
    DeviceRegistry registry = registry_of(1);
    registry.put(paired_record(2, 9), DeviceTrigger::secret_stored);
    EXPECT_FALSE(registry.find(device(2))->reached_at);
    registry.note_reached(device(2), at);
    const auto change = registry.change_to(*registry.find(device(2)));
    DeviceRegistry restarted = registry_of(1);
    EXPECT_EQ(restarted.restore({{change.key, *change.value}}), 0u);
    EXPECT_EQ(restarted.find(device(2))->reached_at, at);
  }
}

TEST(DeviceRegistry, a_record_that_says_no_address_is_read_without_one) {
  DeviceRegistry registry = registry_of(1);
  DeviceRecord record = paired_record(2, 9);
  record.reached_at = Address::v4(192, 168, 1, 3, 4433);
  auto change = registry.change_to(record);
  const std::string_view text = "192.168.1.3:4433";
  const auto at = std::search(change.value->begin(), change.value->end(), text.begin(), text.end(),
                              [](std::byte byte, char c) { return byte == std::byte(c); });
  ASSERT_NE(at, change.value->end());
  *at = std::byte{'x'};
  DeviceRegistry restarted = registry_of(1);
  EXPECT_EQ(restarted.restore({{change.key, *change.value}}), 0u);
  EXPECT_TRUE(restarted.is_paired(device(2)));
  EXPECT_FALSE(restarted.find(device(2))->reached_at);
}

TEST(DeviceRegistry, the_secret_does_not_stand_in_the_store) {
  DeviceRegistry registry = registry_of(1);
  const auto change = registry.change_to(paired_record(2, 9));
  const auto secret = filled(9);
  EXPECT_EQ(std::search(change.value->begin(), change.value->end(), secret.begin(), secret.end()),
            change.value->end());
}

TEST(DeviceRegistry, a_record_moved_to_another_device_does_not_open) {
  DeviceRegistry registry = registry_of(1);
  const auto change = registry.change_to(paired_record(2, 9));
  DeviceRegistry restarted = registry_of(1);
  EXPECT_EQ(restarted.restore({{device_store_key(device(3)), *change.value}}), 1u);
  EXPECT_EQ(restarted.find(device(3)), nullptr);
}

TEST(DeviceRegistry, another_key_file_does_not_open_a_record) {
  const auto change = registry_of(1).change_to(paired_record(2, 9));
  DeviceRegistry other = registry_of(5);
  EXPECT_EQ(other.restore({{change.key, *change.value}}), 1u);
}

TEST(DeviceRegistry, a_damaged_record_is_counted_and_the_others_are_read) {
  DeviceRegistry registry = registry_of(1);
  const auto good = registry.change_to(paired_record(2, 9));
  const auto bad = registry.change_to(paired_record(3, 8));
  for (std::size_t i = 0; i < bad.value->size(); ++i) {
    Bytes damaged = *bad.value;
    damaged.resize(i);
    DeviceRegistry restarted = registry_of(1);
    EXPECT_LE(restarted.restore({{good.key, *good.value}, {bad.key, damaged}}), 1u);
    EXPECT_TRUE(restarted.is_paired(device(2)));
  }
}

RC_GTEST_PROP(DeviceRegistry, random_bytes_in_the_store_are_no_record, ()) {
  const auto bytes = *rc::gen::arbitrary<std::vector<std::uint8_t>>();
  DeviceRegistry registry = registry_of(1);
  const auto view = std::as_bytes(std::span(bytes));
  RC_ASSERT(registry.restore({{device_store_key(device(2)), to_bytes(view)}}) == 1u);
  RC_ASSERT(registry.find(device(2)) == nullptr);
}

TEST(DeviceRegistry, paired_devices_recognise_each_other_and_nobody_else) {
  DeviceRegistry one = registry_of(1);
  DeviceRegistry two = registry_of(2);
  DeviceRegistry three = registry_of(3);
  one.put(paired_record(2, 9), DeviceTrigger::secret_stored);
  two.put(paired_record(1, 9), DeviceTrigger::secret_stored);
  three.put(paired_record(1, 8), DeviceTrigger::secret_stored);
  EXPECT_TRUE(meet(one, device(2), two, kNow, kNow));
  EXPECT_TRUE(meet(two, device(1), one, kNow, kNow));
  EXPECT_FALSE(meet(three, device(1), one, kNow, kNow));
}

TEST(DeviceRegistry, an_identity_is_not_used_for_more_than_an_hour) {
  DeviceRegistry one = registry_of(1);
  one.put(paired_record(2, 9), DeviceTrigger::secret_stored);
  EXPECT_EQ(one.psk_offers(device(2), kNow)[0].identity,
            one.psk_offers(device(2), kNow)[0].identity);
  EXPECT_NE(one.psk_offers(device(2), kNow)[0].identity,
            one.psk_offers(device(2), kNow + kHour)[0].identity);
}

TEST(DeviceRegistry, the_two_directions_show_different_identities) {
  DeviceRegistry one = registry_of(1);
  DeviceRegistry two = registry_of(2);
  one.put(paired_record(2, 9), DeviceTrigger::secret_stored);
  two.put(paired_record(1, 9), DeviceTrigger::secret_stored);
  EXPECT_NE(one.psk_offers(device(2), kNow)[0].identity,
            two.psk_offers(device(1), kNow)[0].identity);
}

TEST(DeviceRegistry, clocks_may_differ_by_two_hours_for_the_rotating_identity_and_by_years_at_all) {
  DeviceRegistry one = registry_of(1);
  DeviceRegistry two = registry_of(2);
  one.put(paired_record(2, 9), DeviceTrigger::secret_stored);
  two.put(paired_record(1, 9), DeviceTrigger::secret_stored);
  const auto rotating = one.psk_offers(device(2), kNow)[0];
  for (const std::int64_t skew : {-2 * kHour, -kHour, std::int64_t{0}, kHour, 2 * kHour}) {
    EXPECT_NE(two.psk_match(rotating.identity, kNow + skew), nullptr) << skew;
  }
  EXPECT_EQ(two.psk_match(rotating.identity, kNow + 5 * kHour), nullptr);
  EXPECT_TRUE(meet(one, device(2), two, 0, kNow));
}

TEST(DeviceRegistry, a_blocked_device_is_not_recognised) {
  DeviceRegistry one = registry_of(1);
  DeviceRegistry two = registry_of(2);
  one.put(paired_record(2, 9), DeviceTrigger::secret_stored);
  two.put(paired_record(1, 9), DeviceTrigger::secret_stored);
  DeviceRecord blocked = two.find(device(1))->clone();
  blocked.blocked = true;
  two.put(std::move(blocked), DeviceTrigger::blocked);
  EXPECT_FALSE(meet(one, device(2), two, kNow, kNow));
  EXPECT_TRUE(two.psk_offers(device(1), kNow).empty());
}

TEST(DeviceRegistry, a_removed_device_is_not_recognised) {
  DeviceRegistry one = registry_of(1);
  DeviceRegistry two = registry_of(2);
  one.put(paired_record(2, 9), DeviceTrigger::secret_stored);
  two.put(paired_record(1, 9), DeviceTrigger::secret_stored);
  EXPECT_TRUE(two.apply(device(1), DeviceTrigger::removed));
  EXPECT_FALSE(meet(one, device(2), two, kNow, kNow));
  EXPECT_EQ(two.state(device(1)), std::nullopt);
}

TEST(DeviceRegistry, a_name_is_printable_and_cut_between_characters) {
  EXPECT_EQ(clean_device_name("a\x1b[2Jb"), "a\xef\xbf\xbd[2Jb");
  const std::string umlauts = [] {
    std::string text = "x";
    for (int i = 0; i < 40; ++i) text += "\xc3\xa4";
    return text;
  }();
  EXPECT_EQ(clean_device_name(umlauts).size(), 63u);
}

// The registry against the simplest model of it: a map of states moved by the table.
RC_GTEST_PROP(DeviceRegistry, it_moves_as_the_table_says, ()) {
  DeviceRegistry registry = registry_of(1);
  std::map<DeviceId, DeviceState> model;
  const auto steps = *rc::gen::container<std::vector<std::pair<int, int>>>(
      rc::gen::pair(rc::gen::inRange(2, 5), rc::gen::inRange(0, 9)));
  for (const auto& [number, trigger_number] : steps) {
    const DeviceId id = device(static_cast<std::uint8_t>(number));
    const auto trigger = static_cast<DeviceTrigger>(trigger_number);
    // These three change the record and come through put().
    if (trigger == DeviceTrigger::secret_stored || trigger == DeviceTrigger::peer_committed ||
        trigger == DeviceTrigger::blocked) {
      continue;
    }
    const auto found = model.find(id);
    const auto from = found == model.end() ? std::nullopt : std::optional(found->second);
    const auto expected = device_transition(from, trigger);
    RC_ASSERT(registry.apply(id, trigger) == expected.legal);
    if (expected.legal && expected.to) model[id] = *expected.to;
    if (expected.legal && !expected.to) model.erase(id);
    RC_ASSERT(registry.state(id) ==
              (model.contains(id) ? std::optional(model.at(id)) : std::nullopt));
  }
}

std::array<std::byte, 32> filled(std::uint8_t value) {
  std::array<std::byte, 32> bytes{};
  bytes.fill(static_cast<std::byte>(value));
  return bytes;
}

DeviceRegistry registry_of(std::uint8_t owner) {
  return DeviceRegistry(device(owner), key(static_cast<std::uint8_t>(owner + 100)),
                        RandomSource(filled(owner)));
}

DeviceRecord paired_record(std::uint8_t id, std::uint8_t secret) {
  DeviceRecord record;
  record.id = device(id);
  record.name = "two";
  record.secret = key(secret);
  record.provisional = key(secret);
  return record;
}

bool meet(const DeviceRegistry& dialer, const DeviceId& to, DeviceRegistry& server,
          std::int64_t dialer_ms, std::int64_t server_ms) {
  for (const auto& offer : dialer.psk_offers(to, dialer_ms)) {
    const auto* match = server.psk_match(offer.identity, server_ms);
    if (match != nullptr && match->key == offer.key) return true;
  }
  return false;
}

}  // namespace
}  // namespace kith
