#include "engine/connectivity/port_mapping_wire.h"

#include <algorithm>
#include <optional>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"

namespace kith::port_mapping {
namespace {

constexpr std::uint8_t kPmpVersion = 0;
constexpr std::uint8_t kPcpVersion = 2;
constexpr std::uint8_t kResponseBit = 0x80;

// RFC 6886 sections 3.2 and 3.3.
constexpr std::uint8_t kPmpAddress = 0;
constexpr std::uint8_t kPmpMapUdp = 1;
constexpr std::uint8_t kPmpMapTcp = 2;
constexpr std::size_t kPmpAddressRequestBytes = 2;
constexpr std::size_t kPmpMapRequestBytes = 12;
constexpr std::size_t kPmpRefusalBytes = 8;
constexpr std::size_t kPmpAddressResponseBytes = 12;
constexpr std::size_t kPmpMapResponseBytes = 16;

// RFC 6887 sections 7.1, 7.2, 11.1 and 14.1.
constexpr std::uint8_t kAnnounce = 0;
constexpr std::uint8_t kMap = 1;
constexpr std::size_t kPcpHeaderBytes = 24;
constexpr std::size_t kMapBytes = 36;

// RFC 6887 sections 7.3 and 13.2.
constexpr std::uint8_t kPreferFailure = 2;
constexpr std::uint8_t kFirstOptional = 128;

constexpr std::array<std::byte, 12> kMappedPrefix = {
    std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0},    std::byte{0},
    std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0}, std::byte{0xff}, std::byte{0xff}};

// RFC 6887 section 5: IPv4 addresses are mapped into IPv6 ones.
Address ip_of(ByteView bytes) {
  Address address;
  if (std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes.begin())) {
    std::copy(bytes.begin() + 12, bytes.end(), address.ip.begin());
  } else {
    address.family = Address::Family::ipv6;
    std::copy(bytes.begin(), bytes.end(), address.ip.begin());
  }
  return address;
}

void put_ip(ByteWriter& out, const Address& address) {
  if (address.family == Address::Family::ipv6) {
    out.bytes(address.ip);
  } else {
    out.bytes(kMappedPrefix).bytes(ByteView(address.ip).first(4));
  }
}

// Of lengths that were looked at before, so that no read goes past the end.
struct Fields {
  explicit Fields(ByteView bytes) : reader(bytes) {}
  std::uint8_t u8() { return reader.u8().value_or(0); }
  std::uint16_t u16() { return reader.u16().value_or(0); }
  std::uint32_t u32() { return reader.u32().value_or(0); }
  void skip(std::size_t count) { reader.bytes(count); }
  Address ip() {
    const auto bytes = reader.bytes(16);
    return bytes ? ip_of(*bytes) : Address{};
  }
  Nonce nonce() {
    Nonce nonce{};
    if (const auto bytes = reader.bytes(nonce.size())) {
      std::copy(bytes->begin(), bytes->end(), nonce.begin());
    }
    return nonce;
  }

  ByteReader reader;
};

std::optional<Fault> check_length(ByteView bytes, std::size_t wanted) {
  if (bytes.size() < wanted) return Fault::too_short;
  if (bytes.size() > wanted) return Fault::too_long;
  return std::nullopt;
}

std::optional<Fault> check_pcp_length(ByteView bytes, std::size_t least) {
  if (bytes.size() > kMostPcpBytes) return Fault::too_long;
  if (bytes.size() % 4 != 0) return Fault::unaligned;
  if (bytes.size() < least) return Fault::too_short;
  return std::nullopt;
}

// RFC 6887 section 7.3. Of those that a host may demand, only PREFER_FAILURE is known here.
std::optional<Fault> read_options(ByteReader& reader, bool* prefer_failure) {
  while (!reader.empty()) {
    const auto code = reader.u8();
    const auto reserved = reader.u8();
    const auto length = reader.u16();
    if (!code || !reserved || !length) return Fault::malformed_option;
    if (!reader.bytes((std::size_t{*length} + 3) / 4 * 4)) return Fault::malformed_option;
    if (*code >= kFirstOptional) continue;
    if (*code != kPreferFailure || prefer_failure == nullptr) return Fault::unsupported_option;
    if (*length != 0 || *prefer_failure) return Fault::malformed_option;
    *prefer_failure = true;
  }
  return std::nullopt;
}

std::optional<Fault> check_protocol(std::uint8_t protocol, std::uint16_t internal_port) {
  if (protocol == kAllProtocols && internal_port != 0) return Fault::ports_without_protocol;
  return std::nullopt;
}

Result<Request, Fault> parse_pmp_request(ByteView bytes, std::uint8_t opcode) {
  if (opcode > kPmpMapTcp) return tl::unexpected(Fault::other_opcode);
  const bool maps = opcode != kPmpAddress;
  const auto fault = check_length(bytes, maps ? kPmpMapRequestBytes : kPmpAddressRequestBytes);
  if (fault) return tl::unexpected(*fault);
  if (!maps) return PmpAddressRequest{};
  Fields fields(bytes.subspan(4));
  PmpMapRequest out;
  out.tcp = opcode == kPmpMapTcp;
  out.internal_port = fields.u16();
  out.suggested_port = fields.u16();
  out.lifetime_s = fields.u32();
  return out;
}

Result<Request, Fault> parse_pcp_request(ByteView bytes, std::uint8_t opcode) {
  if (opcode > kMap) return tl::unexpected(Fault::other_opcode);
  const std::size_t payload = opcode == kMap ? kMapBytes : 0;
  if (const auto fault = check_pcp_length(bytes, kPcpHeaderBytes + payload)) {
    return tl::unexpected(*fault);
  }
  Fields fields(bytes.subspan(4));
  PcpMapRequest out;
  out.lifetime_s = fields.u32();
  out.client = fields.ip();
  if (opcode == kAnnounce) {
    if (const auto fault = read_options(fields.reader, nullptr)) return tl::unexpected(*fault);
    return PcpAnnounceRequest{out.client};
  }
  out.nonce = fields.nonce();
  out.protocol = fields.u8();
  fields.skip(3);
  out.internal_port = fields.u16();
  out.suggested_port = fields.u16();
  out.suggested_ip = fields.ip();
  if (const auto fault = check_protocol(out.protocol, out.internal_port)) {
    return tl::unexpected(*fault);
  }
  if (const auto fault = read_options(fields.reader, &out.prefer_failure)) {
    return tl::unexpected(*fault);
  }
  return out;
}

Result<Response, Fault> parse_pmp_response(ByteView bytes, std::uint8_t opcode) {
  if (bytes.size() < kPmpRefusalBytes) return tl::unexpected(Fault::too_short);
  Fields fields(bytes.subspan(2));
  const auto result = static_cast<PmpResult>(fields.u16());
  const std::uint32_t epoch_s = fields.u32();
  const bool refused = result != PmpResult::success && bytes.size() == kPmpRefusalBytes;
  if (refused) return PmpRefusal{result, opcode, epoch_s};
  if (opcode > kPmpMapTcp) return tl::unexpected(Fault::other_opcode);
  const bool maps = opcode != kPmpAddress;
  const auto fault = check_length(bytes, maps ? kPmpMapResponseBytes : kPmpAddressResponseBytes);
  if (fault) return tl::unexpected(*fault);
  if (!maps) {
    PmpAddressResponse out{result, epoch_s, {}};
    for (std::size_t i = 0; i < 4; ++i) out.external.ip[i] = bytes[8 + i];
    return out;
  }
  PmpMapResponse out;
  out.result = result;
  out.epoch_s = epoch_s;
  out.tcp = opcode == kPmpMapTcp;
  out.internal_port = fields.u16();
  out.external_port = fields.u16();
  out.lifetime_s = fields.u32();
  return out;
}

// One that says which version it speaks instead may have that one's number (RFC 6887 section 9).
Result<Response, Fault> parse_pcp_response(ByteView bytes, std::uint8_t opcode) {
  if (const auto fault = check_pcp_length(bytes, kPcpHeaderBytes)) return tl::unexpected(*fault);
  Fields fields(bytes.subspan(3));
  const auto result = static_cast<PcpResult>(fields.u8());
  const std::uint32_t lifetime_s = fields.u32();
  const std::uint32_t epoch_s = fields.u32();
  const auto version = std::to_integer<std::uint8_t>(bytes[0]);
  const std::size_t whole = kPcpHeaderBytes + (opcode == kMap ? kMapBytes : 0);
  const bool refused = result != PcpResult::success &&
                       (opcode > kMap || version != kPcpVersion || bytes.size() < whole ||
                        result == PcpResult::unsupported_version);
  if (refused) return PcpRefusal{version, result, opcode, lifetime_s, epoch_s};
  if (opcode > kMap) return tl::unexpected(Fault::other_opcode);
  fields.skip(12);
  if (opcode == kAnnounce) {
    const auto fault = read_options(fields.reader, nullptr);
    if (fault && result == PcpResult::success) return tl::unexpected(*fault);
    return PcpAnnounceResponse{result, lifetime_s, epoch_s};
  }
  if (bytes.size() < whole) return tl::unexpected(Fault::too_short);
  PcpMapResponse out;
  out.result = result;
  out.lifetime_s = lifetime_s;
  out.epoch_s = epoch_s;
  out.nonce = fields.nonce();
  out.protocol = fields.u8();
  fields.skip(3);
  out.internal_port = fields.u16();
  out.external_port = fields.u16();
  out.external_ip = fields.ip();
  // An error repeats the request, whatever that was (RFC 6887 section 8.2).
  if (result != PcpResult::success) return out;
  if (const auto fault = check_protocol(out.protocol, out.internal_port)) {
    return tl::unexpected(*fault);
  }
  bool prefers = false;
  if (const auto fault = read_options(fields.reader, &prefers)) return tl::unexpected(*fault);
  return out;
}

// --- writing ------------------------------------------------------------------------------------

ByteWriter pcp_request(std::uint8_t opcode, std::uint32_t lifetime_s, const Address& client) {
  ByteWriter out;
  out.u8(kPcpVersion).u8(opcode).u16(0).u32(lifetime_s);
  put_ip(out, client);
  return out;
}

ByteWriter pcp_response(std::uint8_t version, std::uint8_t opcode, PcpResult result,
                        std::uint32_t lifetime_s, std::uint32_t epoch_s) {
  ByteWriter out;
  out.u8(version).u8(opcode | kResponseBit).u8(0).u8(static_cast<std::uint8_t>(result));
  out.u32(lifetime_s).u32(epoch_s).u64(0).u32(0);
  return out;
}

ByteWriter pmp_response(std::uint8_t opcode, PmpResult result, std::uint32_t epoch_s) {
  ByteWriter out;
  out.u8(kPmpVersion).u8(opcode | kResponseBit).u16(static_cast<std::uint16_t>(result));
  out.u32(epoch_s);
  return out;
}

void put_map(ByteWriter& out, const Nonce& nonce, std::uint8_t protocol,
             std::uint16_t internal_port, std::uint16_t external_port, const Address& ip) {
  out.bytes(nonce).u8(protocol).u8(0).u16(0).u16(internal_port).u16(external_port);
  put_ip(out, ip);
}

struct Writer {
  Bytes operator()(const PmpAddressRequest&) const {
    ByteWriter out;
    out.u8(kPmpVersion).u8(kPmpAddress);
    return std::move(out).take();
  }
  Bytes operator()(const PmpMapRequest& request) const {
    ByteWriter out;
    out.u8(kPmpVersion).u8(request.tcp ? kPmpMapTcp : kPmpMapUdp).u16(0);
    out.u16(request.internal_port).u16(request.suggested_port).u32(request.lifetime_s);
    return std::move(out).take();
  }
  Bytes operator()(const PcpAnnounceRequest& request) const {
    return pcp_request(kAnnounce, 0, request.client).take();
  }
  Bytes operator()(const PcpMapRequest& request) const {
    ByteWriter out = pcp_request(kMap, request.lifetime_s, request.client);
    put_map(out, request.nonce, request.protocol, request.internal_port, request.suggested_port,
            request.suggested_ip);
    if (request.prefer_failure) out.u8(kPreferFailure).u8(0).u16(0);
    return std::move(out).take();
  }
  Bytes operator()(const PmpAddressResponse& response) const {
    ByteWriter out = pmp_response(kPmpAddress, response.result, response.epoch_s);
    out.bytes(ByteView(response.external.ip).first(4));
    return std::move(out).take();
  }
  Bytes operator()(const PmpMapResponse& response) const {
    ByteWriter out =
        pmp_response(response.tcp ? kPmpMapTcp : kPmpMapUdp, response.result, response.epoch_s);
    out.u16(response.internal_port).u16(response.external_port).u32(response.lifetime_s);
    return std::move(out).take();
  }
  Bytes operator()(const PmpRefusal& response) const {
    return pmp_response(response.opcode, response.result, response.epoch_s).take();
  }
  Bytes operator()(const PcpAnnounceResponse& response) const {
    return pcp_response(kPcpVersion, kAnnounce, response.result, response.lifetime_s,
                        response.epoch_s)
        .take();
  }
  Bytes operator()(const PcpMapResponse& response) const {
    ByteWriter out =
        pcp_response(kPcpVersion, kMap, response.result, response.lifetime_s, response.epoch_s);
    put_map(out, response.nonce, response.protocol, response.internal_port, response.external_port,
            response.external_ip);
    return std::move(out).take();
  }
  Bytes operator()(const PcpRefusal& response) const {
    return pcp_response(response.version, response.opcode, response.result, response.lifetime_s,
                        response.epoch_s)
        .take();
  }
};

}  // namespace

Result<Request, Fault> parse_request(ByteView bytes) {
  if (bytes.size() < 2) return tl::unexpected(Fault::too_short);
  const auto version = std::to_integer<std::uint8_t>(bytes[0]);
  const auto opcode = std::to_integer<std::uint8_t>(bytes[1]);
  if (version != kPmpVersion && version != kPcpVersion) {
    return tl::unexpected(Fault::other_version);
  }
  if ((opcode & kResponseBit) != 0) return tl::unexpected(Fault::wrong_direction);
  return version == kPmpVersion ? parse_pmp_request(bytes, opcode)
                                : parse_pcp_request(bytes, opcode);
}

Result<Response, Fault> parse_response(ByteView bytes) {
  if (bytes.size() < 2) return tl::unexpected(Fault::too_short);
  const auto version = std::to_integer<std::uint8_t>(bytes[0]);
  const auto opcode = std::to_integer<std::uint8_t>(bytes[1]);
  if ((opcode & kResponseBit) == 0) return tl::unexpected(Fault::wrong_direction);
  const auto known = static_cast<std::uint8_t>(opcode & ~kResponseBit);
  if (version == kPmpVersion) return parse_pmp_response(bytes, known);
  auto response = parse_pcp_response(bytes, known);
  const bool usable =
      version == kPcpVersion || (response && std::holds_alternative<PcpRefusal>(*response));
  if (!usable) return tl::unexpected(Fault::other_version);
  return response;
}

Bytes encode(const Request& request) { return std::visit(Writer{}, request); }
Bytes encode(const Response& response) { return std::visit(Writer{}, response); }

Bytes refuse_pcp(ByteView request, PcpResult result, std::uint32_t lifetime_s,
                 std::uint32_t epoch_s) {
  const auto opcode =
      request.size() < 2 ? std::uint8_t{0} : std::to_integer<std::uint8_t>(request[1]);
  Bytes out = pcp_response(kPcpVersion, opcode, result, lifetime_s, epoch_s).take();
  const ByteView repeated = request.first(std::min(request.size(), kMostPcpBytes));
  if (repeated.size() > out.size()) {
    out.insert(out.end(), repeated.begin() + kPcpHeaderBytes, repeated.end());
  }
  out.resize((out.size() + 3) / 4 * 4);
  return out;
}

std::string_view to_string(Fault fault) {
  switch (fault) {
    case Fault::too_short:
      return "too_short";
    case Fault::too_long:
      return "too_long";
    case Fault::unaligned:
      return "unaligned";
    case Fault::other_version:
      return "other_version";
    case Fault::other_opcode:
      return "other_opcode";
    case Fault::wrong_direction:
      return "wrong_direction";
    case Fault::unsupported_option:
      return "unsupported_option";
    case Fault::malformed_option:
      return "malformed_option";
    case Fault::ports_without_protocol:
      return "ports_without_protocol";
  }
  return {};
}

}  // namespace kith::port_mapping
