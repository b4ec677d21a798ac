// The simulator's event core and network model alone: nodes that answer each 200-byte datagram
// with another one, through loss, jitter, duplication and reordering, everything hashed. No engine.
// items_per_second is datagrams per wall second.

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
      : network_(network), recorder_(recorder), node_(network.add_node(*this)), index_(index) {
    network.add_address(node_, address_of(index));
  }

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

void exchange_datagrams(benchmark::State& state) {
  const auto nodes = static_cast<std::size_t>(state.range(0));
  Timeline timeline;
  Network network(timeline, RandomSource(std::array<std::byte, 32>{}));
  trace::TraceHash trace;
  std::vector<std::unique_ptr<Echo>> echoes;
  for (std::uint32_t i = 0; i < nodes; ++i) {
    echoes.push_back(std::make_unique<Echo>(network, trace.recorder(), i));
  }
  const std::array<std::byte, kDatagramBytes> payload{};
  for (std::size_t i = 0; i < nodes; ++i) {
    for (std::size_t step = 1; step <= kNeighbours; ++step) {
      const std::size_t other = (i + step * step * 31) % nodes;
      network.connect(echoes[i]->node(), echoes[other]->node(), lossy_link());
      network.connect(echoes[other]->node(), echoes[i]->node(), lossy_link());
    }
  }
  for (std::size_t i = 0; i < nodes; ++i) {
    for (std::size_t n = 0; n < kConversations; ++n) {
      const std::size_t other = (i + (n + 1) * (n + 1) * 31) % nodes;
      network.send(echoes[i]->node(), address_of(i), address_of(other), Ecn::not_ect, payload);
    }
  }
  for (auto _ : state) {
    timeline.run_until(timeline.now() + std::chrono::milliseconds(10));
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(network.counters().delivered));
  state.counters["in_flight"] = static_cast<double>(network.in_flight());
  benchmark::DoNotOptimize(trace.digest());
}
BENCHMARK(exchange_datagrams)->Arg(1'000)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace kith::sim
