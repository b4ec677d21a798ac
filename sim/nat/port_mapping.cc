#include "sim/nat/port_mapping.h"

#include <algorithm>
#include <utility>

namespace kith::sim {

using namespace port_mapping;
using std::chrono::seconds;

namespace {

constexpr std::uint8_t kPmpVersion = 0;
constexpr std::uint8_t kPcpVersion = 2;

// How long an error is likely to stay: RFC 6887 section 7.4 has 30 s for what may pass and 30
// minutes for what will not.
constexpr std::uint32_t kShortErrorS = 30;
constexpr std::uint32_t kLongErrorS = 1800;

// Below are ports of the gateway's own services.
constexpr std::uint16_t kFirstPort = 1024;

std::uint32_t error_lifetime(PcpResult result) {
  const bool may_pass = result == PcpResult::no_resources ||
                        result == PcpResult::cannot_provide_external ||
                        result == PcpResult::network_failure;
  return may_pass ? kShortErrorS : kLongErrorS;
}

PcpResult pcp_result(Fault fault) {
  switch (fault) {
    case Fault::other_version:
      return PcpResult::unsupported_version;
    case Fault::other_opcode:
      return PcpResult::unsupported_opcode;
    case Fault::unsupported_option:
      return PcpResult::unsupported_option;
    case Fault::malformed_option:
      return PcpResult::malformed_option;
    default:
      return PcpResult::malformed_request;
  }
}

PmpResult pmp_result(PcpResult result) {
  switch (result) {
    case PcpResult::success:
      return PmpResult::success;
    case PcpResult::not_authorized:
      return PmpResult::not_authorized;
    case PcpResult::unsupported_protocol:
      return PmpResult::unsupported_opcode;
    default:
      return PmpResult::out_of_resources;
  }
}

// RFC 1918, and RFC 6598 for carriers.
bool is_private(const Address& address) {
  const auto byte = [&](std::size_t i) { return std::to_integer<unsigned>(address.ip[i]); };
  return byte(0) == 10 || (byte(0) == 172 && byte(1) >> 4 == 1) ||
         (byte(0) == 192 && byte(1) == 168) || (byte(0) == 100 && byte(1) >> 6 == 1);
}

bool same_host(const Address& one, const Address& other) {
  return one.family == other.family && one.ip == other.ip;
}

}  // namespace

std::optional<Bytes> PortMapping::answer(Instant now, Nat& nat, const Address& client,
                                         ByteView request) {
  expire(now, nat);
  if (spec_.speaks == MappingProtocol::none || request.size() < 2) return std::nullopt;
  const auto version = std::to_integer<std::uint8_t>(request[0]);
  const auto parsed = parse_request(request);
  if (!parsed) return refuse(now, request, parsed.error());
  if (!speaks(version)) return refuse(now, request, Fault::other_version);
  return encode(respond(now, nat, client, *parsed));
}

bool PortMapping::speaks(std::uint8_t version) const {
  const MappingProtocol wanted =
      version == kPcpVersion ? MappingProtocol::pcp : MappingProtocol::nat_pmp;
  return spec_.speaks == MappingProtocol::both || spec_.speaks == wanted;
}

// In the form of the version asked with if that is spoken, and of one that is otherwise (RFC 6887
// section 9, RFC 6886 section 9).
std::optional<Bytes> PortMapping::refuse(Instant now, ByteView request, Fault fault) {
  const auto version = std::to_integer<std::uint8_t>(request[0]);
  const auto opcode = std::to_integer<std::uint8_t>(request[1]);
  if (fault == Fault::wrong_direction) return std::nullopt;
  const bool spoken = (version == kPmpVersion || version == kPcpVersion) && speaks(version);
  count(spoken ? MappingProbe::malformed : MappingProbe::unspoken);
  const bool as_pcp = spoken ? version == kPcpVersion : speaks(kPcpVersion);
  if (!spoken) fault = Fault::other_version;
  if (as_pcp) {
    const PcpResult result = pcp_result(fault);
    return refuse_pcp(request, result, error_lifetime(result), epoch_s(now));
  }
  // NAT-PMP has no word for a message of a wrong length.
  if (fault != Fault::other_version && fault != Fault::other_opcode) return std::nullopt;
  const PmpResult result = fault == Fault::other_version ? PmpResult::unsupported_version
                                                         : PmpResult::unsupported_opcode;
  return encode(Response(PmpRefusal{result, opcode, epoch_s(now)}));
}

Response PortMapping::respond(Instant now, Nat& nat, const Address& client,
                              const Request& request) {
  if (const auto* map = std::get_if<PcpMapRequest>(&request)) {
    return respond_pcp(now, nat, client, *map);
  }
  if (const auto* map = std::get_if<PmpMapRequest>(&request)) {
    return respond_pmp(now, nat, client, *map);
  }
  if (std::holds_alternative<PmpAddressRequest>(request)) {
    const Address external = nat.external_ips().front();
    tell(external);
    return PmpAddressResponse{PmpResult::success, epoch_s(now), external};
  }
  return PcpAnnounceResponse{PcpResult::success, 0, epoch_s(now)};
}

// RFC 6887 section 11.3.
Response PortMapping::respond_pcp(Instant now, Nat& nat, const Address& client,
                                  const PcpMapRequest& request) {
  Outcome outcome;
  if (!same_host(request.client, client)) {
    outcome.result = PcpResult::address_mismatch;
  } else if (request.protocol != kUdp &&
             (request.protocol != kAllProtocols || request.lifetime_s != 0)) {
    outcome.result = PcpResult::unsupported_protocol;
  } else {
    Wish wish{client, request.nonce, request.suggested_port, request.lifetime_s,
              request.prefer_failure};
    wish.internal.port = request.internal_port;
    outcome = fulfil(now, nat, wish);
  }
  PcpMapResponse response;
  response.result = outcome.result;
  response.epoch_s = epoch_s(now);
  response.nonce = request.nonce;
  response.protocol = request.protocol;
  response.internal_port = request.internal_port;
  response.external_port = request.suggested_port;
  response.external_ip = request.suggested_ip;
  if (outcome.result != PcpResult::success) {
    response.lifetime_s = error_lifetime(outcome.result);
  } else if (outcome.lifetime_s > 0) {
    response.lifetime_s = outcome.lifetime_s;
    response.external_port = outcome.external.port;
    response.external_ip = outcome.external;
    response.external_ip.port = 0;
  }
  return response;
}

// RFC 6886 section 3.3. Whose mapping it is shows by the host's address alone.
Response PortMapping::respond_pmp(Instant now, Nat& nat, const Address& client,
                                  const PmpMapRequest& request) {
  Outcome outcome;
  if (request.tcp) {
    outcome.result = PcpResult::unsupported_protocol;
  } else {
    Wish wish{client, {}, request.suggested_port, request.lifetime_s, false};
    wish.internal.port = request.internal_port;
    outcome = fulfil(now, nat, wish);
  }
  PmpMapResponse response;
  response.result = pmp_result(outcome.result);
  response.epoch_s = epoch_s(now);
  response.tcp = request.tcp;
  response.internal_port = request.internal_port;
  response.external_port = outcome.external.port;
  response.lifetime_s = outcome.lifetime_s;
  return response;
}

std::optional<PcpResult> PortMapping::refusal(const Wish& wish) const {
  if (spec_.conduct == MappingConduct::not_authorized) return PcpResult::not_authorized;
  if (spec_.conduct == MappingConduct::no_resources && wish.lifetime_s > 0) {
    return PcpResult::no_resources;
  }
  return std::nullopt;
}

PortMapping::Outcome PortMapping::fulfil(Instant now, Nat& nat, const Wish& wish) {
  if (const auto result = refusal(wish)) {
    count(MappingProbe::refused);
    return {*result, {}, 0};
  }
  auto at = mappings_.find(wish.internal);
  if (at != mappings_.end() && at->second.nonce != wish.nonce) {
    return {PcpResult::not_authorized, {}, 0};
  }
  if (wish.lifetime_s == 0) {
    erase(now, nat, wish);
    return {};
  }
  // All ports of a host: RFC 6887 section 11.3 lets a gateway refuse that.
  if (wish.internal.port == 0) return {PcpResult::unsupported_protocol, {}, 0};
  if (at != mappings_.end()) {
    count(MappingProbe::renewed);
    // The gateway may have another address by now.
    const auto port = at->second.external.port;
    if (at->second.made) at->second.external = *nat.forward(now, port, wish.internal);
  } else {
    if (mappings_.size() >= kMostMappings) return {PcpResult::no_resources, {}, 0};
    const std::optional<Mapping> made = make(now, nat, wish);
    if (!made) {
      return {wish.only_this ? PcpResult::cannot_provide_external : PcpResult::no_resources, {}, 0};
    }
    at = mappings_.emplace(wish.internal, *made).first;
    count(spec_.conduct == MappingConduct::lies ? MappingProbe::lied : MappingProbe::mapped);
  }
  Mapping& mapping = at->second;
  const Duration asked = seconds(wish.lifetime_s);
  const Duration given = std::min(asked, spec_.longest_lifetime);
  if (given < asked) count(MappingProbe::lifetime_cut);
  mapping.early = spec_.ends_after > Duration{} && spec_.ends_after < given;
  mapping.ends = now + (mapping.early ? spec_.ends_after : given);
  next_expiry_ = std::min(next_expiry_, mapping.ends);
  tell(mapping.external);
  return {PcpResult::success, mapping.external,
          static_cast<std::uint32_t>(std::chrono::duration_cast<seconds>(given).count())};
}

// With the port that was asked for, or else the next above it that is free.
std::optional<PortMapping::Mapping> PortMapping::make(Instant now, Nat& nat, const Wish& wish) {
  const std::uint16_t wanted = wish.port != 0 ? wish.port : wish.internal.port;
  std::uint32_t port = std::max(wanted, kFirstPort);
  if (spec_.other_port) ++port;
  if (spec_.conduct == MappingConduct::lies) {
    Mapping claimed{nat.external_ips().front(), wish.nonce, {}, false, false};
    claimed.external.port = static_cast<std::uint16_t>(port);
    return claimed;
  }
  for (; port <= 65'535; ++port) {
    if (wish.only_this && port != wish.port) return std::nullopt;
    const auto candidate = static_cast<std::uint16_t>(port);
    const bool there = nat.has_forward(candidate, wish.internal);
    const std::optional<Address> external = nat.forward(now, candidate, wish.internal);
    if (!external) continue;
    if (port != wanted) count(MappingProbe::other_port);
    return Mapping{*external, wish.nonce, {}, false, !there};
  }
  return std::nullopt;
}

// Port zero stands for all of a host: RFC 6886 section 3.4, RFC 6887 section 15.1.
void PortMapping::erase(Instant now, Nat& nat, const Wish& wish) {
  for (auto at = mappings_.begin(); at != mappings_.end();) {
    const bool meant = wish.internal.port == 0
                           ? same_host(at->first, wish.internal) && at->second.nonce == wish.nonce
                           : at->first == wish.internal;
    if (meant) count(MappingProbe::deleted);
    at = meant ? end(now, nat, at) : std::next(at);
  }
}

PortMapping::Mappings::iterator PortMapping::end(Instant now, Nat& nat, Mappings::iterator at) {
  if (at->second.made) nat.unforward(now, at->second.external.port, at->first);
  return mappings_.erase(at);
}

void PortMapping::expire_due(Instant now, Nat& nat) {
  next_expiry_ = Instant::never();
  for (auto at = mappings_.begin(); at != mappings_.end();) {
    if (at->second.ends > now) {
      next_expiry_ = std::min(next_expiry_, at->second.ends);
      ++at;
      continue;
    }
    count(at->second.early ? MappingProbe::ended_early : MappingProbe::expired);
    at = end(now, nat, at);
  }
}

void PortMapping::reboot(Instant now, Nat& nat) {
  expire(now, nat);
  if (!mappings_.empty()) count(MappingProbe::reset);
  for (auto at = mappings_.begin(); at != mappings_.end();) at = end(now, nat, at);
  next_expiry_ = Instant::never();
  epoch_ = now;
}

std::vector<Bytes> PortMapping::announcements(Instant now, const Nat& nat) const {
  std::vector<Bytes> out;
  if (spec_.speaks == MappingProtocol::none) return out;
  if (speaks(kPcpVersion)) {
    out.push_back(encode(Response(PcpAnnounceResponse{PcpResult::success, 0, epoch_s(now)})));
  }
  if (speaks(kPmpVersion)) {
    out.push_back(encode(Response(
        PmpAddressResponse{PmpResult::success, epoch_s(now), nat.external_ips().front()})));
  }
  return out;
}

void PortMapping::tell(const Address& external) {
  if (is_private(external)) count(MappingProbe::private_wan);
}

std::uint32_t PortMapping::epoch_s(Instant now) const {
  return static_cast<std::uint32_t>(std::chrono::duration_cast<seconds>(now - epoch_).count());
}

std::optional<std::string> fault_of(const PortMappingSpec& spec) {
  if (spec.longest_lifetime < seconds(1)) return "the longest lifetime is below a second";
  if (spec.longest_lifetime % seconds(1) != Duration{}) return "lifetimes are whole seconds";
  if (spec.ends_after < Duration{}) return "mappings end before they begin";
  if (spec.ends_after >= spec.longest_lifetime) return "no mapping ends early that ends before";
  if (spec.conduct != MappingConduct::works && (spec.ends_after != Duration{} || spec.other_port)) {
    return "mappings that are not made end at no time and have no port";
  }
  return std::nullopt;
}

std::string_view to_string(MappingProtocol protocol) {
  switch (protocol) {
    case MappingProtocol::none:
      return "none";
    case MappingProtocol::nat_pmp:
      return "nat_pmp";
    case MappingProtocol::pcp:
      return "pcp";
    case MappingProtocol::both:
      return "both";
  }
  return {};
}

std::string_view to_string(MappingConduct conduct) {
  switch (conduct) {
    case MappingConduct::works:
      return "works";
    case MappingConduct::lies:
      return "lies";
    case MappingConduct::not_authorized:
      return "not_authorized";
    case MappingConduct::no_resources:
      return "no_resources";
  }
  return {};
}

std::string_view to_string(MappingProbe probe) {
  constexpr std::array<std::string_view, kMappingProbes> kNames = {
      "mapped",     "renewed",      "deleted",     "expired", "ended_early", "lied",     "refused",
      "other_port", "lifetime_cut", "private_wan", "reset",   "unspoken",    "malformed"};
  return kNames[static_cast<std::size_t>(probe)];
}

}  // namespace kith::sim
