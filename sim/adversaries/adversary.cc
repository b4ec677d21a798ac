#include "sim/adversaries/adversary.h"

#include <algorithm>

namespace kith::sim {

Adversary::Adversary(World& world, std::optional<SiteId> site, std::uint64_t index)
    : world_(world),
      random_(world.random("adversary", index)),
      node_(world.network().add_node(*this)),
      realm_(world.topology().realm_of(site)) {
  // A way without delay: it is nearer to everyone than they are to each other.
  world.topology().attach(node_, {.site = site, .link = {}, .addresses = {}, .ipv6 = true});
}

void Adversary::act(Instant first, Duration every, Instant end) {
  every_ = every;
  end_ = end;
  world_.timeline().schedule(first, *this, static_cast<std::uint64_t>(Tick::regular));
}

void Adversary::tick_soon() {
  world_.timeline().schedule(world_.now(), *this, static_cast<std::uint64_t>(Tick::soon));
}

void Adversary::on_event(Instant now, std::uint64_t argument) {
  if (!acting()) return;
  on_tick(now);
  if (static_cast<Tick>(argument) != Tick::regular) return;
  world_.timeline().schedule(now + every_, *this, argument);
}

void Adversary::send(const Address& source, const Address& destination, ByteView bytes) {
  world_.network().send_forged(node_, source, destination, bytes);
}

std::optional<Address> Adversary::address(Address::Family family) const {
  const std::vector<Address> own = world_.network().addresses(node_);
  const auto found = std::find_if(own.begin(), own.end(),
                                  [&](const Address& each) { return each.family == family; });
  if (found == own.end()) return std::nullopt;
  return *found;
}

}  // namespace kith::sim
