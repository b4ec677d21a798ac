#pragma once

// One interface: its one or two multicast scopes (IPv4, IPv6), and what is known of its neighbours.
// Records and questions go out on each scope for itself; what arrives on either is kept together.
//
//   datagram --> Mdns --> Link --> Scope: Claims, Responder, Browse
//                             \--> Cache --> Resolve, View
//
// It does not own: names after conflicts, and what is dropped before it is read (mdns.h).

#include <array>
#include <functional>
#include <optional>

#include "engine/discovery/mdns/claims.h"
#include "engine/discovery/mdns/querier.h"
#include "engine/discovery/mdns/responder.h"
#include "engine/discovery/mdns/view.h"

namespace kith::mdns {

struct Transmit {
  std::uint32_t interface = 0;
  Address::Family family = Address::Family::ipv4;
  Address destination;  // 224.0.0.251, ff02::fb or one device
  Bytes bytes;
};

// 224.0.0.251:5353 or [ff02::fb%interface]:5353 (RFC 6762 section 3).
Address group(Address::Family family, std::uint32_t interface);

class Link {
 public:
  using Send = std::function<void(Transmit)>;
  using IsOwn = std::function<bool(const dns::Record&)>;

  // What is borrowed outlives the link.
  Link(const Names& names, Contention& contention, Counters& counters, RandomSource random,
       std::uint32_t index);

  // Scopes come and go with the addresses of their family.
  void replace(Instant now, const Interface& interface, const Presence& presence);

  // What arrives has a scope: has_scope() of its family.
  void on_query(Instant now, const Address& source, const dns::Message& query,
                const std::set<dns::Name>& own);
  // Returns names that were lost before they were announced.
  std::vector<dns::Name> on_response(Instant now, const Address& source,
                                     const dns::Message& response, const std::set<dns::Name>& own,
                                     const IsOwn& is_own);
  void reconfirm(Instant now, const dns::Name& instance);

  void run(Instant now, const Send& send);
  Instant next() const;
  std::optional<Event> poll_event() { return view_.poll(cache_); }
  std::vector<InstanceLost> close() const { return view_.close(); }

  const Interface& interface() const { return interface_; }
  bool has_scope(Address::Family family) const { return scope(family).has_value(); }
  bool has(const dns::Record& record) const;
  bool is_on_link(const Address& source) const;
  const Cache& cache() const { return cache_; }
  const Claims& claims(Address::Family family) const { return scope(family)->claims; }

 private:
  struct Scope {
    Scope(Instant now, const Names& names, Contention& contention, Counters& counters,
          const RandomSource& random);

    Claims claims;
    Responder responder;
    Browse browse;
  };

  const std::optional<Scope>& scope(Address::Family family) const;
  void watch_changes(Instant now);
  void ask(Instant now, const Send& send);
  void send_all(Address::Family family, dns::Packets packets, const Send& send) const;

  const Names& names_;
  Contention& contention_;
  Counters& counters_;
  RandomSource random_;
  std::uint64_t scopes_made_ = 0;
  Interface interface_;
  std::array<std::optional<Scope>, 2> scopes_;
  Cache cache_;
  Resolve resolve_;
  View view_;
};

}  // namespace kith::mdns
