#pragma once

// What hosts and their gateways say to each other on UDP port 5351, so that a gateway lets
// datagrams in to a port: PCP (RFC 6887: MAP and ANNOUNCE) and the older NAT-PMP (RFC 6886).
// Version 2 and 0 of one header: a gateway answers either or tells which it speaks.
//
//   host:5350 <-- ANNOUNCE / address, multicast, after the gateway has started again --
//   gateway:5351 host      --- request ---> gateway:5351 --- response ---> host
//
// Parsers are strict: what has another length, opcode or direction than a message has is refused
// with a reason, reserved bits are ignored. It does not own: what either does with a message, to
// whom it is sent, and when again.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <variant>

#include "kith/address.h"
#include "kith/bytes.h"
#include "kith/result.h"

namespace kith::port_mapping {

// RFC 6887 section 19.1, RFC 6886 section 1.1.
inline constexpr std::uint16_t kServerPort = 5351;
inline constexpr std::uint16_t kClientPort = 5350;
// RFC 6887 section 7: a longer message is malformed.
inline constexpr std::size_t kMostPcpBytes = 1100;

// IANA numbers of protocols, as PCP has them.
inline constexpr std::uint8_t kAllProtocols = 0;
inline constexpr std::uint8_t kTcp = 6;
inline constexpr std::uint8_t kUdp = 17;

// RFC 6887 section 7.4; others stay numbers.
enum class PcpResult : std::uint8_t {
  success = 0,
  unsupported_version = 1,
  not_authorized = 2,
  malformed_request = 3,
  unsupported_opcode = 4,
  unsupported_option = 5,
  malformed_option = 6,
  network_failure = 7,
  no_resources = 8,
  unsupported_protocol = 9,
  user_exceeds_quota = 10,
  cannot_provide_external = 11,
  address_mismatch = 12,
  excessive_remote_peers = 13,
};

// RFC 6886 section 3.5; others stay numbers.
enum class PmpResult : std::uint16_t {
  success = 0,
  unsupported_version = 1,
  not_authorized = 2,
  network_failure = 3,
  out_of_resources = 4,
  unsupported_opcode = 5,
};

// Chosen by the host for one mapping, so that nobody else changes it: RFC 6887 section 11.1.
using Nonce = std::array<std::byte, 12>;

// --- requests: a lifetime of zero deletes -------------------------------------------------------

struct PmpAddressRequest {
  friend bool operator==(const PmpAddressRequest&, const PmpAddressRequest&) = default;
};

struct PmpMapRequest {
  bool tcp = false;
  std::uint16_t internal_port = 0;
  std::uint16_t suggested_port = 0;
  std::uint32_t lifetime_s = 0;

  friend bool operator==(const PmpMapRequest&, const PmpMapRequest&) = default;
};

struct PcpAnnounceRequest {
  Address client;  // as the host knows itself; its port is not sent, nor that of any address here

  friend bool operator==(const PcpAnnounceRequest&, const PcpAnnounceRequest&) = default;
};

struct PcpMapRequest {
  Address client;
  std::uint32_t lifetime_s = 0;
  Nonce nonce{};
  std::uint8_t protocol = kUdp;
  std::uint16_t internal_port = 0;
  std::uint16_t suggested_port = 0;
  Address suggested_ip;         // unspecified: any, of its IP version
  bool prefer_failure = false;  // no mapping rather than another than the suggested one

  friend bool operator==(const PcpMapRequest&, const PcpMapRequest&) = default;
};

using Request = std::variant<PmpAddressRequest, PmpMapRequest, PcpAnnounceRequest, PcpMapRequest>;

// --- responses: the epoch counts the seconds since the gateway lost its mappings ----------------

struct PmpAddressResponse {
  PmpResult result = PmpResult::success;
  std::uint32_t epoch_s = 0;
  Address external;  // IPv4

  friend bool operator==(const PmpAddressResponse&, const PmpAddressResponse&) = default;
};

struct PmpMapResponse {
  PmpResult result = PmpResult::success;
  std::uint32_t epoch_s = 0;
  bool tcp = false;
  std::uint16_t internal_port = 0;
  std::uint16_t external_port = 0;
  std::uint32_t lifetime_s = 0;

  friend bool operator==(const PmpMapResponse&, const PmpMapResponse&) = default;
};

// To what the gateway does not know, another version above all.
struct PmpRefusal {
  PmpResult result = PmpResult::unsupported_version;
  std::uint8_t opcode = 0;  // of the request
  std::uint32_t epoch_s = 0;

  friend bool operator==(const PmpRefusal&, const PmpRefusal&) = default;
};

struct PcpAnnounceResponse {
  PcpResult result = PcpResult::success;
  std::uint32_t lifetime_s = 0;  // of an error: how long it will stay
  std::uint32_t epoch_s = 0;

  friend bool operator==(const PcpAnnounceResponse&, const PcpAnnounceResponse&) = default;
};

struct PcpMapResponse {
  PcpResult result = PcpResult::success;
  std::uint32_t lifetime_s = 0;  // of an error: how long it will stay
  std::uint32_t epoch_s = 0;
  Nonce nonce{};
  std::uint8_t protocol = kUdp;
  std::uint16_t internal_port = 0;
  std::uint16_t external_port = 0;
  Address external_ip;

  friend bool operator==(const PcpMapResponse&, const PcpMapResponse&) = default;
};

// To what the gateway does not know, or what was too short; `version` is one that it does know.
struct PcpRefusal {
  std::uint8_t version = 2;
  PcpResult result = PcpResult::unsupported_version;
  std::uint8_t opcode = 0;  // of the request
  std::uint32_t lifetime_s = 0;
  std::uint32_t epoch_s = 0;

  friend bool operator==(const PcpRefusal&, const PcpRefusal&) = default;
};

using Response = std::variant<PmpAddressResponse, PmpMapResponse, PmpRefusal, PcpAnnounceResponse,
                              PcpMapResponse, PcpRefusal>;

// --- parsing ------------------------------------------------------------------------------------

// Why bytes are no message.
enum class Fault : std::uint8_t {
  too_short,
  too_long,
  unaligned,      // PCP: not a multiple of four bytes
  other_version,  // neither 0 nor 2
  other_opcode,
  wrong_direction,     // a response for a request, or the other way round
  unsupported_option,  // of those that must be understood
  malformed_option,
  ports_without_protocol,  // RFC 6887 section 11.1: of all protocols, all ports
};
std::string_view to_string(Fault fault);

Result<Request, Fault> parse_request(ByteView bytes);
Result<Response, Fault> parse_response(ByteView bytes);

Bytes encode(const Request& request);
Bytes encode(const Response& response);

// What a gateway answers to a PCP request that it does not parse: all of it, as an error. RFC 6887
// section 8.2.
Bytes refuse_pcp(ByteView request, PcpResult result, std::uint32_t lifetime_s,
                 std::uint32_t epoch_s);

}  // namespace kith::port_mapping
