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

// `open(x)` makes a mapping for x and gives its external endpoint; `pass(now, x, external)` is what
// is measured. A step that is prime to the number of mappings visits all of them.
template <class Open, class Pass>
void measure(benchmark::State& state, Open open, Pass pass) {
  const auto mappings = static_cast<std::size_t>(state.range(0));
  std::vector<Address> internal, external;
  for (std::size_t i = 0; i < mappings; ++i) {
    internal.push_back(inner(i));
    external.push_back(open(internal.back()));
  }
  Instant now;
  std::size_t next = 0;
  for (auto _ : state) {
    now.ns += 1;
    next = (next + 40'503) % mappings;
    benchmark::DoNotOptimize(pass(now, internal[next], external[next]));
  }
  state.SetItemsProcessed(state.iterations());
}

const Address kRemote = outside(1, 3478);

template <class Pass>
void measure_nat(benchmark::State& state, Pass pass) {
  Nat nat(busy(), two_ips(), draws());
  measure(
      state, [&](const Address& x) { return nat.outbound(at({}), x, kRemote).source; },
      [&](Instant now, const Address& x, const Address& external) {
        return pass(nat, now, x, external);
      });
}

template <class Pass>
void measure_naive(benchmark::State& state, Pass pass) {
  Nat chooses(busy(), two_ips(), draws());  // the ports: a naive one takes what it is given
  NaiveNat nat(busy(), two_ips());
  measure(
      state,
      [&](const Address& x) {
        const Address external = chooses.outbound(at({}), x, kRemote).source;
        return nat.outbound(at({}), x, kRemote, external).source;
      },
      [&](Instant now, const Address& x, const Address& external) {
        return pass(nat, now, x, external);
      });
}

void nat_outbound(benchmark::State& state) {
  measure_nat(state, [](Nat& nat, Instant now, const Address& x, const Address&) {
    return nat.outbound(now, x, kRemote);
  });
}
void nat_inbound(benchmark::State& state) {
  measure_nat(state, [](Nat& nat, Instant now, const Address&, const Address& external) {
    return nat.inbound(now, external, kRemote);
  });
}
void naive_nat_outbound(benchmark::State& state) {
  measure_naive(state, [](NaiveNat& nat, Instant now, const Address& x, const Address& external) {
    return nat.outbound(now, x, kRemote, external);
  });
}
void naive_nat_inbound(benchmark::State& state) {
  measure_naive(state, [](NaiveNat& nat, Instant now, const Address&, const Address& external) {
    return nat.inbound(now, external, kRemote);
  });
}
BENCHMARK(nat_outbound)->Arg(1)->Arg(1'000)->Arg(65'000);
BENCHMARK(nat_inbound)->Arg(1)->Arg(1'000)->Arg(65'000);
BENCHMARK(naive_nat_outbound)->Arg(1)->Arg(1'000)->Arg(65'000);
BENCHMARK(naive_nat_inbound)->Arg(1)->Arg(1'000)->Arg(65'000);

}  // namespace
}  // namespace kith::sim
