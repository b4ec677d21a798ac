#include "engine/connectivity/dialer.h"

#include <algorithm>
#include <utility>

#include "engine/base/append.h"
#include "engine/base/check.h"

namespace kith {
namespace {

// Somebody answered and would not have us.
bool is_refusal(const Error& error) { return error.code == ErrorCode::refused; }

}  // namespace

std::optional<Dialer::Lost> Dialer::dial(Instant now, DialId dial, DialTarget target,
                                         Instant found_until) {
  KITH_CHECK(!target.hellos.empty());
  if (target.addresses.size() > kMaxDialAddresses) target.addresses.resize(kMaxDialAddresses);
  const std::vector<Address> addresses = target.addresses;
  Dial begun;
  begun.target = std::move(target);
  begun.found_until = found_until;
  begun.tries = addresses.size();
  dials_.emplace(dial, std::move(begun));
  for (const Address& address : addresses) start(now, {dial, address, 0});
  return conclude(now, dial);
}

void Dialer::found(Instant now, const DeviceId& who, const std::vector<Address>& addresses) {
  for (auto& [id, dial] : dials_) {
    if (dial.target.who != who) continue;
    std::vector<Address>& known = dial.target.addresses;
    for (const Address& address : addresses) {
      if (known.size() >= kMaxDialAddresses + kMaxFoundAddresses) break;
      if (!append_once(known, address)) continue;
      ++dial.tries;
      start(now, {id, address, 0});
    }
  }
}

bool Dialer::is_dialling(const DeviceId& who) const {
  return std::any_of(dials_.begin(), dials_.end(),
                     [&](const auto& entry) { return entry.second.target.who == who; });
}

// Who still tries an address is waited for anyway.
std::optional<Instant> Dialer::next_wakeup() const {
  std::optional<Instant> earliest;
  for (const auto& [id, dial] : dials_) {
    if (dial.tries > 0) continue;
    if (!earliest || dial.found_until < *earliest) earliest = dial.found_until;
  }
  return earliest;
}

std::vector<Dialer::Lost> Dialer::on_wakeup(Instant now) {
  std::vector<DialId> ids;
  for (const auto& [id, dial] : dials_) ids.push_back(id);
  std::vector<Lost> lost;
  for (const DialId id : ids) {
    if (auto over = conclude(now, id)) lost.push_back(std::move(*over));
  }
  return lost;
}

std::vector<Dialer::Lost> Dialer::socket_opened(Instant now, SocketId socket) {
  std::vector<Lost> lost;
  const auto [begin, end] = waiting_.equal_range(socket);
  std::vector<Try> tries;
  for (auto it = begin; it != end; ++it) tries.push_back(it->second);
  waiting_.erase(socket);
  for (const Try& attempt : tries) {
    if (!dials_.contains(attempt.dial)) continue;
    start(now, attempt);
    if (auto over = conclude(now, attempt.dial)) lost.push_back(std::move(*over));
  }
  return lost;
}

std::vector<Dialer::Lost> Dialer::socket_failed(Instant now, SocketId socket, const Error& error) {
  std::vector<Lost> lost;
  const auto [begin, end] = waiting_.equal_range(socket);
  std::vector<Try> tries;
  for (auto it = begin; it != end; ++it) tries.push_back(it->second);
  waiting_.erase(socket);
  for (const Try& attempt : tries) {
    fail(attempt, error);
    if (auto over = conclude(now, attempt.dial)) lost.push_back(std::move(*over));
  }
  return lost;
}

std::optional<Dialer::Won> Dialer::connected(Instant now, ConnectionId connection) {
  const auto found = connecting_.find(connection);
  if (found == connecting_.end()) return std::nullopt;
  const Try attempt = found->second;
  connecting_.erase(found);
  const auto dial = dials_.find(attempt.dial);
  if (dial == dials_.end()) return std::nullopt;
  const auto& hello = dial->second.target.hellos[attempt.hello];
  Won won{attempt.dial, dial->second.target.who, {}};
  if (hello.psk) won.psk = hello.psk->key;
  dials_.erase(dial);
  std::erase_if(waiting_, [&](const auto& entry) { return entry.second.dial == won.dial; });
  for (auto next = connecting_.begin(); next != connecting_.end();) {
    const auto other = next++;
    if (other->second.dial != won.dial) continue;
    const ConnectionId loser = other->first;
    connecting_.erase(other);
    endpoint_.close(now, loser, 0, "another path was faster");
  }
  return won;
}

std::optional<Dialer::Lost> Dialer::closed(Instant now, ConnectionId connection,
                                           const quic::CloseReason& reason) {
  const auto found = connecting_.find(connection);
  if (found == connecting_.end()) return std::nullopt;
  Try attempt = found->second;
  connecting_.erase(found);
  const auto dial = dials_.find(attempt.dial);
  if (dial == dials_.end()) return std::nullopt;
  if (reason.kind == quic::CloseReason::Kind::handshake_timeout) {
    silences_.push_back({dial->second.target.who, attempt.address});
    dial->second.silent = true;
  }
  Error error = error_of(reason);
  if (is_refusal(error) && attempt.hello + 1 < dial->second.target.hellos.size()) {
    ++attempt.hello;
    start(now, attempt);
  } else {
    fail(attempt, std::move(error));
  }
  return conclude(now, attempt.dial);
}

void Dialer::start(Instant now, const Try& attempt) {
  const auto socket = find_socket_(attempt.address);
  if (!socket) {
    return fail(attempt,
                {ErrorCode::unreachable, "no socket can reach " + attempt.address.to_string(), ""});
  }
  if (!socket->open) {
    waiting_.emplace(socket->id, attempt);
    return;
  }
  const quic::ClientHello& hello = dials_.at(attempt.dial).target.hellos[attempt.hello];
  const auto connection = endpoint_.connect(now, socket->id, socket->local, attempt.address, hello);
  if (!connection) return fail(attempt, connection.error());
  connecting_.emplace(*connection, attempt);
}

void Dialer::fail(const Try& attempt, Error error) {
  const auto dial = dials_.find(attempt.dial);
  if (dial == dials_.end()) return;
  --dial->second.tries;
  if (is_refusal(error)) {
    dial->second.refused_at = attempt.address;
    dial->second.refusal = std::move(error);
  } else if (!dial->second.other) {
    dial->second.other = std::move(error);
  }
}

std::optional<Dialer::Lost> Dialer::conclude(Instant now, DialId id) {
  const auto dial = dials_.find(id);
  if (dial == dials_.end() || dial->second.tries > 0) return std::nullopt;
  if (now < dial->second.found_until) return std::nullopt;
  Error error = verdict(dial->second);
  dials_.erase(dial);
  return Lost{id, std::move(error)};
}

Error Dialer::verdict(const Dial& dial) {
  if (dial.refusal && dial.silent) {
    Error error = *dial.refusal;
    error.message = "a device at " + dial.refused_at.to_string() +
                    " refused the connection, and nobody answered elsewhere";
    return error;
  }
  if (dial.refusal) return *dial.refusal;
  if (dial.other) return *dial.other;
  return {ErrorCode::unreachable, "no address of the device is known", "give an address with --at"};
}

Error error_of(const quic::CloseReason& reason) {
  using Kind = quic::CloseReason::Kind;
  switch (reason.kind) {
    case Kind::local:
      return {ErrorCode::cancelled, "the connection was closed here", ""};
    case Kind::peer_application:
      return {ErrorCode::connection_lost, "the other device closed the connection", ""};
    case Kind::tls_alert:
    case Kind::not_named:
    case Kind::not_admitted:
      return {ErrorCode::refused, "the other device refused the connection",
              "check its id, and that both devices are paired with each other if they have to be"};
    case Kind::idle_timeout:
      return {ErrorCode::connection_lost, "the other device fell silent", ""};
    case Kind::handshake_timeout:
      return {ErrorCode::unreachable, "the other device did not answer",
              "check that it is running and the address is right"};
    case Kind::stateless_reset:
      return {ErrorCode::connection_lost, "the other device has restarted", ""};
    case Kind::peer_transport:
    case Kind::version_negotiation:
      return {reason.was_connected ? ErrorCode::connection_lost : ErrorCode::refused,
              "the other device ended the connection: " + reason.text, ""};
    case Kind::internal:
      break;
  }
  return {ErrorCode::internal, "the connection failed: " + reason.text, ""};
}

}  // namespace kith
