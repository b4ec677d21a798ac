#pragma once

// The service of a gateway that makes port forwards for hosts behind it, PCP (RFC 6887) and NAT-PMP
// (RFC 6886), and the ways in which such services go wrong.
//
//   request --> not spoken: silence, or which version is
//           --> refused by what the gateway is --> an error
//           --> mapping made, renewed or deleted --> response with lifetime and epoch
//   time    --> a mapping ends, with the lifetime it was given or before
//   reboot  --> all are lost, and the epoch begins anew: hosts notice by that
//
// A pure machine: the forwards themselves are the NAT's (nat.h). IPv4 and UDP alone, because
// nothing else is translated here. It does not own: how datagrams come and go, static forwards.

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "engine/connectivity/port_mapping_wire.h"
#include "kith/time.h"
#include "sim/nat/nat.h"

namespace kith::sim {

enum class MappingProtocol : std::uint8_t { none, nat_pmp, pcp, both };

enum class MappingConduct : std::uint8_t {
  works,
  lies,            // says that it has made a mapping, and has not
  not_authorized,  // lets nobody map
  no_resources,    // has no more to give
};

struct PortMappingSpec {
  MappingProtocol speaks = MappingProtocol::none;
  MappingConduct conduct = MappingConduct::works;
  // What hosts get at most. A day is what RFC 6887 section 15 takes for the longest.
  Duration longest_lifetime = std::chrono::hours(24);
  // Mappings end after this, whatever lifetime was given; none if zero.
  Duration ends_after{};
  bool other_port = false;  // gives another port than was asked for, also if that is free

  friend bool operator==(const PortMappingSpec&, const PortMappingSpec&) = default;
};

// Why a spec describes no service; nothing if it does.
std::optional<std::string> fault_of(const PortMappingSpec& spec);

std::string_view to_string(MappingProtocol protocol);
std::string_view to_string(MappingConduct conduct);

// What happened in a service, for probes that want to have seen everything.
enum class MappingProbe : std::uint8_t {
  mapped,
  renewed,
  deleted,
  expired,
  ended_early,
  lied,
  refused,       // by conduct
  other_port,    // than was asked for
  lifetime_cut,  // to less than was asked for
  private_wan,   // the external address that was told is no public one
  reset,         // mappings lost by a reboot
  unspoken,      // a request of a version that it does not speak
  malformed,
};
inline constexpr std::size_t kMappingProbes = 13;
std::string_view to_string(MappingProbe probe);

class PortMapping {
 public:
  explicit PortMapping(const PortMappingSpec& spec) : spec_(spec) {}

  // What it answers to a datagram from inside to its port, if anything. Times never decrease.
  std::optional<Bytes> answer(Instant now, Nat& nat, const Address& client, ByteView request);

  // Ends what has ended. Comes before anything else that is asked of the NAT.
  void expire(Instant now, Nat& nat) {
    if (now >= next_expiry_) expire_due(now, nat);
  }

  // After that of the NAT. Static forwards stay.
  void reboot(Instant now, Nat& nat);

  // What it tells everyone inside, unasked, when it has started again: RFC 6887 section 14.1.3 and
  // RFC 6886 section 3.2.1. One datagram for each protocol.
  std::vector<Bytes> announcements(Instant now, const Nat& nat) const;

  const PortMappingSpec& spec() const { return spec_; }
  std::size_t mappings() const { return mappings_.size(); }
  std::uint64_t seen(MappingProbe probe) const { return probes_[static_cast<std::size_t>(probe)]; }

 private:
  // Of all hosts together: home routers have room for a few dozen to a few hundred.
  static constexpr std::size_t kMostMappings = 256;

  struct Mapping {
    Address external;
    port_mapping::Nonce nonce{};
    Instant ends;
    bool early = false;  // before its lifetime ends
    bool made = false;   // a forward of its own: not a lie, and there was no static one
  };
  using Mappings = std::map<Address, Mapping>;  // by the internal endpoint

  // A request of either protocol.
  struct Wish {
    Address internal;
    port_mapping::Nonce nonce{};
    std::uint16_t port = 0;
    std::uint32_t lifetime_s = 0;
    bool only_this = false;
  };
  struct Outcome {
    port_mapping::PcpResult result = port_mapping::PcpResult::success;
    Address external;
    std::uint32_t lifetime_s = 0;
  };

  port_mapping::Response respond(Instant now, Nat& nat, const Address& client,
                                 const port_mapping::Request& request);
  port_mapping::Response respond_pcp(Instant now, Nat& nat, const Address& client,
                                     const port_mapping::PcpMapRequest& request);
  port_mapping::Response respond_pmp(Instant now, Nat& nat, const Address& client,
                                     const port_mapping::PmpMapRequest& request);
  std::optional<Bytes> refuse(Instant now, ByteView request, port_mapping::Fault fault);

  bool speaks(std::uint8_t version) const;
  std::optional<port_mapping::PcpResult> refusal(const Wish& wish) const;
  Outcome fulfil(Instant now, Nat& nat, const Wish& wish);
  std::optional<Mapping> make(Instant now, Nat& nat, const Wish& wish);
  void erase(Instant now, Nat& nat, const Wish& wish);
  Mappings::iterator end(Instant now, Nat& nat, Mappings::iterator at);
  void expire_due(Instant now, Nat& nat);
  void tell(const Address& external);
  std::uint32_t epoch_s(Instant now) const;
  void count(MappingProbe probe) { ++probes_[static_cast<std::size_t>(probe)]; }

  PortMappingSpec spec_;
  Instant epoch_;
  Mappings mappings_;
  Instant next_expiry_ = Instant::never();
  std::array<std::uint64_t, kMappingProbes> probes_{};
};

}  // namespace kith::sim
