#pragma once

// A NAT as one writes it down from RFC 4787 without a thought for speed: ordered maps, everything
// looked through. What Nat does is compared with it, and so is how fast. Where the port policy
// leaves a choice it takes the port that it is offered, if the policy allows that one.

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "sim/nat/nat.h"

namespace kith::sim {

class NaiveNat {
 public:
  NaiveNat(const NatSpec& spec, std::vector<Address> ips) : spec_(spec), ips_(std::move(ips)) {}

  // `offered` is what the other one chose, or nothing if that dropped the datagram.
  Nat::Outbound outbound(Instant now, const Address& source, const Address& destination,
                         const std::optional<Address>& offered);
  Nat::Inbound inbound(Instant now, const Address& external, const Address& remote);
  Nat::Hairpinned hairpin(Instant now, const Address& source, const Address& destination,
                          const std::optional<Address>& offered);
  std::optional<Address> forward(Instant now, const Address& external, const Address& internal);
  void unforward(Instant now, const Address& external);
  void reboot(Instant now);
  void rebind(Instant now);

  std::size_t mappings() const { return mappings_.size(); }
  std::size_t flows() const { return flows_; }

 private:
  struct Flow {
    Instant refreshed;
    Instant sent;
    std::uint64_t order = 0;
    std::uint64_t made = 0;
    bool replied = false;
    bool long_lived = false;
  };
  using Flows = std::map<Address, Flow>;  // by remote as the filter sees it
  struct Mapping {
    Address external;
    bool usable = true;  // false after rebind(), until it has another external endpoint
    std::uint64_t order = 0;
    Instant made;
    Flows flows;
  };
  using Key = std::pair<Address, Address>;  // internal, remote as the mapping sees it
  using Mappings = std::map<Key, Mapping>;

  static Address seen(const Address& remote, Dependence dependence);
  bool lets_others_in() const;
  Flows::iterator admitting(Flows& flows, const Address& remote) const;
  Address filtered(const Address& remote) const;
  void sweep(Instant now);
  Instant end_of(const Flow& flow) const;
  void refresh(Instant now, Flow& flow);
  bool make_room();
  bool is_own(const Address& address) const;
  bool taken(const Address& external) const;
  bool poisoned(const Address& external, const Address& remote) const;
  Mappings::iterator towards(const Address& source, const Address& destination);
  std::vector<Mappings::iterator> holders(const Address& external);
  bool may_hold(const Address& internal, const Address& external, const Address& destination,
                const Mapping* leaves, bool& dodged);
  std::optional<Address> choose(const Address& internal, const Address& destination,
                                const Mapping* leaves, const std::optional<Address>& offered,
                                bool& dodged);
  void place(Mapping& mapping, const Address& external);
  Nat::Outbound map(Instant now, const Address& source, const Address& destination,
                    const std::optional<Address>& offered);
  Nat::Inbound admit(Instant now, const Address& external, const Address& remote, bool may_poison);

  NatSpec spec_;
  std::vector<Address> ips_;
  Mappings mappings_;
  std::map<Address, std::vector<Key>> by_external_;
  std::map<Key, Flow> poisons_;          // external, remote
  std::map<Address, Address> forwards_;  // external to internal
  std::size_t flows_ = 0;
  std::uint64_t next_order_ = 1;
  Instant next_sweep_;
};

}  // namespace kith::sim
