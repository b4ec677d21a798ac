#include "sim/adversaries/forge.h"

#include <algorithm>
#include <array>

#include "engine/core/server_names.h"
#include "engine/quic/endpoint.h"

namespace kith::sim::forge {
namespace {

// What a connection id of version 1 takes at most, and the shortest reset that is one (RFC 9000
// sections 17.2 and 10.3).
constexpr std::size_t kMostIdBytes = 20;
constexpr std::size_t kFewestResetBytes = 21;
constexpr std::size_t kTokenBytes = 16;
constexpr std::byte kLongForm{0x80};
constexpr std::byte kFixedBit{0x40};

void append(Bytes& to, ByteView bytes) { to.insert(to.end(), bytes.begin(), bytes.end()); }

void append_id(Bytes& to, ByteView id) {
  const ByteView whole = id.first(std::min(id.size(), kMostIdBytes));
  to.push_back(static_cast<std::byte>(whole.size()));
  append(to, whole);
}

// A server that shows nothing to nobody: the endpoint below only dials.
struct Nobody final : quic::ServerPolicy {
  std::shared_ptr<const KeyPair> key_for(std::string_view) override { return nullptr; }
  std::vector<std::string> alpns_for(std::string_view) override { return {}; }
  std::optional<PskMatch> psk_for(std::string_view) override { return std::nullopt; }
  bool admit(const DeviceId&, bool, std::string_view, std::string_view) override { return false; }
};

}  // namespace

Bytes random_bytes(RandomSource& random, std::size_t least, std::size_t most) {
  Bytes bytes(least + static_cast<std::size_t>(random.below(most - least + 1)));
  random.fill(bytes);
  return bytes;
}

Bytes version_negotiation(RandomSource& random, ByteView its_source, ByteView its_destination) {
  // RFC 9000 section 17.2.1: version 0, the two ids in exchange, then versions: a reserved one and
  // the last of the drafts.
  constexpr std::array kVersions = {std::byte{0x1a}, std::byte{0x2a}, std::byte{0x3a},
                                    std::byte{0x4a}, std::byte{0xff}, std::byte{0},
                                    std::byte{0},    std::byte{0x22}};
  Bytes bytes = random_bytes(random, 1, 1);
  bytes[0] |= kLongForm;
  bytes.resize(5);
  append_id(bytes, its_source);
  append_id(bytes, its_destination);
  append(bytes, kVersions);
  return bytes;
}

Bytes stateless_reset(RandomSource& random, ByteView seen) {
  constexpr std::size_t kMostResetBytes = 60;
  Bytes bytes = random_bytes(random, kFewestResetBytes, kMostResetBytes);
  const std::size_t known = std::min(seen.size(), bytes.size() - kTokenBytes);
  std::copy_n(seen.begin(), known, bytes.begin());
  bytes[0] = (bytes[0] & ~kLongForm) | kFixedBit;
  return bytes;
}

Bytes initial(RandomSource& random, Instant now, const Address& source,
              const Address& destination) {
  constexpr SocketId kSocket{1};
  Nobody nobody;
  quic::Endpoint endpoint(quic::EndpointConfig{}, nobody, random.fork("dial", random.next_u64()));
  quic::ClientHello hello;
  hello.key = std::make_shared<const KeyPair>(KeyPair::random(random));
  hello.server_name = server_name_of(KeyPair::random(random).id());
  hello.alpns = {"kith/pair/1"};
  Bytes room(2048);
  if (!endpoint.connect(now, kSocket, source, destination, hello)) return {};
  const auto sent = endpoint.poll_datagrams(now, kSocket, room, 1);
  room.resize(sent ? sent->size : 0);
  return room;
}

}  // namespace kith::sim::forge
