#include "tests/sim/probing.h"

#include <algorithm>
#include <array>
#include <deque>
#include <optional>
#include <string>

#include "engine/base/random.h"
#include "sim/network/network.h"

namespace kith::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint16_t kPort = 4433;
constexpr std::uint16_t kServerPort = 3478;
constexpr int kRounds = 6;
constexpr int kForetold = 8;  // ports that a gateway may give next
// 256 of 64,512 ports open: 3,000 tries hit none of them once in 150,000 times.
constexpr int kBirthdayPorts = 256;
constexpr int kBirthdayTries = 3000;

enum class Kind : std::uint8_t { ask, told, ping, pong };

Bytes datagram(Kind kind, std::size_t from, const std::string& text = {}) {
  Bytes out{static_cast<std::byte>(kind), static_cast<std::byte>(from)};
  const ByteView bytes = as_byte_view(text);
  out.insert(out.end(), bytes.begin(), bytes.end());
  return out;
}

Address with(Address address, std::uint16_t port) {
  address.port = port;
  return address;
}

void add_new(std::vector<Address>& all, const Address& address) {
  if (std::find(all.begin(), all.end(), address) == all.end()) all.push_back(address);
}

// A host that answers pings, and a server that says where it hears somebody.
class Prober : public DatagramSink {
 public:
  Prober(Network& network, std::size_t number)
      : network_(network), number_(number), node_(network.add_node(*this)) {}

  NodeId node() const { return node_; }
  void send(Kind kind, const Address& to, std::uint16_t port = kPort, const std::string& text = {});

  void on_datagrams(Instant, const Arrival& arrival) override;

  std::vector<Address> known;  // of the other
  std::vector<Address> told;   // by servers, in the order of asking
  bool answered = false;

 private:
  void take(const Arrival& arrival, ByteView bytes);

  Network& network_;
  std::size_t number_;
  NodeId node_;
};

// One world with both hosts and two servers.
class Scene {
 public:
  Scene(const PairSpec& spec, std::uint64_t seed);

  Topology& topology() { return topology_; }
  const Attachment& place(std::size_t side) const { return places_[side]; }

  bool dial(std::size_t side);
  bool punch();
  bool predict();
  bool birthday(std::size_t many);

 private:
  std::optional<SiteId> build(const std::vector<SiteSpec>& chain, std::optional<SiteId> outside);
  void attach(std::size_t side, const PlaceSpec& spec, std::optional<SiteId> outside);
  void tell_addresses(std::size_t side);
  void ask_servers(std::size_t side, Address::Family family);
  std::vector<Address> candidates(std::size_t of) const;
  void ping_rounds();
  void run(Duration time) { timeline_.run_until(timeline_.now() + time); }

  Timeline timeline_;
  RandomSource random_;
  Network network_{timeline_, random_.fork("network")};
  Topology topology_{network_};
  std::deque<Prober> hosts_;
  std::array<Attachment, 2> places_, servers_;
};

RandomSource source(std::uint64_t seed) {
  std::array<std::byte, 32> bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(seed >> (8 * i) & 0xff);
  return RandomSource(bytes);
}

}  // namespace

Reachability foreseen(const PairSpec& spec) {
  Scene scene(spec, 0);
  return can_be_direct(scene.topology(), scene.place(0), scene.place(1));
}

Directness probed(const PairSpec& spec, std::uint64_t seed) {
  for (const std::size_t side : {0u, 1u}) {
    if (Scene(spec, seed).dial(side)) return Directness::dial;
  }
  if (Scene(spec, seed).punch()) return Directness::punch;
  if (!spec.shared.empty()) return Directness::relay;
  if (Scene(spec, seed).predict()) return Directness::predict;
  for (const std::size_t side : {0u, 1u}) {
    if (Scene(spec, seed).birthday(side)) return Directness::birthday;
  }
  return Directness::relay;
}

namespace {

// --- hosts --------------------------------------------------------------------------------------

void Prober::send(Kind kind, const Address& to, std::uint16_t port, const std::string& text) {
  const auto source = network_.source_for(node_, to);
  if (!source) return;
  network_.send(node_, with(*source, port), to, Ecn::not_ect, datagram(kind, number_, text));
}

void Prober::on_datagrams(Instant, const Arrival& arrival) {
  for (std::size_t at = 0; at < arrival.bytes.size(); at += arrival.stride) {
    take(arrival, arrival.bytes.subspan(at, std::min(arrival.stride, arrival.bytes.size() - at)));
  }
}

void Prober::take(const Arrival& arrival, ByteView bytes) {
  const auto from = std::to_integer<std::size_t>(bytes[1]);
  if (from == number_) return;  // two hosts may have the same address
  switch (static_cast<Kind>(bytes[0])) {
    case Kind::ask:
      send(Kind::told, arrival.remote, arrival.local.port, arrival.remote.to_string());
      break;
    case Kind::told:
      told.push_back(*Address::parse(as_text(bytes.subspan(2))));
      break;
    case Kind::ping:
      add_new(known, arrival.remote);
      send(Kind::pong, arrival.remote, arrival.local.port);
      break;
    case Kind::pong:
      answered = true;
      break;
  }
}

// --- the world ----------------------------------------------------------------------------------

// Lines are short and the internet is wide: what is sent at once has left all gateways before any
// of it arrives.
Scene::Scene(const PairSpec& spec, std::uint64_t seed) : random_(source(seed)) {
  network_.set_latency(0, 0, milliseconds(50));
  for (std::size_t i = 0; i < 2; ++i) {
    Prober& server = hosts_.emplace_back(network_, 2 + i);
    servers_[i] =
        topology_.attach(server.node(), {.site = {}, .link = {}, .addresses = {}, .ipv6 = true});
  }
  const std::optional<SiteId> outside = build(spec.shared, {});
  attach(0, spec.first, outside);
  attach(1, spec.second, outside);
}

std::optional<SiteId> Scene::build(const std::vector<SiteSpec>& chain,
                                   std::optional<SiteId> outside) {
  for (std::size_t i = chain.size(); i-- > 0;) {
    SiteSpec site = chain[i];
    site.name = "site-" + std::to_string(topology_.site_count());
    site.inside_of = outside;
    // Networks one inside the other do not use the same numbers here: what is sent to one of them
    // could arrive by mere accident.
    for (unsigned host = 1; outside && host <= site.public_addresses; ++host) {
      site.external.push_back(Address::v4(10, static_cast<std::uint8_t>(topology_.site_count()), 0,
                                          static_cast<std::uint8_t>(host), 0));
    }
    site.line.up.delay = site.line.down.delay = milliseconds(1);
    outside = topology_.add_site(site);
  }
  return outside;
}

void Scene::attach(std::size_t side, const PlaceSpec& spec, std::optional<SiteId> outside) {
  AttachmentSpec place{.site = build(spec.chain, outside), .link = {}, .addresses = {}};
  place.ipv6 = spec.ipv6;
  place.forwarded = spec.forwarded;
  Prober& host = hosts_.emplace_back(network_, side);
  places_[side] = topology_.attach(host.node(), place);
}

void Scene::tell_addresses(std::size_t side) {
  Prober& host = hosts_[2 + side];
  const Attachment& other = places_[1 - side];
  for (const Address& address : other.addresses) add_new(host.known, with(address, kPort));
  if (const auto forwarded = topology_.forwarded_address(other)) add_new(host.known, *forwarded);
}

void Scene::ask_servers(std::size_t side, Address::Family family) {
  for (const Attachment& server : servers_) {
    const Address& to = server.addresses[family == Address::Family::ipv4 ? 0 : 1];
    hosts_[2 + side].send(Kind::ask, with(to, kServerPort));
    run(seconds(1));
  }
}

void Scene::ping_rounds() {
  for (int round = 0; round < kRounds; ++round) {
    for (const std::size_t side : {0u, 1u}) {
      const std::vector<Address> known = hosts_[2 + side].known;
      for (const Address& address : known) hosts_[2 + side].send(Kind::ping, address);
    }
    run(seconds(1));
  }
}

// --- means --------------------------------------------------------------------------------------

bool Scene::dial(std::size_t side) {
  tell_addresses(side);
  Prober& host = hosts_[2 + side];
  for (int round = 0; round < kRounds; ++round) {
    const std::vector<Address> known = host.known;
    for (const Address& address : known) host.send(Kind::ping, address);
    run(seconds(1));
  }
  return host.answered;
}

bool Scene::punch() {
  for (const std::size_t side : {0u, 1u}) {
    ask_servers(side, Address::Family::ipv4);
    ask_servers(side, Address::Family::ipv6);
  }
  for (const std::size_t side : {0u, 1u}) {
    tell_addresses(side);
    for (const Address& seen : hosts_[3 - side].told) add_new(hosts_[2 + side].known, seen);
  }
  ping_rounds();
  return hosts_[2].answered || hosts_[3].answered;
}

// Where the next datagram of a host will come from, as far as servers let one foresee it.
std::vector<Address> Scene::candidates(std::size_t of) const {
  const std::vector<Address>& told = hosts_[2 + of].told;
  if (told.size() < 2) return {};
  const int step = told[1].port - told[0].port;
  if (step <= 0 || step > kForetold) return {told[1]};
  std::vector<Address> next;
  for (int i = 1; i <= kForetold; ++i) {
    next.push_back(with(told[1], static_cast<std::uint16_t>(told[1].port + i * step)));
  }
  return next;
}

bool Scene::predict() {
  for (const std::size_t side : {0u, 1u}) ask_servers(side, Address::Family::ipv4);
  for (const std::size_t side : {0u, 1u}) hosts_[2 + side].known = candidates(1 - side);
  ping_rounds();
  return hosts_[2].answered || hosts_[3].answered;
}

// `many` sends from many ports to one of the other, which tries many ports of its gateway.
bool Scene::birthday(std::size_t many) {
  Prober& opener = hosts_[2 + many];
  Prober& guesser = hosts_[3 - many];
  for (const std::size_t side : {0u, 1u}) ask_servers(side, Address::Family::ipv4);
  if (opener.told.empty() || guesser.told.empty()) return false;
  RandomSource random = random_.fork("birthday");
  add_new(opener.known, guesser.told.back());
  for (int round = 0; round < 3; ++round) {
    const std::vector<Address> known = opener.known;
    for (const Address& address : known) {
      for (int i = 0; i < kBirthdayPorts; ++i) {
        opener.send(Kind::ping, address, static_cast<std::uint16_t>(10'000 + i));
      }
    }
    run(seconds(1));
    for (int i = 0; i < kBirthdayTries; ++i) {
      const auto port = static_cast<std::uint16_t>(1024 + random.below(65'536 - 1024));
      guesser.send(Kind::ping, with(opener.told.back(), port));
    }
    run(seconds(1));
  }
  return opener.answered || guesser.answered;
}

}  // namespace
}  // namespace kith::sim
