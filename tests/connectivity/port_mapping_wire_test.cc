#include "engine/connectivity/port_mapping_wire.h"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "engine/base/byte_writer.h"

namespace kith::port_mapping {
namespace {

Bytes bytes_of(std::initializer_list<unsigned> values);
Bytes mapped(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d);
Bytes joined(std::initializer_list<Bytes> parts);
PcpMapRequest a_map_request();
Bytes with(Bytes bytes, std::size_t at, unsigned value);
Request any_request();
Response any_response();

// Laid out by hand from the figures of RFC 6886 sections 3.2 and 3.3.
TEST(PortMappingWire, nat_pmp_is_laid_out_as_rfc_6886_has_it) {
  EXPECT_EQ(encode(Request(PmpAddressRequest{})), bytes_of({0, 0}));
  EXPECT_EQ(encode(Request(PmpMapRequest{true, 0x1151, 0x1388, 0x1c20})),
            bytes_of({0, 2, 0, 0, 0x11, 0x51, 0x13, 0x88, 0, 0, 0x1c, 0x20}));
  EXPECT_EQ(
      encode(Response(PmpAddressResponse{PmpResult::success, 258, Address::v4(203, 0, 113, 1, 0)})),
      bytes_of({0, 128, 0, 0, 0, 0, 1, 2, 203, 0, 113, 1}));
  EXPECT_EQ(encode(Response(
                PmpMapResponse{PmpResult::out_of_resources, 258, false, 0x1151, 0x1388, 0x1c20})),
            bytes_of({0, 129, 0, 4, 0, 0, 1, 2, 0x11, 0x51, 0x13, 0x88, 0, 0, 0x1c, 0x20}));
  EXPECT_EQ(encode(Response(PmpRefusal{PmpResult::unsupported_version, 1, 7})),
            bytes_of({0, 129, 0, 1, 0, 0, 0, 7}));
}

// Laid out by hand from figures 2, 3, 9 and 10 of RFC 6887.
TEST(PortMappingWire, pcp_is_laid_out_as_rfc_6887_has_it) {
  const Bytes nonce = bytes_of({1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});
  EXPECT_EQ(encode(Request(a_map_request())),
            joined({bytes_of({2, 1, 0, 0, 0, 0, 0x1c, 0x20}), mapped(192, 168, 1, 2), nonce,
                    bytes_of({17, 0, 0, 0, 0x11, 0x51, 0x13, 0x88}), mapped(0, 0, 0, 0)}));
  PcpMapResponse response;
  response.result = PcpResult::no_resources;
  response.lifetime_s = 30;
  response.epoch_s = 258;
  response.nonce = a_map_request().nonce;
  response.internal_port = 0x1151;
  response.external_port = 0x1388;
  response.external_ip = Address::v4(203, 0, 113, 1, 0);
  EXPECT_EQ(encode(Response(response)),
            joined({bytes_of({2, 129, 0, 8, 0, 0, 0, 30, 0, 0, 1, 2}), Bytes(12), nonce,
                    bytes_of({17, 0, 0, 0, 0x11, 0x51, 0x13, 0x88}), mapped(203, 0, 113, 1)}));
  EXPECT_EQ(encode(Request(PcpAnnounceRequest{Address::v4(192, 168, 1, 2, 0)})),
            joined({bytes_of({2, 0, 0, 0, 0, 0, 0, 0}), mapped(192, 168, 1, 2)}));
}

TEST(PortMappingWire, a_message_cut_anywhere_or_longer_is_refused) {
  const Request requests[] = {PmpAddressRequest{}, PmpMapRequest{}, PcpAnnounceRequest{},
                              a_map_request()};
  for (const Request& request : requests) {
    const Bytes whole = encode(request);
    ASSERT_TRUE(parse_request(whole));
    for (std::size_t size = 0; size < whole.size(); ++size) {
      EXPECT_FALSE(parse_request(ByteView(whole).first(size)));
    }
    Bytes longer = whole;
    longer.push_back(std::byte{0});
    EXPECT_FALSE(parse_request(longer));
  }
  Bytes endless = encode(Request(a_map_request()));
  while (endless.size() <= kMostPcpBytes) {
    for (const unsigned byte : {128u, 0u, 0u, 0u}) endless.push_back(static_cast<std::byte>(byte));
  }
  EXPECT_EQ(parse_request(endless).error(), Fault::too_long);
  endless.resize(kMostPcpBytes);
  EXPECT_TRUE(parse_request(endless));
}

TEST(PortMappingWire, says_why_a_request_is_refused) {
  const Bytes map = encode(Request(a_map_request()));
  EXPECT_EQ(parse_request({}).error(), Fault::too_short);
  EXPECT_EQ(parse_request(with(map, 0, 1)).error(), Fault::other_version);
  EXPECT_EQ(parse_request(with(map, 0, 3)).error(), Fault::other_version);
  EXPECT_EQ(parse_request(with(map, 1, 129)).error(), Fault::wrong_direction);
  EXPECT_EQ(parse_request(with(map, 1, 2)).error(), Fault::other_opcode);
  EXPECT_EQ(parse_request(bytes_of({0, 3})).error(), Fault::other_opcode);
  EXPECT_EQ(parse_request(with(map, 36, 0)).error(), Fault::ports_without_protocol);
  EXPECT_EQ(parse_request(joined({map, bytes_of({0})})).error(), Fault::unaligned);
  // Reserved bits are nobody's business.
  EXPECT_TRUE(parse_request(with(with(map, 2, 255), 38, 255)));
}

TEST(PortMappingWire, options_that_must_be_understood_are_refused_unless_they_are) {
  const Bytes map = encode(Request(a_map_request()));
  const Bytes prefer = bytes_of({2, 0, 0, 0});
  const Bytes third_party = joined({bytes_of({1, 0, 0, 16}), Bytes(16)});
  const Bytes unknown_optional = bytes_of({200, 0, 0, 3, 1, 2, 3, 0});
  const auto parsed = parse_request(joined({map, unknown_optional, prefer}));
  ASSERT_TRUE(parsed);
  EXPECT_TRUE(std::get<PcpMapRequest>(*parsed).prefer_failure);
  EXPECT_EQ(parse_request(joined({map, third_party})).error(), Fault::unsupported_option);
  EXPECT_EQ(parse_request(joined({map, prefer, prefer})).error(), Fault::malformed_option);
  EXPECT_EQ(parse_request(joined({map, bytes_of({2, 0, 0, 4, 0, 0, 0, 0})})).error(),
            Fault::malformed_option);
  EXPECT_EQ(parse_request(joined({map, bytes_of({200, 0, 0, 5, 1, 2, 3, 4})})).error(),
            Fault::malformed_option);
}

TEST(PortMappingWire, says_why_a_response_is_refused) {
  const Bytes map = encode(Response(PcpMapResponse{}));
  EXPECT_TRUE(parse_response(map));
  EXPECT_EQ(parse_response(with(map, 1, 1)).error(), Fault::wrong_direction);
  EXPECT_EQ(parse_response(with(map, 1, 130)).error(), Fault::other_opcode);
  EXPECT_EQ(parse_response(with(map, 0, 1)).error(), Fault::other_version);
  EXPECT_EQ(parse_response(ByteView(map).first(24)).error(), Fault::too_short);
  EXPECT_EQ(parse_response(bytes_of({0, 128, 0, 0, 0, 0, 0, 1})).error(), Fault::too_short);
}

TEST(PortMappingWire, a_gateway_of_another_version_is_understood) {
  const auto older = parse_response(bytes_of({0, 129, 0, 1, 0, 0, 0, 7}));
  ASSERT_TRUE(older);
  EXPECT_EQ(std::get<PmpRefusal>(*older).result, PmpResult::unsupported_version);
  const auto other =
      parse_response(joined({bytes_of({1, 129, 0, 1, 0, 0, 0, 30, 0, 0, 1, 2}), Bytes(12)}));
  ASSERT_TRUE(other);
  EXPECT_EQ(std::get<PcpRefusal>(*other).version, 1);
}

RC_GTEST_PROP(PortMappingWire, a_request_is_read_as_it_was_written, ()) {
  const Request request = any_request();
  const auto parsed = parse_request(encode(request));
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(*parsed == request);
}

RC_GTEST_PROP(PortMappingWire, a_response_is_read_as_it_was_written, ()) {
  const Response response = any_response();
  const auto parsed = parse_response(encode(response));
  RC_ASSERT(parsed.has_value());
  RC_ASSERT(*parsed == response);
}

TEST(PortMappingWire, a_refused_pcp_request_comes_back_as_an_error) {
  const Bytes map = encode(Request(a_map_request()));
  const auto whole = parse_response(refuse_pcp(map, PcpResult::unsupported_option, 1800, 9));
  ASSERT_TRUE(whole);
  const auto& response = std::get<PcpMapResponse>(*whole);
  EXPECT_EQ(response.result, PcpResult::unsupported_option);
  EXPECT_EQ(response.nonce, a_map_request().nonce);
  for (std::size_t size = 0; size < map.size(); ++size) {
    const Bytes answer =
        refuse_pcp(ByteView(map).first(size), PcpResult::malformed_request, 1800, 9);
    EXPECT_EQ(answer.size() % 4, 0u);
    ASSERT_TRUE(parse_response(answer));
  }
  Bytes endless = map;
  endless.resize(5000);
  EXPECT_EQ(refuse_pcp(endless, PcpResult::malformed_request, 1800, 9).size(), kMostPcpBytes);
}

// --- helpers ------------------------------------------------------------------------------------

Bytes bytes_of(std::initializer_list<unsigned> values) {
  Bytes out;
  for (const unsigned value : values) out.push_back(static_cast<std::byte>(value));
  return out;
}

Bytes mapped(std::uint8_t a, std::uint8_t b, std::uint8_t c, std::uint8_t d) {
  return bytes_of({0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, a, b, c, d});
}

Bytes joined(std::initializer_list<Bytes> parts) {
  Bytes out;
  for (const Bytes& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

Bytes with(Bytes bytes, std::size_t at, unsigned value) {
  bytes.at(at) = static_cast<std::byte>(value);
  return bytes;
}

PcpMapRequest a_map_request() {
  PcpMapRequest request;
  request.client = Address::v4(192, 168, 1, 2, 0);
  request.lifetime_s = 7200;
  for (std::size_t i = 0; i < request.nonce.size(); ++i) {
    request.nonce[i] = static_cast<std::byte>(i + 1);
  }
  request.internal_port = 0x1151;
  request.suggested_port = 0x1388;
  return request;
}

template <class T>
T any() {
  return *rc::gen::arbitrary<T>();
}

Address any_ip() {
  Address ip;
  const bool six = any<bool>();
  if (six) ip.family = Address::Family::ipv6;
  for (std::size_t i = 0; i < (six ? 16u : 4u); ++i) {
    ip.ip[i] = static_cast<std::byte>(any<std::uint8_t>());
  }
  if (six) ip.ip[0] = std::byte{0x20};  // not a mapped one
  return ip;
}

Nonce any_nonce() {
  Nonce nonce;
  for (std::byte& byte : nonce) byte = static_cast<std::byte>(any<std::uint8_t>());
  return nonce;
}

Request any_request() {
  switch (*rc::gen::inRange(0, 4)) {
    case 0:
      return PmpAddressRequest{};
    case 1: {
      PmpMapRequest out;
      out.tcp = any<bool>();
      out.internal_port = any<std::uint16_t>();
      out.suggested_port = any<std::uint16_t>();
      out.lifetime_s = any<std::uint32_t>();
      return out;
    }
    case 2:
      return PcpAnnounceRequest{any_ip()};
    default: {
      PcpMapRequest out;
      out.client = any_ip();
      out.lifetime_s = any<std::uint32_t>();
      out.nonce = any_nonce();
      out.protocol = any<std::uint8_t>();
      out.internal_port = out.protocol == kAllProtocols ? 0 : any<std::uint16_t>();
      out.suggested_port = any<std::uint16_t>();
      out.suggested_ip = any_ip();
      out.prefer_failure = any<bool>();
      return out;
    }
  }
}

Response any_response() {
  const auto pmp = static_cast<PmpResult>(*rc::gen::inRange(0, 9));
  const auto pcp = static_cast<PcpResult>(*rc::gen::inRange(2, 20));
  const auto epoch_s = any<std::uint32_t>();
  const auto lifetime_s = any<std::uint32_t>();
  switch (*rc::gen::inRange(0, 6)) {
    case 0: {
      Address external = any_ip();
      if (external.family == Address::Family::ipv6) external = {};
      return PmpAddressResponse{pmp, epoch_s, external};
    }
    case 1: {
      const auto internal_port = any<std::uint16_t>();
      const auto external_port = any<std::uint16_t>();
      return PmpMapResponse{pmp, epoch_s, any<bool>(), internal_port, external_port, lifetime_s};
    }
    case 2:
      return PmpRefusal{PmpResult::unsupported_opcode,
                        static_cast<std::uint8_t>(*rc::gen::inRange(0, 128)), epoch_s};
    case 3:
      return PcpAnnounceResponse{any<bool>() ? PcpResult::success : pcp, lifetime_s, epoch_s};
    case 4:
      return PcpRefusal{2, PcpResult::unsupported_opcode,
                        static_cast<std::uint8_t>(*rc::gen::inRange(2, 128)), lifetime_s, epoch_s};
    default: {
      PcpMapResponse out;
      out.result = any<bool>() ? PcpResult::success : pcp;
      out.lifetime_s = lifetime_s;
      out.epoch_s = epoch_s;
      out.nonce = any_nonce();
      out.protocol = any<std::uint8_t>();
      out.internal_port = out.protocol == kAllProtocols ? 0 : any<std::uint16_t>();
      out.external_port = any<std::uint16_t>();
      out.external_ip = any_ip();
      return out;
    }
  }
}

}  // namespace
}  // namespace kith::port_mapping
