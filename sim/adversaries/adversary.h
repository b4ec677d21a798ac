#pragma once

// A host of an attacker: a node of its own at a site or in the internet, with an address of its
// own, that acts for a while. It hears what is sent to it, and what everyone sends in its network
// where an actor asks for that; it can send under any address, and stands in nobody's way.
//
//   begin --> tick, each `every` later --> ... --> end of `lasting`
//
// It does not own: what is sent, which is its actors' (spoofer.h, lan_liar.h, stale_records.h).

#include <optional>

#include "engine/base/random.h"
#include "sim/world/world.h"

namespace kith::sim {

class Adversary : private EventTarget, private DatagramSink {
 public:
  // Lives as long as the world runs. `index` tells apart those of one world.
  Adversary(World& world, std::optional<SiteId> site, std::uint64_t index);
  virtual ~Adversary() = default;
  Adversary(const Adversary&) = delete;
  Adversary& operator=(const Adversary&) = delete;

 protected:
  // Ticks come from `first` on, `every` apart, and end with `end`.
  void act(Instant first, Duration every, Instant end);
  // A tick more, at once: what was overheard cannot be answered while it is sent.
  void tick_soon();
  virtual void on_tick(Instant now) = 0;

  virtual void hear(Instant, const Arrival&) {}

  void send(const Address& source, const Address& destination, ByteView bytes);
  void fire(Probe probe) { world_.probes().fire(probe); }
  bool acting() const { return world_.now() < end_; }

  // Its own, in its network.
  std::optional<Address> address(Address::Family family) const;
  RealmId realm() const { return realm_; }
  World& world() { return world_; }
  RandomSource& draws() { return random_; }

 private:
  enum class Tick : std::uint64_t { regular, soon };

  void on_event(Instant now, std::uint64_t argument) override;
  void on_datagrams(Instant now, const Arrival& arrival) override { hear(now, arrival); }

  World& world_;
  RandomSource random_;
  NodeId node_;
  RealmId realm_;
  Instant end_;
  Duration every_{};
};

}  // namespace kith::sim
