#pragma once

// A host that keeps what others once said of themselves and repeats it when it is no longer true
// (fault "stale_records").
//
//   listening: answers of multicast DNS at its site, or items that pass the internet, are kept
//   then, at a site:      every tick one of them is sent again, from the address that it came from
//   then, in the internet: whoever asks a node of the DHT for such an item is answered in its place
//                          with the old one, before the node can
//
// What it says is signed by whom it is of, where the DHT asks for that: only too old.

#include <map>
#include <vector>

#include "engine/discovery/dht/krpc.h"
#include "sim/adversaries/adversary.h"
#include "sim/adversaries/spec.h"

namespace kith::sim {

class StaleRecords final : public Adversary {
 public:
  StaleRecords(World& world, const StaleRecordsSpec& spec, std::uint64_t index);

 private:
  // Of answers and items each; what comes later is not kept.
  static constexpr std::size_t kMostKept = 256;

  struct Answer {
    Address source, group;
    Bytes bytes;
  };
  struct Reply {
    Address source, destination;
    Bytes bytes;
  };

  bool listening() { return world().now() < repeats_from_; }
  void hear(Instant now, const Arrival& arrival) override;
  void overhear(const Packet& packet);
  void keep(const dht::Response& response);
  void answer(const Packet& packet, const dht::Message& message, const dht::Get& get);
  void on_tick(Instant now) override;

  Instant repeats_from_;
  std::vector<Answer> answers_;
  std::map<dht::NodeId, dht::Response> items_;  // by target
  std::map<Address, dht::NodeId> nodes_;        // who answers where
  std::vector<Reply> replies_;                  // to what was overheard just now
};

}  // namespace kith::sim
