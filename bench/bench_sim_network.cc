// The simulator's event core and network model alone: nodes that answer each 200-byte datagram
// with another one, everything hashed. No engine. Either on wires of their own; or every second one
// at a site of its own behind a NAT and the others on the internet, so that each datagram passes a
// NAT and three links; or all behind NATs, where it passes two and four links. Loss, jitter,
// duplication, reordering and corruption on the way. items_per_second is datagrams per wall second.

#include <benchmark/benchmark.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "engine/base/random.h"
#include "engine/trace/trace_hash.h"
#include "kith/input.h"
#include "sim/network/network.h"
#include "sim/world/timeline.h"
#include "sim/world/topology.h"

namespace kith::sim {
namespace {

constexpr std::size_t kDatagramBytes = 200;
constexpr std::size_t kNeighbours = 4;  // links of each node
constexpr std::size_t kConversations = 2;

Address address_of(std::size_t node) {
  return Address::v4(10, static_cast<std::uint8_t>(node >> 16),
                     static_cast<std::uint8_t>(node >> 8), static_cast<std::uint8_t>(node), 4433);
}

LinkSpec lossy_link() {
  LinkSpec spec;
  spec.rate_bps = 100'000'000;
  spec.delay = std::chrono::milliseconds(10);
  spec.jitter = std::chrono::milliseconds(5);
  spec.loss = Ppm{10'000};
  // What is lost is made up for by what is doubled: the number of conversations stays.
  spec.duplicate = Ppm{10'000};
  spec.reorder = Ppm{10'000};
  spec.reorder_delay = std::chrono::milliseconds(20);
  spec.corrupt = Ppm{1'000};
  return spec;
}

// Sends back what it gets.
class Echo final : public DatagramSink {
 public:
  Echo(Network& network, trace::Recorder& recorder, std::uint32_t index)
      : network_(network), recorder_(recorder), node_(network.add_node(*this)), index_(index) {}

  NodeId node() const { return node_; }

  void on_datagrams(Instant now, const Arrival& arrival) override {
    recorder_.input(index_, now,
                    DatagramsReceived{SocketId{1}, arrival.local, arrival.remote, 1, arrival.ecn,
                                      arrival.stride, arrival.bytes});
    for (std::size_t at = 0; at < arrival.bytes.size(); at += arrival.stride) {
      const std::size_t size = std::min(arrival.stride, arrival.bytes.size() - at);
      network_.send(node_, arrival.local, arrival.remote, arrival.ecn,
                    arrival.bytes.subspan(at, size));
    }
  }

 private:
  Network& network_;
  trace::Recorder& recorder_;
  NodeId node_;
  std::uint32_t index_;
};

// So many nodes and the network between them.
class Scene {
 public:
  explicit Scene(std::size_t nodes)
      : network_(timeline_, RandomSource(std::array<std::byte, 32>{})), topology_(network_) {
    for (std::uint32_t i = 0; i < nodes; ++i) {
      echoes_.push_back(std::make_unique<Echo>(network_, trace_.recorder(), i));
    }
  }

  void join_by_wires() {
    const std::size_t nodes = echoes_.size();
    for (std::size_t i = 0; i < nodes; ++i) {
      network_.add_address(echoes_[i]->node(), address_of(i));
      addresses_.push_back({address_of(i), address_of(i)});
    }
    for (std::size_t i = 0; i < nodes; ++i) {
      for (std::size_t n = 0; n < kNeighbours; ++n) {
        const std::size_t other = neighbour(i, n);
        network_.connect(echoes_[i]->node(), echoes_[other]->node(), lossy_link());
        network_.connect(echoes_[other]->node(), echoes_[i]->node(), lossy_link());
      }
    }
  }

  // Every gateway forwards a port to its node, so that each can begin.
  void join_behind_nats() {
    for (const auto& echo : echoes_) join_behind_nat(*echo);
  }

  void join_clients_and_servers() {
    for (std::size_t i = 0; i < echoes_.size(); ++i) {
      if (i % 2 == 0) {
        join_behind_nat(*echoes_[i]);
      } else {
        join_internet(*echoes_[i]);
      }
    }
  }

  void begin() {
    const std::array<std::byte, kDatagramBytes> payload{};
    for (std::size_t i = 0; i < echoes_.size(); ++i) {
      for (std::size_t n = 0; n < kConversations; ++n) {
        const std::size_t other = neighbour(i, n);
        network_.send(echoes_[i]->node(), addresses_[i].own, addresses_[other].public_one,
                      Ecn::not_ect, payload);
      }
    }
  }

  // After a virtual second, in which NATs get their mappings and pools grow.
  void measure(benchmark::State& state) {
    begin();
    timeline_.run_until(timeline_.now() + std::chrono::seconds(1));
    const NetworkCounters before = network_.counters();
    for (auto _ : state) {
      timeline_.run_until(timeline_.now() + std::chrono::milliseconds(10));
    }
    const NetworkCounters& counters = network_.counters();
    state.SetItemsProcessed(static_cast<std::int64_t>(counters.delivered - before.delivered));
    state.counters["in_flight"] = static_cast<double>(network_.in_flight());
    state.counters["gateways_passed"] =
        static_cast<double>(counters.translated) / static_cast<double>(counters.delivered);
    benchmark::DoNotOptimize(trace_.digest());
  }

 private:
  struct Addresses {
    Address own;
    Address public_one;
  };

  // At an odd distance: of a client servers, of a server clients.
  std::size_t neighbour(std::size_t node, std::size_t n) const {
    return (node + (2 * n + 1) * 31) % echoes_.size();
  }

  void join_behind_nat(const Echo& echo) {
    SiteSpec site;
    site.line.up = lossy_link();
    site.line.down = lossy_link();
    AttachmentSpec place;
    place.site = topology_.add_site(site);
    place.forwarded = true;
    const Attachment attachment = topology_.attach(echo.node(), place);
    Address own = attachment.addresses.front();
    own.port = place.forwarded_port;
    addresses_.push_back({own, *topology_.forwarded_address(attachment)});
  }

  void join_internet(const Echo& echo) {
    AttachmentSpec place;
    place.link.up = lossy_link();
    place.link.down = lossy_link();
    Address own = topology_.attach(echo.node(), place).addresses.front();
    own.port = place.forwarded_port;
    addresses_.push_back({own, own});
  }

  Timeline timeline_;
  Network network_;
  Topology topology_;
  trace::TraceHash trace_;
  std::vector<std::unique_ptr<Echo>> echoes_;
  std::vector<Addresses> addresses_;
};

void exchange_on_wires(benchmark::State& state) {
  Scene scene(static_cast<std::size_t>(state.range(0)));
  scene.join_by_wires();
  scene.measure(state);
}
BENCHMARK(exchange_on_wires)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMillisecond);

void exchange_with_servers(benchmark::State& state) {
  Scene scene(static_cast<std::size_t>(state.range(0)));
  scene.join_clients_and_servers();
  scene.measure(state);
}
BENCHMARK(exchange_with_servers)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMillisecond);

void exchange_through_nats(benchmark::State& state) {
  Scene scene(static_cast<std::size_t>(state.range(0)));
  scene.join_behind_nats();
  scene.measure(state);
}
BENCHMARK(exchange_through_nats)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace kith::sim
