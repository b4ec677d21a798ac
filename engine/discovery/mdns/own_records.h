#pragma once

// What a device says of itself on one interface, as sets of records. A set is what is probed for
// under one name: the host with its addresses, or an instance with its SRV and TXT. The shared
// records that lead to an instance belong to its set.
//
//   _services._dns-sd._udp.local  PTR _kith._udp.local            shared
//   _kith._udp.local              PTR <instance>._kith._udp.local  shared
//   <instance>._kith._udp.local   SRV <host>.local, TXT            unique: the cache-flush bit
//   <host>.local                  A, AAAA                          unique
//   either of the last two        NSEC: the types that exist       only where one is asked for that
//                                                                  does not (RFC 6762 section 6.1)

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/discovery/mdns/life.h"
#include "engine/discovery/mdns/names.h"
#include "engine/discovery/mdns/txt.h"
#include "kith/address.h"
#include "kith/time.h"

namespace kith::mdns {

struct Subnet {
  Address ip;  // port and scope do not matter
  std::uint8_t prefix_bits = 0;
  bool announced = true;  // otherwise one to be present on alone: nobody listens there

  bool contains(const Address& address) const;
  friend bool operator==(const Subnet&, const Subnet&) = default;
};

struct Interface {
  std::uint32_t index = 0;
  std::vector<Subnet> ipv4;
  std::vector<Subnet> ipv6;
  friend bool operator==(const Interface&, const Interface&) = default;
};

struct Instance {
  std::string label;
  std::uint16_t port = 0;
  TxtPairs txt;
  friend bool operator==(const Instance&, const Instance&) = default;
};

// What is to be announced. Nothing at all if there is no instance.
struct Presence {
  std::string host_label;
  std::vector<Instance> instances;
  friend bool operator==(const Presence&, const Presence&) = default;
};

// Fails where a label, a pair or a number of them breaks a rule.
Result<void> validate(const Presence& presence);

// A multicast answer that waits for its time.
struct PendingAnswer {
  Instant due;
  std::optional<Address> sole_asker;  // empty if several asked, or nobody
};

struct OwnRecord {
  dns::Record record;
  std::optional<Instant> sent;  // multicast last
  std::optional<PendingAnswer> pending;

  bool may_be_sent(Instant now, Duration interval) const {
    return !sent || *sent + interval <= now;
  }
};

struct OwnSet {
  dns::Name name;
  std::vector<OwnRecord> records;
  OwnRecord negative;  // NSEC
  Life life = Life::waiting;
  Instant at;     // the next step
  int steps = 0;  // probes or announcements sent

  bool announced() const { return is_announced(life); }
};

// The sets of a valid presence on an interface; none where no address is to be announced.
std::vector<OwnSet> own_sets(const Names& names, const Presence& presence,
                             const Interface& interface);

}  // namespace kith::mdns
