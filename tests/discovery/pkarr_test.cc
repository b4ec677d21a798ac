#include "engine/discovery/pkarr.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "engine/base/text.h"
#include "engine/crypto/aead.h"
#include "engine/dns/parse.h"
#include "engine/dns/write.h"

namespace kith::pkarr {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

RandomSource random_of(std::uint8_t seed);
DeviceId device(std::uint8_t byte);
std::vector<Address> long_addresses(std::size_t count);
Presence full_presence();
dns::Record txt(std::string_view label, const DeviceId& name, std::vector<std::string> strings);
Bytes packet_of(const std::vector<dns::Record>& records);
Bytes packet_with_sealed(ByteView plaintext);

const DeviceId kName = device(0x11);
const DeviceId kOther = device(0x22);

SecretKey key() { return sealing_key(as_byte_view("what friends share")); }
SecretKey wrong_key() { return sealing_key(as_byte_view("what others share")); }

// --- there and back ----------------------------------------------------------------------------

Address any_address() {
  Address address;
  const bool v4 = *rc::gen::arbitrary<bool>();
  address.family = v4 ? Address::Family::ipv4 : Address::Family::ipv6;
  const auto bytes = *rc::gen::container<std::vector<std::uint8_t>>(
      v4 ? 4 : 16, rc::gen::weightedOneOf<std::uint8_t>({{1, rc::gen::just<std::uint8_t>(0)},
                                                         {2, rc::gen::arbitrary<std::uint8_t>()}}));
  std::transform(bytes.begin(), bytes.end(), address.ip.begin(),
                 [](std::uint8_t byte) { return std::byte{byte}; });
  address.port = *rc::gen::arbitrary<std::uint16_t>();
  return address;
}

std::vector<Address> any_addresses(std::size_t most) {
  std::vector<Address> addresses(*rc::gen::inRange<std::size_t>(0, most + 1));
  for (Address& address : addresses) address = any_address();
  return addresses;
}

RC_GTEST_PROP(Pkarr, what_is_written_is_read, ()) {
  Presence presence;
  presence.addresses = any_addresses(kMaxAddresses + 4);
  presence.open_addresses = any_addresses(kMaxAddresses);
  presence.relay = std::string(*rc::gen::inRange<std::size_t>(0, kMaxRelayBytes + 1), 'r');
  RandomSource random = random_of(1);
  const Bytes packet = write(kName, presence, key(), random);
  RC_ASSERT(packet.size() <= kMaxPacketBytes);

  const SecretKey sealing = key();
  const auto read_back = read(kName, packet, &sealing);
  RC_ASSERT(read_back.has_value());
  presence.addresses.resize(std::min(presence.addresses.size(), kMaxAddresses));
  RC_ASSERT(read_back->addresses == presence.addresses);
  RC_ASSERT(read_back->relay == presence.relay);
  // The first ones, and all if there is room for another.
  const auto& open = read_back->open_addresses;
  RC_ASSERT(open.size() <= presence.open_addresses.size());
  RC_ASSERT(std::equal(open.begin(), open.end(), presence.open_addresses.begin()));
  constexpr std::size_t kLongestRecord = 80;
  if (packet.size() + kLongestRecord <= kMaxPacketBytes) {
    RC_ASSERT(open.size() == presence.open_addresses.size());
  }
}

TEST(Pkarr, open_addresses_are_left_out_where_they_do_not_fit) {
  const Presence presence = full_presence();
  RandomSource random = random_of(1);
  const Bytes packet = write(kName, presence, key(), random);
  EXPECT_LE(packet.size(), kMaxPacketBytes);
  const SecretKey sealing = key();
  const auto found = read(kName, packet, &sealing);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->addresses, presence.addresses);
  EXPECT_EQ(found->relay, presence.relay);
  ASSERT_FALSE(found->open_addresses.empty());
  ASSERT_LT(found->open_addresses.size(), presence.open_addresses.size());
  // A name of two pointers' worth, 10 bytes of a record's head, one of the string's length.
  const std::string next = presence.open_addresses[found->open_addresses.size()].to_string();
  EXPECT_GT(packet.size() + 2 + 10 + 1 + 5 + next.size(), kMaxPacketBytes);
}

TEST(Pkarr, a_relay_that_no_string_holds_is_left_out) {
  Presence presence;
  presence.relay = std::string(kMaxRelayBytes + 1, 'r');
  RandomSource random = random_of(1);
  const auto found = read(kName, write(kName, presence, key(), random), nullptr);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->relay, "");
}

// --- who may read ------------------------------------------------------------------------------

TEST(Pkarr, a_wrong_key_opens_nothing_and_hides_nothing_open) {
  Presence presence;
  presence.addresses = {Address::v4(192, 168, 1, 2, 4433)};
  presence.open_addresses = {Address::v4(192, 0, 2, 1, 443)};
  presence.relay = "https://relay.example/";
  RandomSource random = random_of(1);
  const Bytes packet = write(kName, presence, key(), random);
  presence.addresses.clear();
  const SecretKey wrong = wrong_key();
  EXPECT_EQ(read(kName, packet, &wrong), presence);
  EXPECT_EQ(read(kName, packet, nullptr), presence);
}

TEST(Pkarr, sealed_addresses_do_not_show) {
  Presence presence;
  presence.addresses = {Address::v4(192, 168, 17, 34, 4433)};
  RandomSource random = random_of(1);
  const Bytes packet = write(kName, presence, key(), random);
  const auto ip = ByteView(presence.addresses[0].ip).first(4);
  EXPECT_EQ(std::search(packet.begin(), packet.end(), ip.begin(), ip.end()), packet.end());
}

TEST(Pkarr, names_of_other_keys_are_ignored) {
  RandomSource random = random_of(1);
  const SecretKey sealing = key();
  EXPECT_EQ(read(kOther, write(kName, full_presence(), key(), random), &sealing), Presence{});
}

TEST(Pkarr, addresses_sealed_for_one_name_do_not_open_under_another) {
  RandomSource random = random_of(1);
  const auto theirs = dns::parse(write(kName, full_presence(), key(), random));
  ASSERT_TRUE(theirs);
  const auto strings = std::get<dns::Txt>(theirs->answers[0].data).strings;
  const SecretKey sealing = key();
  const auto found = read(kOther, packet_of({txt("_kith", kOther, strings)}), &sealing);
  EXPECT_EQ(found, Presence{});
}

// --- what is refused ---------------------------------------------------------------------------

TEST(Pkarr, one_wrong_bit_changes_no_sealed_address) {
  Presence presence;
  presence.addresses = {Address::v4(192, 168, 1, 2, 4433), long_addresses(1)[0]};
  RandomSource random = random_of(1);
  const Bytes packet = write(kName, presence, key(), random);
  const SecretKey sealing = key();
  std::size_t unread = 0;
  for (std::size_t bit = 0; bit < 8 * packet.size(); ++bit) {
    Bytes tampered = packet;
    tampered[bit / 8] ^= static_cast<std::byte>(1 << bit % 8);
    const auto found = read(kName, tampered, &sealing);
    if (found && found->addresses == presence.addresses) continue;
    if (found) {
      EXPECT_THAT(found->addresses, IsEmpty()) << "bit " << bit;
    }
    ++unread;
  }
  // At least every bit of what is sealed: nonce, tag, version and both addresses.
  EXPECT_GE(unread, 8 * (kSealOverhead + 1 + 7 + 19));
}

TEST(Pkarr, a_packet_cut_anywhere_is_refused) {
  RandomSource random = random_of(1);
  const Bytes packet = write(kName, full_presence(), key(), random);
  const SecretKey sealing = key();
  for (std::size_t size = 0; size < packet.size(); ++size) {
    const auto found = read(kName, ByteView(packet).first(size), &sealing);
    ASSERT_FALSE(found) << size;
    EXPECT_EQ(found.error(), Refusal::not_dns);
  }
}

TEST(Pkarr, a_packet_larger_than_an_item_is_refused) {
  dns::Record filler =
      txt("_iroh", kName,
          {std::string(255, 'x'), std::string(255, 'x'), std::string(255, 'x'), std::string("x")});
  auto& last = std::get<dns::Txt>(filler.data).strings.back();
  last.resize(kMaxPacketBytes - packet_of({filler}).size() + 1, 'x');
  const Bytes largest = packet_of({filler});
  ASSERT_EQ(largest.size(), kMaxPacketBytes);
  EXPECT_TRUE(read(kName, largest, nullptr));
  last += 'x';
  const auto found = read(kName, packet_of({filler}), nullptr);
  ASSERT_FALSE(found);
  EXPECT_EQ(found.error(), Refusal::too_large);
}

TEST(Pkarr, nonsense_under_the_right_key_is_refused) {
  const SecretKey sealing = key();
  Bytes too_many{std::byte{1}};
  for (std::size_t i = 0; i <= kMaxAddresses; ++i) {
    for (const int byte : {4, 1, 2, 3, 4, 0, 80}) too_many.push_back(static_cast<std::byte>(byte));
  }
  const std::vector<Bytes> all{
      {},                                               // no version
      *from_hex("02"),                                  // another version
      *from_hex("0105"),                                // no such family
      *from_hex("0104c0a80102"),                        // no port
      *from_hex("0104c0a8010201bb06"),                  // no address
      *from_hex("010620010db80000000000000000000001"),  // half an address
      too_many,
  };
  for (const Bytes& plaintext : all) {
    const auto found = read(kName, packet_with_sealed(plaintext), &sealing);
    ASSERT_FALSE(found) << to_hex(plaintext);
    EXPECT_EQ(found.error(), Refusal::sealed_badly);
  }
  too_many.resize(too_many.size() - 7);
  EXPECT_EQ(read(kName, packet_with_sealed(too_many), &sealing)->addresses.size(), kMaxAddresses);
}

// --- what others write -------------------------------------------------------------------------

TEST(Pkarr, what_iroh_writes_is_read) {
  const Bytes packet = packet_of({
      txt("_iroh", kName, {"relay=https://relay.example/"}),
      txt("_iroh", kName, {"addr=192.0.2.1:443"}),
      txt("_iroh", kName, {"addr=192.0.2.2:443 [2001:db8::1]:443", "user-data=addr=192.0.2.9:9"}),
      txt("_iroh", kName, {"addr=example.org:443 192.0.2.3:99999  192.0.2.3:443", "addr=", ""}),
      txt("_iroh", kName, {"relay=https://another.example/"}),
      txt("_iroh", kOther, {"addr=192.0.2.8:8"}),
      txt("_other", kName, {"addr=192.0.2.8:8"}),
  });
  const auto found = read(kName, packet, nullptr);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->relay, "https://relay.example/");
  EXPECT_THAT(found->open_addresses,
              ElementsAre(Address::v4(192, 0, 2, 1, 443), Address::v4(192, 0, 2, 2, 443),
                          *Address::parse("[2001:db8::1]:443"), Address::v4(192, 0, 2, 3, 443)));
}

TEST(Pkarr, no_more_open_addresses_are_read_than_are_kept) {
  std::string text = "addr=";
  for (int i = 0; i < 20; ++i) text += "1.1.1.1:" + std::to_string(i) + " ";
  const auto found =
      read(kName, packet_of({txt("_iroh", kName, {text}), txt("_iroh", kName, {text})}), nullptr);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->open_addresses.size(), kMaxAddresses);
}

// --- helpers -----------------------------------------------------------------------------------

RandomSource random_of(std::uint8_t seed) {
  std::array<std::byte, 32> bytes{};
  bytes[0] = std::byte{seed};
  return RandomSource(bytes);
}

DeviceId device(std::uint8_t byte) {
  DeviceId id;
  id.bytes.fill(std::byte{byte});
  return id;
}

std::vector<Address> long_addresses(std::size_t count) {
  std::vector<Address> addresses(count);
  for (std::size_t i = 0; i < count; ++i) {
    addresses[i].family = Address::Family::ipv6;
    addresses[i].ip.fill(static_cast<std::byte>(0xa0 + i));
    addresses[i].port = static_cast<std::uint16_t>(50000 + i);
  }
  return addresses;
}

Presence full_presence() {
  Presence presence;
  presence.addresses = long_addresses(kMaxAddresses);
  presence.open_addresses = presence.addresses;
  presence.relay = std::string(kMaxRelayBytes, 'r');
  return presence;
}

dns::Record txt(std::string_view label, const DeviceId& name, std::vector<std::string> strings) {
  const std::string zone = to_zbase32(name.bytes);
  const std::string_view labels[] = {label, zone};
  dns::Record record;
  record.name = *dns::Name::from_labels(labels);
  record.ttl = 30;
  record.data = dns::Txt{std::move(strings)};
  return record;
}

Bytes packet_of(const std::vector<dns::Record>& records) {
  dns::Message message;
  message.header.response = true;
  message.answers = records;
  return *dns::write(message);
}

Bytes packet_with_sealed(ByteView plaintext) {
  RandomSource random = random_of(2);
  const Bytes sealed = seal(key(), plaintext, kName.bytes, random);
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < sealed.size(); at += 255) {
    pieces.emplace_back(
        as_text(ByteView(sealed).subspan(at, std::min<std::size_t>(255, sealed.size() - at))));
  }
  return packet_of({txt("_kith", kName, pieces)});
}

}  // namespace
}  // namespace kith::pkarr
