// A NAT in use: datagrams through 1, 1,000 and 65,000 mappings in no order that a cache would like,
// and the same through one written with ordered maps. items_per_second is datagrams per second.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/sim/naive_nat.h"
#include "tests/sim/nat_scene.h"

namespace kith::sim {
namespace {

// All mappings stay alive: the clock stands, apart from a nanosecond for each datagram.
constexpr std::size_t kPorts = 64'000;

NatSpec busy() {
  NatSpec spec;
  spec.table_size = 1 << 17;
  return spec;
}

std::vector<Address> two_ips() { return {kPublicIp, Address::v4(203, 0, 113, 2, 0)}; }

// The i-th inner endpoint: 250 ports of a host, then the next host.
Address inner(std::size_t i) {
  const auto host = static_cast<std::uint16_t>(i % kPorts / 250);
  return Address::v4(10, 0, static_cast<std::uint8_t>(host), static_cast<std::uint8_t>(i / kPorts),
                     static_cast<std::uint16_t>(1024 + i % kPorts));
}

struct Traffic {
  std::vector<Address> inner, external;
  std::size_t next = 0;

  // A step that is prime to the number of mappings visits all of them.
  std::size_t turn() { return next = (next + 40'503) % inner.size(); }
};

template <class Send>
Traffic open_mappings(std::size_t mappings, Send send) {
  Traffic out;
  for (std::size_t i = 0; i < mappings; ++i) {
    out.inner.push_back(inner(i));
    out.external.push_back(send(out.inner.back()));
  }
  return out;
}

void nat_outbound(benchmark::State& state) {
  Nat nat(busy(), two_ips(), draws());
  const Address y = outside(1, 3478);
  Traffic traffic = open_mappings(static_cast<std::size_t>(state.range(0)), [&](const Address& x) {
    return nat.outbound(at({}), x, y).source;
  });
  Instant now;
  for (auto _ : state) {
    now.ns += 1;
    benchmark::DoNotOptimize(nat.outbound(now, traffic.inner[traffic.turn()], y));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(nat_outbound)->Arg(1)->Arg(1'000)->Arg(65'000);

void nat_inbound(benchmark::State& state) {
  Nat nat(busy(), two_ips(), draws());
  const Address y = outside(1, 3478);
  Traffic traffic = open_mappings(static_cast<std::size_t>(state.range(0)), [&](const Address& x) {
    return nat.outbound(at({}), x, y).source;
  });
  Instant now;
  for (auto _ : state) {
    now.ns += 1;
    benchmark::DoNotOptimize(nat.inbound(now, traffic.external[traffic.turn()], y));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(nat_inbound)->Arg(1)->Arg(1'000)->Arg(65'000);

void naive_nat_outbound(benchmark::State& state) {
  Nat nat(busy(), two_ips(), draws());
  NaiveNat naive(busy(), two_ips());
  const Address y = outside(1, 3478);
  Traffic traffic = open_mappings(static_cast<std::size_t>(state.range(0)), [&](const Address& x) {
    return naive.outbound(at({}), x, y, nat.outbound(at({}), x, y).source).source;
  });
  Instant now;
  for (auto _ : state) {
    now.ns += 1;
    const std::size_t i = traffic.turn();
    benchmark::DoNotOptimize(naive.outbound(now, traffic.inner[i], y, traffic.external[i]));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(naive_nat_outbound)->Arg(1)->Arg(1'000)->Arg(65'000);

void naive_nat_inbound(benchmark::State& state) {
  Nat nat(busy(), two_ips(), draws());
  NaiveNat naive(busy(), two_ips());
  const Address y = outside(1, 3478);
  Traffic traffic = open_mappings(static_cast<std::size_t>(state.range(0)), [&](const Address& x) {
    return naive.outbound(at({}), x, y, nat.outbound(at({}), x, y).source).source;
  });
  Instant now;
  for (auto _ : state) {
    now.ns += 1;
    benchmark::DoNotOptimize(naive.inbound(now, traffic.external[traffic.turn()], y));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(naive_nat_inbound)->Arg(1)->Arg(1'000)->Arg(65'000);

}  // namespace
}  // namespace kith::sim
