#pragma once

// A host of a LAN that has its gateway make port forwards (fault "grabbed_ports"), by PCP and
// NAT-PMP, where the gateway speaks either.
//
//   what others send outside --> their ports
//   every tick, one of: a forward of such a port, to itself, or to whom it heard and under its
//                       name | one that it has is renewed or deleted | what no gateway understands
//
// Its forwards end with their lifetimes, soon after it: no lifetime is longer than a minute.

#include <cstdint>
#include <vector>

#include "engine/connectivity/port_mapping_wire.h"
#include "sim/adversaries/adversary.h"
#include "sim/adversaries/spec.h"

namespace kith::sim {

class PortGrabber final : public Adversary {
 public:
  PortGrabber(World& world, const PortGrabberSpec& spec, std::uint64_t index);

 private:
  // Of endpoints that it heard and of forwards; the oldest make room.
  static constexpr std::size_t kMostKept = 64;

  struct Forward {
    Address inside;  // and who asks
    std::uint16_t wanted = 0;
    port_mapping::Nonce nonce{};
    bool by_pcp = false;
    bool only_this = false;
  };

  void overhear(const Packet& packet);
  void on_tick(Instant now) override;
  void grab();
  void renew_or_delete();
  void ask_nonsense();
  void ask(const Forward& forward, std::uint32_t lifetime_s);
  void ask(const Address& from, ByteView request);
  std::uint32_t draw_lifetime_s();

  Address gateway_;
  std::vector<Address> heard_;
  std::vector<Forward> forwards_;
};

}  // namespace kith::sim
