#pragma once

// What was not done with what arrived, counted by reason.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "engine/dns/malformed.h"

namespace kith::mdns {

enum class Drop : std::uint8_t {
  unknown_interface,   // not among those set, or without an address of that family
  off_link,            // the source is not in a subnet of the interface (RFC 6762 section 11)
  own_echo,            // a packet of ours that the link or this host gave back
  too_large,           // kMaxDatagramBytes
  malformed,           // Counters::malformed says how
  not_mdns,            // another opcode or an error code (section 18.3, 18.11)
  response_from_port,  // a response that does not come from port 5353 (section 6)
  not_wanted,          // records: no instance of this service leads to it
  source_quota,        // records: kMaxRecordsPerSource, older ones of the source give way
  interface_quota,     // records: kMaxRecordsPerInterface
  unicast_answers,     // kMaxUnicastAnswers or kMaxUnicastAnswersPerSource wait already
  transmits,           // kMaxTransmits wait already
  conflict_events,     // kMaxConflictEvents wait already
  interfaces,          // interfaces or addresses above kMaxInterfaces, kMaxAddresses
};
inline constexpr std::size_t kDropReasons = 14;

std::string_view to_string(Drop reason);

struct Counters {
  std::array<std::uint64_t, kDropReasons> drops{};
  std::array<std::uint64_t, dns::kMalformedReasons> malformed{};

  void count(Drop reason) { ++drops[static_cast<std::size_t>(reason)]; }
  void count(dns::Malformed reason) {
    count(Drop::malformed);
    ++malformed[static_cast<std::size_t>(reason)];
  }
  std::uint64_t of(Drop reason) const { return drops[static_cast<std::size_t>(reason)]; }
};

}  // namespace kith::mdns
