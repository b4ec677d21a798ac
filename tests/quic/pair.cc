#include "tests/quic/pair.h"

#include <sodium.h>

#include <algorithm>

#include "engine/base/check.h"

namespace kith::quic::testing {
namespace {

constexpr std::size_t kBufferBytes = 65'536;

RandomSource source(std::uint8_t seed) {
  std::array<std::byte, 32> bytes{};
  bytes[0] = std::byte{seed};
  return RandomSource(bytes);
}

}  // namespace

std::shared_ptr<const KeyPair> TestPolicy::key_for(std::string_view server_name) {
  ++asked_for_key;
  const auto found = keys.find(server_name);
  return found == keys.end() ? nullptr : found->second;
}

std::vector<std::string> TestPolicy::alpns_for(std::string_view) { return alpns; }

std::optional<ServerPolicy::PskMatch> TestPolicy::psk_for(std::string_view identity) {
  const auto found = psks.find(identity);
  if (found == psks.end()) return std::nullopt;
  return found->second;
}

bool TestPolicy::admit(const DeviceId&, bool, std::string_view, std::string_view) {
  ++asked_to_admit;
  return admits;
}

Host::Host(const EndpointConfig& config, const RandomSource& random, std::string_view name,
           const Address& at)
    : address(at), endpoint(config, policy, random.fork(name)) {
  RandomSource keys = random.fork("keys of hosts").fork(name);
  key = std::make_shared<const KeyPair>(KeyPair::random(keys));
}

void Host::drain() {
  while (auto event = endpoint.poll_event()) {
    if (const auto* readable = std::get_if<StreamReadable>(&*event); readable && takes) {
      const auto taken = endpoint.take(readable->connection, readable->stream);
      StreamLog& log = streams[readable->stream];
      log.received.insert(log.received.end(), taken.bytes.begin(), taken.bytes.end());
      log.fin = log.fin || taken.fin;
      if (credits) endpoint.credit(readable->connection, readable->stream, taken.bytes.size());
    } else if (const auto* reset = std::get_if<StreamReset>(&*event)) {
      streams[reset->stream].reset = reset->code;
    } else if (const auto* stopped = std::get_if<StreamStopped>(&*event)) {
      streams[stopped->stream].stopped = stopped->code;
    } else if (const auto* writable = std::get_if<StreamWritable>(&*event)) {
      ++streams[writable->stream].writable;
    }
    events.push_back(std::move(*event));
  }
}

std::uint64_t Host::counter(std::string_view reason) const {
  const auto found = endpoint.counters().find(reason);
  return found == endpoint.counters().end() ? 0 : found->second;
}

Pair::Pair() : Pair(Options{}) {}

Pair::Pair(const Options& options)
    : client(options.client, source(options.seed), "client", Address::v4(10, 0, 0, 1, 1111)),
      server(options.server, source(options.seed), "server", Address::v4(10, 0, 0, 2, 2222)),
      now(options.start),
      random_(source(options.seed).fork("network")) {
  server.policy.keys["server"] = server.key;
  ServerPolicy::PskMatch match;
  match.key.fill(std::byte{0x5a});
  match.peer = client.key->id();
  server.policy.psks["paired"] = match;
}

ClientHello Pair::hello() const {
  ClientHello hello;
  hello.server_name = "server";
  hello.alpns = {"kith/test/1"};
  hello.key = client.key;
  hello.expected_key = server.key->id();
  return hello;
}

ClientHello Pair::psk_hello(std::string_view identity) const {
  ClientHello hello;
  hello.alpns = {"kith/test/1"};
  ClientHello::Psk psk;
  psk.identity = identity;
  psk.key.fill(std::byte{0x5a});
  psk.peer = server.key->id();
  hello.psk = psk;
  return hello;
}

ConnectionId Pair::connect(const ClientHello& hello) {
  const auto id =
      client.endpoint.connect(now, client.socket, client.address, server.address, hello);
  KITH_CHECK_MSG(id.has_value(), "{}", id.error().message);
  return *id;
}

ConnectionId Pair::establish() { return establish(hello()); }

ConnectionId Pair::establish(const ClientHello& hello) {
  const std::size_t before = server.count<Connected>();
  const ConnectionId id = connect(hello);
  const bool done = run_until([&] {
    const auto* connected = client.last<Connected>();
    return connected != nullptr && connected->connection == id &&
           server.count<Connected>() > before;
  });
  KITH_CHECK_MSG(done, "the two sides did not connect");
  return id;
}

ConnectionId Pair::accepted() const {
  const auto* connected = server.last<Connected>();
  KITH_CHECK(connected != nullptr);
  return connected->connection;
}

StreamId Pair::open(Host& host, ConnectionId connection, StreamKind kind) {
  const std::size_t before = host.count<StreamReady>();
  host.endpoint.open_stream(connection, kind, before);
  KITH_CHECK(run_until([&] { return host.count<StreamReady>() > before; }));
  return host.last<StreamReady>()->stream;
}

bool Pair::run_until(const std::function<bool()>& done, Duration limit) {
  const Instant end = now + limit;
  for (;;) {
    collect(client);
    collect(server);
    if (done()) return true;
    if (!step(end)) {
      now = end;
      return false;
    }
  }
}

void Pair::run_for(Duration time) {
  run_until([] { return false; }, time);
}

// Goes to the next moment at which anything is due; false if that is after `limit`.
bool Pair::step(Instant limit) {
  const Instant next = next_event();
  if (next > limit) return false;
  now = std::max(now, next);
  while (!in_flight_.empty() && in_flight_.begin()->first <= now) {
    const Packet packet = std::move(in_flight_.begin()->second);
    in_flight_.erase(in_flight_.begin());
    deliver(packet);
  }
  for (Host* host : {&client, &server}) {
    const auto wakeup = host->endpoint.next_wakeup();
    if (wakeup && wakeup->at <= now) host->endpoint.handle_timeout(now);
    host->endpoint.check_invariants();
  }
  return true;
}

Instant Pair::next_event() const {
  Instant next = in_flight_.empty() ? Instant::never() : in_flight_.begin()->first;
  for (const Host* host : {&client, &server}) {
    if (const auto wakeup = host->endpoint.next_wakeup()) next = std::min(next, wakeup->at);
  }
  return next;
}

void Pair::collect(Host& host) {
  host.drain();
  collect(host, host.socket, host.address);
  if (host.other_address) collect(host, host.other_socket, *host.other_address);
}

void Pair::collect(Host& host, SocketId socket, const Address& from) {
  Bytes buffer(kBufferBytes);
  while (const auto transmit =
             host.endpoint.poll_datagrams(now, socket, buffer, host.max_segments)) {
    KITH_CHECK(transmit->socket == socket);
    KITH_CHECK(transmit->size > 0 && transmit->segment_size > 0);
    KITH_CHECK((transmit->size + transmit->segment_size - 1) / transmit->segment_size <=
               host.max_segments);
    for (std::size_t at = 0; at < transmit->size; at += transmit->segment_size) {
      const std::size_t size = std::min(transmit->segment_size, transmit->size - at);
      const auto bytes = std::span(buffer).subspan(at, size);
      send({from, transmit->remote, transmit->ecn, {bytes.begin(), bytes.end()}});
    }
    host.drain();
  }
}

void Pair::send(Packet packet) {
  ++packets;
  crypto_generichash_state state;
  crypto_generichash_init(&state, nullptr, 0, trace_hash.size());
  const auto absorb = [&](const void* data, std::size_t size) {
    crypto_generichash_update(&state, static_cast<const unsigned char*>(data), size);
  };
  absorb(trace_hash.data(), trace_hash.size());
  absorb(&now.ns, sizeof now.ns);
  absorb(packet.from.ip.data(), packet.from.ip.size());
  absorb(packet.bytes.data(), packet.bytes.size());
  crypto_generichash_final(&state, reinterpret_cast<unsigned char*>(trace_hash.data()),
                           trace_hash.size());

  if (filter && !filter(packet)) return;
  if (packet.bytes.size() > mtu) return;
  if (random_.chance(faults.lost, 1000)) return;
  const bool twice = random_.chance(faults.duplicated, 1000);
  if (random_.chance(faults.corrupted, 1000)) {
    packet.bytes[random_.below(packet.bytes.size())] ^= std::byte{1} << random_.below(8);
  }
  Instant at = now;
  if (rate > 0) {
    Instant& free_at = link_free_at_[packet.to];
    at = std::max(now, free_at);
    const auto spent = [&](std::uint64_t bytes) {
      return Duration(static_cast<std::int64_t>(bytes * 1'000'000'000 / rate));
    };
    if (at - now > spent(queue_bytes)) return;
    free_at = at = at + spent(packet.bytes.size());
  }
  at = at + delay;
  if (random_.chance(faults.reordered, 1000)) {
    at = at + Duration(static_cast<std::int64_t>(
                  random_.below(3 * static_cast<std::uint64_t>(delay.count()))));
  }
  if (twice) in_flight_.emplace(at, packet);
  in_flight_.emplace(at, std::move(packet));
}

void Pair::deliver(const Packet& packet) {
  const auto is_for = [&](const Host& host) {
    return packet.to == host.address || packet.to == host.other_address;
  };
  if (!is_for(client) && !is_for(server)) return;
  Host& host = is_for(server) ? server : client;
  DatagramsReceived batch;
  batch.socket = packet.to == host.address ? host.socket : host.other_socket;
  batch.local = packet.to;
  batch.remote = packet.from;
  batch.ecn = packet.ecn;
  batch.stride = packet.bytes.size();
  batch.bytes = packet.bytes;
  host.endpoint.handle_datagrams(now, batch);
}

SharedBytes shared(std::string_view text) { return SharedBytes(to_bytes(as_byte_view(text))); }

Bytes pattern(std::size_t size, std::uint64_t seed) {
  Bytes out(size);
  std::uint64_t state = seed * 0x9e3779b97f4a7c15u + 1;
  for (std::byte& byte : out) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    byte = static_cast<std::byte>(state >> 56);
  }
  return out;
}

}  // namespace kith::quic::testing
