#pragma once

// An off-path host that sends datagrams under the addresses of others (fault "spoofed_sources").
//
//   what passes in its network --> conversations: who sends to whom, and one datagram of it
//   each begins --> met at once by a forgery    every tick --> a conversation drawn, one forgery
//
// It overhears its network, the internet or a LAN, so that it knows addresses, ports and connection
// ids as they are there, and what it repeats are datagrams that were sent. It stops and changes
// nothing of what others send, and has no keys.

#include <map>
#include <utility>
#include <vector>

#include "sim/adversaries/adversary.h"
#include "sim/adversaries/spec.h"

namespace kith::sim {

class Spoofer final : public Adversary {
 public:
  Spoofer(World& world, const SpooferSpec& spec, std::uint64_t index);

 private:
  // More than a device has with others at a time; the oldest gives way.
  static constexpr std::size_t kMostConversations = 256;

  struct Conversation {
    Address source, destination;
    Bytes sample;          // one of its datagrams
    Bytes from_id, to_id;  // of the last long header, of the sender and the receiver
  };

  void overhear(const Packet& packet);
  Conversation& conversation(const Packet& packet);
  void on_tick(Instant now) override;
  void forge(Instant now, const Conversation& conversation);

  SpooferSpec spec_;
  DrawStream samples_;
  std::vector<Conversation> conversations_;
  std::map<std::pair<Address, Address>, std::size_t> by_ends_;
  std::size_t oldest_ = 0;
  std::vector<std::size_t> fresh_;  // begun, and not yet met
};

}  // namespace kith::sim
