#pragma once

// One device's presence on its LANs and its view of the neighbours: DNS-SD over multicast DNS for
// the service _kith._udp.local (RFC 6762, RFC 6763, schemas/mdns.md).
//
//   interfaces, instances --> probe, announce, answer, goodbye --> poll_transmit()
//   datagrams             --> cache, questions                 --> poll_event()
//
// After every call: drain poll_transmit() and poll_event(), then call on_wakeup() when
// next_wakeup() says so.
//
// It does not own: sockets and group membership, what an instance label means, which addresses are
// dialled. Nothing it reports is proven: whoever is dialled proves itself.

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>

#include "engine/base/random.h"
#include "engine/discovery/mdns/link.h"
#include "kith/result.h"

namespace kith::mdns {

struct Datagram {
  std::uint32_t interface = 0;
  Address source;
  ByteView bytes;
};

class Mdns {
 public:
  explicit Mdns(RandomSource random) : random_(std::move(random)) {}

  // All interfaces to be present on. One that is new, or came back, is probed on; one that is gone
  // takes its neighbours along. Beyond kMaxInterfaces and kMaxAddresses the rest is left out and
  // counted.
  void set_interfaces(Instant now, std::span<const Interface> interfaces);

  // All that is to be announced; an instance that is no longer in it says goodbye. Nothing changes
  // on failure.
  Result<void> set_instances(Instant now, const Presence& presence);

  void handle_datagram(Instant now, const Datagram& datagram);

  // Who was found could not be reached: it is asked whether it is still there, and lost after 10 s
  // of silence (RFC 6762 section 10.4).
  void reconfirm(Instant now, std::uint32_t interface, std::string_view label);

  std::optional<Transmit> poll_transmit();
  std::optional<Event> poll_event();
  std::optional<Instant> next_wakeup() const;
  void on_wakeup(Instant now) { run(now); }

  const Counters& counters() const { return counters_; }
  // Of the whole machine, for tests and status: empty if the interface or the family is not there.
  std::optional<Life> life(std::uint32_t interface, Address::Family family,
                           std::string_view instance_label) const;

 private:
  // A label that was asked for and the one that is announced in its place.
  struct Claimed {
    std::string wanted;
    std::string label;
  };

  Presence current() const;
  void replace(Instant now);
  void rename(const dns::Name& lost);
  void run(Instant now);
  void send(Transmit transmit);
  Interface bounded(Interface interface);
  bool is_own_address(const Address& address) const;
  bool is_echo(const Datagram& datagram) const;

  Names names_;
  Contention contention_;
  Counters counters_;
  RandomSource random_;
  std::uint64_t links_made_ = 0;
  std::map<std::uint32_t, std::unique_ptr<Link>> links_;
  Presence wanted_;
  Claimed host_;
  std::vector<Claimed> instances_;  // as in wanted_
  std::set<dns::Name> own_;         // instances announced or probed for
  std::deque<Transmit> transmits_;
  std::deque<Event> events_;          // conflicts, and what went with its interface
  std::deque<std::uint64_t> echoes_;  // hashes of the last packets sent to all
};

}  // namespace kith::mdns
