#include "sim/adversaries/impostor.h"

#include <variant>

namespace kith::sim {
namespace {

constexpr SocketId kSocket{1};
constexpr std::size_t kRoomBytes = 2048;

}  // namespace

Impostor::Impostor(RandomSource random)
    : random_(std::move(random)),
      key_(std::make_shared<const KeyPair>(KeyPair::random(random_))),
      endpoint_(quic::EndpointConfig{}, *this, random_.fork("endpoint")) {}

std::shared_ptr<const KeyPair> Impostor::key_for(std::string_view) {
  ++dialled_;
  return key_;
}

// What pairing and paired devices speak.
std::vector<std::string> Impostor::alpns_for(std::string_view) {
  return {"kith/pair/1", "kith/message/1", "kith/transfer/1"};
}

void Impostor::handle(Instant now, const Arrival& arrival) {
  local_ = arrival.local;
  // Those that were left alone are forgotten when the next one comes: it has no timer.
  endpoint_.handle_timeout(now);
  endpoint_.handle_datagrams(now, {kSocket, arrival.local, arrival.remote, arrival.interface,
                                   arrival.ecn, arrival.stride, arrival.bytes});
  while (const auto event = endpoint_.poll_event()) {
    if (std::holds_alternative<quic::Connected>(*event)) ++believed_;
  }
}

std::optional<Impostor::Said> Impostor::poll(Instant now) {
  Bytes room(kRoomBytes);
  const auto sent = endpoint_.poll_datagrams(now, kSocket, room, 1);
  if (!sent) return std::nullopt;
  room.resize(sent->size);
  return Said{local_, sent->remote, std::move(room)};
}

}  // namespace kith::sim
