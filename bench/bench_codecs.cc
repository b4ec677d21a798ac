// Writing and reading what kith puts on the wire, on disk and into a trace. bytes_per_second is the
// encoded size; memcpy of as many bytes is the limit.

#include <benchmark/benchmark.h>

#include <cstdint>
#include <cstring>
#include <string>

#include "engine/base/check.h"
#include "engine/base/random.h"
#include "engine/messaging/codec.h"
#include "engine/pairing/messages.h"
#include "engine/registry/device_record.h"
#include "engine/trace/trace_hash.h"
#include "engine/transfer/codec.h"
#include "engine/wire/frame.h"

namespace kith {
namespace {

void count(benchmark::State& state, std::size_t bytes) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
  state.SetItemsProcessed(state.iterations());
}

Bytes payload_of(const Bytes& frame) {
  return to_bytes(ByteView(frame).subspan(wire::kFrameHeaderBytes));
}

template <class Encode>
void encodes(benchmark::State& state, const Encode& encode) {
  std::size_t size = 0;
  for (auto _ : state) {
    const Bytes frame = encode();
    size = frame.size();
    benchmark::DoNotOptimize(frame.data());
  }
  count(state, size);
}

template <class Decode>
void decodes(benchmark::State& state, const Bytes& frame, const Decode& decode) {
  const Bytes payload = payload_of(frame);
  for (auto _ : state) {
    const auto message = decode(payload);
    KITH_CHECK(message.has_value());
  }
  count(state, frame.size());
}

transfer::Message manifest_of_100() {
  transfer::ManifestPart part;
  for (int i = 0; i < 100; ++i) {
    transfer::ManifestEntry entry;
    entry.name = "picture-" + std::to_string(1000 + i) + ".jpeg";
    entry.mode = 0644;
    entry.size_bytes = 3'000'000;
    entry.modified_ns = 1'700'000'000'000'000'000;
    part.entries.push_back(entry);
  }
  return part;
}

messaging::Message envelope() {
  messaging::Envelope envelope;
  envelope.sequence = 7;
  envelope.body = std::string(1000, 'x');
  return envelope;
}

void transfer_manifest_encode(benchmark::State& state) {
  const auto message = manifest_of_100();
  encodes(state, [&] { return transfer::make_message(message); });
}
void transfer_manifest_decode(benchmark::State& state) {
  decodes(state, transfer::make_message(manifest_of_100()),
          [](ByteView payload) { return transfer::parse_message(payload); });
}
void message_encode(benchmark::State& state) {
  const auto message = envelope();
  encodes(state, [&] { return messaging::encode(message); });
}
void message_decode(benchmark::State& state) {
  decodes(state, messaging::encode(envelope()),
          [](ByteView payload) { return messaging::decode(payload); });
}
void pairing_encode(benchmark::State& state) {
  const pairing::Message message = pairing::Reply{};
  encodes(state, [&] { return pairing::encode(message); });
}
void pairing_decode(benchmark::State& state) {
  decodes(state, pairing::encode(pairing::Reply{}),
          [](ByteView payload) { return pairing::decode(payload); });
}

// Sealed and authenticated at rest.
struct Record {
  RandomSource random{Seed{}};
  SecretKey key = SecretKey::random(random);
  DeviceRecord record;
};

void device_record_encode(benchmark::State& state) {
  Record at;
  at.record.name = "ada-laptop";
  at.record.secret = SecretKey::random(at.random);
  encodes(state, [&] { return *encode_device_record(at.record, at.key, at.random).value; });
}
void device_record_decode(benchmark::State& state) {
  Record at;
  at.record.name = "ada-laptop";
  at.record.secret = SecretKey::random(at.random);
  const Bytes value = *encode_device_record(at.record, at.key, at.random).value;
  for (auto _ : state) {
    KITH_CHECK(decode_device_record(at.record.id, value, at.key).has_value());
  }
  count(state, value.size());
}

// What recording and hashing add to a datagram that arrives.
void trace_hash_datagram(benchmark::State& state) {
  const Bytes datagram(1200);
  trace::TraceHash hash;
  DatagramsReceived input;
  input.bytes = datagram;
  input.stride = datagram.size();
  for (auto _ : state) hash.recorder().input(0, Instant{}, Input(input));
  count(state, datagram.size());
}

void memcpy_limit(benchmark::State& state) {
  const Bytes from(static_cast<std::size_t>(state.range(0)));
  Bytes to(from.size());
  for (auto _ : state) {
    std::memcpy(to.data(), from.data(), from.size());
    benchmark::DoNotOptimize(to.data());
    benchmark::ClobberMemory();
  }
  count(state, from.size());
}

BENCHMARK(transfer_manifest_encode);
BENCHMARK(transfer_manifest_decode);
BENCHMARK(message_encode);
BENCHMARK(message_decode);
BENCHMARK(pairing_encode);
BENCHMARK(pairing_decode);
BENCHMARK(device_record_encode);
BENCHMARK(device_record_decode);
BENCHMARK(trace_hash_datagram);
BENCHMARK(memcpy_limit)->Arg(1200)->Arg(8000);

}  // namespace
}  // namespace kith
