#include "tests/sim/stranger.h"

#include <algorithm>

#include "engine/core/server_names.h"

namespace kith::sim {
namespace {

constexpr SocketId kSocket{1};
constexpr std::string_view kAlpn = "kith/pair/1";
constexpr std::size_t kMaxSegments = 64;
constexpr std::size_t kOutboundBytes = 65'536;

LinkSpec attackers_link() {
  LinkSpec link;
  link.delay = std::chrono::milliseconds(5);
  return link;
}

}  // namespace

Stranger::Stranger(World& world, const Address& address, Unlinked)
    : world_(world),
      random_(world.random("stranger")),
      address_(address),
      identity_(SecretKey::random(random_)),
      own_key_(std::make_shared<const KeyPair>(KeyPair::random(random_))),
      node_(world.network().add_node(*this)),
      endpoint_(quic::EndpointConfig{}, *this, random_.fork("endpoint")) {}

Stranger::Stranger(World& world, const Address& address) : Stranger(world, address, Unlinked{}) {
  Network& network = world.network();
  network.add_address(node_, address_);
  for (DeviceIndex i = 0; i < world.device_count(); ++i) {
    network.connect(node_, world.device(i).node(), attackers_link());
    network.connect(world.device(i).node(), node_, attackers_link());
  }
}

Stranger::Stranger(World& world, const Address& address, const MemberSpec& internet)
    : Stranger(world, address, Unlinked{}) {
  Network& network = world.network();
  network.give_address(network.join(node_, kInternet, internet), address);
}

void Stranger::guess(const Address& at, const DeviceId& rendezvous, const SecretKey& password,
                     AfterAnswer after) {
  Guess guess;
  guess.key = std::make_shared<const KeyPair>(KeyPair::random(random_));
  guess.rendezvous = rendezvous;
  guess.password = password.clone();
  guess.after = after;
  quic::ClientHello hello;
  hello.server_name = server_name_of(rendezvous);
  hello.alpns = {std::string(kAlpn)};
  hello.key = guess.key;  // and whatever key the other side shows is fine
  const auto connection = endpoint_.connect(world_.now(), kSocket, address_, at, hello);
  KITH_CHECK(connection.has_value());
  running_.emplace(*connection, std::move(guess));
  ++guesses_.dialled;
  run(world_.now());
}

void Stranger::inject(const Address& source, const Address& destination, ByteView bytes) {
  world_.network().send(node_, source, destination, Ecn::not_ect, bytes);
}

void Stranger::on_datagrams(Instant now, const Arrival& arrival) {
  ++datagrams_;
  endpoint_.handle_datagrams(now, DatagramsReceived{kSocket, arrival.local, arrival.remote, 1,
                                                    arrival.ecn, arrival.stride, arrival.bytes});
  run(now);
}

void Stranger::on_event(Instant now, std::uint64_t) {
  if (now < timer_at_) return;
  timer_at_ = Instant::never();
  endpoint_.handle_timeout(now);
  run(now);
}

void Stranger::run(Instant now) {
  while (const auto event = endpoint_.poll_event()) {
    std::visit([this](const auto& known) { on(known); }, *event);
  }
  Bytes room(kOutboundBytes);
  while (const auto sent = endpoint_.poll_datagrams(now, kSocket, room, kMaxSegments)) {
    for (std::size_t at = 0; at < sent->size; at += sent->segment_size) {
      inject(address_, sent->remote,
             ByteView(room).subspan(at, std::min(sent->segment_size, sent->size - at)));
    }
  }
  const auto wakeup = endpoint_.next_wakeup();
  if (!wakeup || wakeup->at >= timer_at_) return;
  timer_at_ = std::max(wakeup->at, now);
  world_.timeline().schedule(timer_at_, *this);
}

std::vector<std::string> Stranger::alpns_for(std::string_view) { return {std::string(kAlpn)}; }

void Stranger::on(const quic::Connected& event) {
  const auto found = running_.find(event.connection);
  if (found == running_.end()) {
    ++deceived_;
    return;
  }
  ++guesses_.connected;
  Guess& guess = found->second;
  guess.exchange = std::make_unique<pairing::Exchange>(
      CPaceRole::initiator, pairing::Channel{event.exporter, guess.key->id(), guess.rendezvous},
      guess.password, random_);
  endpoint_.open_stream(event.connection, StreamKind::bidirectional, 0);
}

void Stranger::on(const StreamReady& event) {
  const auto found = running_.find(event.connection);
  if (found == running_.end()) return;
  send(event.connection, event.stream, found->second.exchange->share());
}

void Stranger::on(const quic::StreamReadable& event) {
  const auto taken = endpoint_.take(event.connection, event.stream);
  const auto found = running_.find(event.connection);
  if (found == running_.end()) {
    bytes_heard_ += taken.bytes.size();
    return;
  }
  Guess& guess = found->second;
  guess.frames.push(taken.bytes);
  while (const auto frame = guess.frames.pop()) {
    const auto message = pairing::decode(*frame);
    if (message) answer(event.connection, event.stream, guess, *message);
  }
}

void Stranger::answer(ConnectionId connection, StreamId stream, Guess& guess,
                      const pairing::Message& message) {
  const auto* reply = std::get_if<pairing::Reply>(&message);
  if (reply == nullptr) return;
  ++guesses_.answered;
  const auto confirm = guess.exchange->accept_reply(*reply, {identity_, "mallory"});
  if (confirm) ++guesses_.right;
  if (guess.after == AfterAnswer::say_nothing) return;
  constexpr std::size_t kSomeBytes = 64;
  send(connection, stream, confirm ? *confirm : pairing::Confirm{reply->tag, Bytes(kSomeBytes)});
}

void Stranger::send(ConnectionId connection, StreamId stream, const pairing::Message& message) {
  endpoint_.write(connection, stream, SharedBytes(pairing::encode(message)), false);
}

void Stranger::on(const quic::Closed& event) { guesses_.ended += running_.erase(event.connection); }

}  // namespace kith::sim
