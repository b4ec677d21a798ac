// Streams between two endpoints in memory, both in one thread on a virtual clock without delay:
// what the code costs, apart from sockets. bytes_per_second is what the application gets.

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>

#include "engine/base/check.h"
#include "tests/quic/pair.h"

namespace kith::quic {
namespace {

using testing::Pair;
using testing::StreamLog;

Pair pair_with_payload(std::int64_t max_udp_payload) {
  Pair::Options options;
  options.client.max_udp_payload = static_cast<std::size_t>(max_udp_payload);
  options.server.max_udp_payload = options.client.max_udp_payload;
  return Pair(options);
}

void forget(Pair& pair) {
  for (auto* host : {&pair.client, &pair.server}) {
    host->events.clear();
    host->streams.clear();
  }
}

// 1 MiB on a stream of its own, until the peer has its end.
void one_stream(benchmark::State& state) {
  Pair pair = pair_with_payload(state.range(0));
  pair.mtu = 65'507;
  pair.delay = std::chrono::microseconds(50);
  const ConnectionId connection = pair.establish();
  pair.run_for(std::chrono::seconds(5));  // the path's largest payload is known
  const SharedBytes piece(testing::pattern(1 << 20));
  for (auto _ : state) {
    const StreamId stream = pair.open(pair.client, connection, StreamKind::unidirectional);
    pair.client.endpoint.write(connection, stream, piece, true);
    KITH_CHECK(pair.run_until([&] { return pair.server.streams[stream].fin; }));
    forget(pair);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(piece.size()));
}

// Opened, 100 bytes there, 100 bytes back: what a request and its answer cost.
void request_and_answer(benchmark::State& state) {
  Pair pair = pair_with_payload(1452);
  pair.delay = std::chrono::microseconds(50);
  const ConnectionId connection = pair.establish();
  const ConnectionId there = pair.accepted();
  const SharedBytes piece(testing::pattern(100));
  for (auto _ : state) {
    const StreamId stream = pair.open(pair.client, connection);
    pair.client.endpoint.write(connection, stream, piece, true);
    KITH_CHECK(pair.run_until([&] { return pair.server.streams[stream].fin; }));
    pair.server.endpoint.write(there, stream, piece, true);
    KITH_CHECK(pair.run_until([&] { return pair.client.streams[stream].fin; }));
    forget(pair);
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK(one_stream)->ArgName("payload")->Arg(1200)->Arg(1452)->Arg(9000)->Arg(65'507);
BENCHMARK(request_and_answer)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace kith::quic
