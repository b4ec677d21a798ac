#include "sim/adversaries/port_grabber.h"

#include "engine/base/append.h"
#include "sim/adversaries/forge.h"

namespace kith::sim {

using namespace port_mapping;

namespace {

constexpr std::uint32_t kLongestLifetimeS = 60;
constexpr std::uint16_t kOwnPort = 40'000;
constexpr std::size_t kMostNonsenseBytes = 80;

template <class T>
void keep(std::vector<T>& list, T value, std::size_t most) {
  if (list.size() == most) list.erase(list.begin());
  list.push_back(std::move(value));
}

}  // namespace

PortGrabber::PortGrabber(World& world, const PortGrabberSpec& spec, std::uint64_t index)
    : Adversary(world, spec.site, index),
      gateway_(world.network().inside_address(world.topology().gateway(spec.site))) {
  gateway_.port = kServerPort;
  act(world.now() + spec.every, spec.every, world.now() + spec.lasting);
  world.network().tap_realm(realm(), [this](const Packet& packet) { overhear(packet); });
}

void PortGrabber::overhear(const Packet& packet) {
  const bool ours = packet.source.family == Address::Family::ipv4 &&
                    packet.kind == PacketKind::datagram && packet.source.ip != gateway_.ip &&
                    world().network().is_inside(realm(), packet.source);
  if (!acting() || !ours || contains(heard_, packet.source)) return;
  keep(heard_, packet.source, kMostKept);
}

void PortGrabber::on_tick(Instant) {
  const std::uint64_t what = draws().below(4);
  if (what == 0) return ask_nonsense();
  if (what == 1 && !forwards_.empty()) return renew_or_delete();
  grab();
}

void PortGrabber::grab() {
  Forward forward;
  forward.by_pcp = draws().chance(1, 2);
  const bool as_other = draws().chance(1, 4);
  const auto own = address(Address::Family::ipv4);
  if (own) forward.inside = *own;
  forward.inside.port = kOwnPort + static_cast<std::uint16_t>(draws().below(kMostKept));
  forward.wanted = forward.inside.port;
  if (!heard_.empty()) {
    const Address& heard = heard_[static_cast<std::size_t>(draws().below(heard_.size()))];
    forward.wanted = heard.port;
    if (as_other) forward.inside = heard;
  }
  draws().fill(forward.nonce);
  forward.only_this = draws().chance(1, 4);
  ask(forward, draw_lifetime_s());
  keep(forwards_, std::move(forward), kMostKept);
}

void PortGrabber::renew_or_delete() {
  const auto which = static_cast<std::size_t>(draws().below(forwards_.size()));
  if (draws().chance(1, 2)) return ask(forwards_[which], draw_lifetime_s());
  ask(forwards_[which], 0);
  forwards_.erase(forwards_.begin() + static_cast<std::ptrdiff_t>(which));
}

void PortGrabber::ask_nonsense() {
  auto from = address(Address::Family::ipv4);
  if (!from) return;
  from->port = kClientPort;
  if (draws().chance(1, 2)) {
    return ask(*from, forge::random_bytes(draws(), 2, kMostNonsenseBytes));
  }
  PcpMapRequest cut;
  cut.client = *from;
  Bytes bytes = encode(Request(cut));
  bytes.resize(bytes.size() - 1 - static_cast<std::size_t>(draws().below(bytes.size() / 2)));
  ask(*from, bytes);
}

void PortGrabber::ask(const Forward& forward, std::uint32_t lifetime_s) {
  if (!forward.by_pcp) {
    const PmpMapRequest request{false, forward.inside.port, forward.wanted, lifetime_s};
    return ask(forward.inside, encode(Request(request)));
  }
  PcpMapRequest request;
  request.client = forward.inside;
  request.client.port = 0;
  request.lifetime_s = lifetime_s;
  request.nonce = forward.nonce;
  request.internal_port = forward.inside.port;
  request.suggested_port = forward.wanted;
  request.prefer_failure = forward.only_this;
  ask(forward.inside, encode(Request(request)));
}

void PortGrabber::ask(const Address& from, ByteView request) {
  fire(Probe::grabbed_port);
  send(from, gateway_, request);
}

std::uint32_t PortGrabber::draw_lifetime_s() {
  return 1 + static_cast<std::uint32_t>(draws().below(kLongestLifetimeS));
}

}  // namespace kith::sim
