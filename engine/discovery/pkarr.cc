#include "engine/discovery/pkarr.h"

#include <algorithm>
#include <array>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/text.h"
#include "engine/crypto/aead.h"
#include "engine/crypto/kdf.h"
#include "engine/dns/parse.h"
#include "engine/dns/write.h"

namespace kith::pkarr {
namespace {

// What iroh uses: who resolves the record asks the DHT each time.
constexpr std::uint32_t kTtlSeconds = 30;
constexpr std::size_t kMaxStringBytes = 255;
constexpr std::uint8_t kSealedVersion = 1;
constexpr std::string_view kRelay = "relay=";
constexpr std::string_view kAddress = "addr=";

dns::Name name_of(std::string_view label, const DeviceId& key) {
  const std::string zone = to_zbase32(key.bytes);
  const std::string_view labels[] = {label, zone};
  return *dns::Name::from_labels(labels);
}

// version | for each address: 4 or 6, its bytes, its port
Bytes encode(const std::vector<Address>& addresses) {
  ByteWriter bytes;
  bytes.u8(kSealedVersion);
  for (std::size_t i = 0; i < std::min(addresses.size(), kMaxAddresses); ++i) {
    const Address& address = addresses[i];
    const bool ipv4 = address.family == Address::Family::ipv4;
    bytes.u8(ipv4 ? 4 : 6);
    bytes.bytes(ByteView(address.ip).first(ipv4 ? 4 : 16));
    bytes.u16(address.port);
  }
  return std::move(bytes).take();
}

std::optional<std::vector<Address>> decode(ByteView bytes) {
  ByteReader reader(bytes);
  if (reader.u8() != kSealedVersion) return std::nullopt;
  std::vector<Address> addresses;
  while (!reader.empty()) {
    const auto version = reader.u8();
    if ((version != 4 && version != 6) || addresses.size() == kMaxAddresses) return std::nullopt;
    const auto ip = reader.bytes(version == 4 ? 4 : 16);
    const auto port = reader.u16();
    if (!ip || !port) return std::nullopt;
    Address& address = addresses.emplace_back();
    address.family = version == 4 ? Address::Family::ipv4 : Address::Family::ipv6;
    std::copy(ip->begin(), ip->end(), address.ip.begin());
    address.port = *port;
  }
  return addresses;
}

dns::Record txt(const dns::Name& name, std::vector<std::string> strings) {
  dns::Record record;
  record.name = name;
  record.ttl = kTtlSeconds;
  record.data = dns::Txt{std::move(strings)};
  return record;
}

std::vector<std::string> pieces_of(ByteView bytes) {
  std::vector<std::string> pieces;
  for (std::size_t at = 0; at < bytes.size(); at += kMaxStringBytes) {
    pieces.emplace_back(as_text(bytes.subspan(at, std::min(kMaxStringBytes, bytes.size() - at))));
  }
  return pieces;
}

// iroh writes one address to a string; several with spaces between them are understood as well.
void read_attribute(std::string_view text, Presence& presence) {
  if (text.starts_with(kRelay)) {
    if (presence.relay.empty()) presence.relay = text.substr(kRelay.size());
    return;
  }
  if (!text.starts_with(kAddress)) return;
  text.remove_prefix(kAddress.size());
  while (!text.empty() && presence.open_addresses.size() < kMaxAddresses) {
    const std::size_t space = text.find(' ');
    if (const auto address = Address::parse(text.substr(0, space))) {
      presence.open_addresses.push_back(*address);
    }
    text = space == std::string_view::npos ? "" : text.substr(space + 1);
  }
}

}  // namespace

SecretKey sealing_key(ByteView shared) { return derive_key(shared, "kith pkarr addresses v1"); }

Bytes write(const DeviceId& name, const Presence& presence, const SecretKey& sealing,
            RandomSource& random) {
  dns::MessageWriter packet(kMaxPacketBytes);
  if (!presence.addresses.empty()) {
    const Bytes sealed = seal(sealing, encode(presence.addresses), name.bytes, random);
    const bool fits =
        packet.add(dns::Section::answer, txt(name_of("_kith", name), pieces_of(sealed)));
    KITH_CHECK_MSG(fits, "sealed addresses are bounded");
  }
  const dns::Name iroh = name_of("_iroh", name);
  if (!presence.relay.empty() && presence.relay.size() <= kMaxRelayBytes) {
    const bool fits =
        packet.add(dns::Section::answer, txt(iroh, {std::string(kRelay) + presence.relay}));
    KITH_CHECK_MSG(fits, "a relay's URL is bounded");
  }
  for (const Address& address : presence.open_addresses) {
    if (!packet.add(dns::Section::answer,
                    txt(iroh, {std::string(kAddress) + address.to_string()}))) {
      break;
    }
  }
  dns::Header header;
  header.response = true;
  header.authoritative = true;
  return std::move(packet).finish(header);
}

std::string_view to_string(Refusal refusal) {
  constexpr std::array<std::string_view, 3> kNames{"too large", "not dns", "sealed badly"};
  return kNames[static_cast<std::size_t>(refusal)];
}

Result<Presence, Refusal> read(const DeviceId& name, ByteView packet, const SecretKey* sealing) {
  if (packet.size() > kMaxPacketBytes) return tl::unexpected(Refusal::too_large);
  const auto message = dns::parse(packet);
  if (!message) return tl::unexpected(Refusal::not_dns);
  const dns::Name kith = name_of("_kith", name);
  const dns::Name iroh = name_of("_iroh", name);
  Presence presence;
  for (const dns::Record& record : message->answers) {
    const auto* text = std::get_if<dns::Txt>(&record.data);
    if (text == nullptr) continue;
    if (record.name == iroh) {
      for (const std::string& each : text->strings) read_attribute(each, presence);
    } else if (record.name == kith && sealing != nullptr && presence.addresses.empty()) {
      std::string sealed;
      for (const std::string& piece : text->strings) sealed += piece;
      const auto opened = unseal(*sealing, as_byte_view(sealed), name.bytes);
      if (!opened) continue;
      auto addresses = decode(opened->view());
      if (!addresses) return tl::unexpected(Refusal::sealed_badly);
      presence.addresses = std::move(*addresses);
    }
  }
  return presence;
}

}  // namespace kith::pkarr
