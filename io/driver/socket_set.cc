#include "io/driver/socket_set.h"

#include <algorithm>

#include "io/driver/clock.h"

namespace kith::io {
namespace {

// Trains sent from one socket before its receive queue and the other sockets get a turn: about
// 1 MiB, a fraction of what the socket buffer of a peer takes.
constexpr int kTrainsPerTurn = 16;

}  // namespace

SocketSet::SocketSet(Strand strand, Owner& owner, std::shared_ptr<Lifetime> lifetime,
                     const UdpFeatures& features, EffectHook& effects)
    : strand_(std::move(strand)),
      owner_(owner),
      lifetime_(std::move(lifetime)),
      features_(features),
      effects_(effects),
      send_buffer_(kMaxUdpPayloadBytes) {}

SocketSet::~SocketSet() = default;

Input SocketSet::open(const OpenSocket& wanted) {
  auto socket = UdpSocket::open(wanted.bind, wanted.shared, features_);
  if (!socket) return SocketFailed{wanted.socket, socket.error()};
  const Address local = socket->local();
  entries_[wanted.socket] = std::make_unique<Entry>(strand_, std::move(*socket));
  wait_readable(wanted.socket);
  return SocketOpened{wanted.socket, local};
}

void SocketSet::close(SocketId socket) {
  const auto found = entries_.find(socket);
  if (found == entries_.end()) return;
  closed_counters_ += found->second->udp.counters();
  entries_.erase(found);
}

void SocketSet::join(const JoinGroup& group) {
  if (Entry* entry = find(group.socket)) entry->udp.join(group.group, group.interface);
}

void SocketSet::leave(const LeaveGroup& group) {
  if (Entry* entry = find(group.socket)) entry->udp.leave(group.group, group.interface);
}

void SocketSet::close_all() {
  while (!entries_.empty()) close(entries_.begin()->first);
}

SocketSet::Entry* SocketSet::find(SocketId socket) {
  const auto found = entries_.find(socket);
  return found == entries_.end() ? nullptr : found->second.get();
}

SocketSet::Receive SocketSet::receive(SocketId socket,
                                      const std::function<void(const DatagramsReceived&)>& take,
                                      Error& error) {
  Entry* entry = find(socket);
  if (entry == nullptr) return Receive::gone;
  const auto received = entry->udp.receive(receive_buffer_);
  if (!received) {
    error = received.error();
    return Receive::failed;
  }
  for (DatagramsReceived& batch : received->batches) {
    batch.socket = socket;
    effects_.before(EffectKind::receive);
    take(batch);
    effects_.after(EffectKind::receive);
  }
  return received->drained ? Receive::drained : Receive::more;
}

void SocketSet::wait_readable(SocketId socket) {
  Entry* entry = find(socket);
  if (entry == nullptr) return;
  entry->readiness.async_wait(
      Descriptor::wait_read, [this, socket, lifetime = lifetime_](boost::system::error_code error) {
        if (error) return;
        lifetime->while_alive([&] { owner_.on_readable(socket); });
      });
}

void SocketSet::wait_writable(SocketId socket, Entry& entry) {
  entry.readiness.async_wait(Descriptor::wait_write,
                             [this, socket, lifetime = lifetime_](boost::system::error_code error) {
                               if (error) return;
                               lifetime->while_alive([&] { owner_.on_writable(socket); });
                             });
}

bool SocketSet::flush(RecordedEngine& engine) {
  bool more = false;
  for (auto& [socket, entry] : entries_) more = flush(engine, socket, *entry) || more;
  return more;
}

bool SocketSet::flush(RecordedEngine& engine, SocketId socket, Entry& entry) {
  for (int train = 0; train < kTrainsPerTurn; ++train) {
    if (!entry.held_bytes.empty()) return false;
    const auto transmit =
        engine.poll_datagrams(monotonic_now(), socket, send_buffer_, kMaxSendSegments);
    if (!transmit) return false;
    const ByteView bytes(send_buffer_.data(), transmit->size);
    const auto sent = send(entry, *transmit, bytes);
    if (sent.blocked) hold_back(socket, entry, *transmit, bytes.subspan(sent.bytes));
  }
  return true;
}

UdpSocket::Sent SocketSet::send(Entry& entry, const Transmit& transmit, ByteView bytes) {
  effects_.before(EffectKind::send);
  const UdpSocket::Sent sent = entry.udp.send(transmit, bytes);
  effects_.after(EffectKind::send);
  return sent;
}

void SocketSet::hold_back(SocketId socket, Entry& entry, const Transmit& transmit, ByteView rest) {
  entry.held = transmit;
  entry.held_bytes = to_bytes(rest);
  wait_writable(socket, entry);
}

bool SocketSet::resume(SocketId socket) {
  Entry* entry = find(socket);
  if (entry == nullptr) return false;
  const auto sent = send(*entry, entry->held, entry->held_bytes);
  const auto taken = static_cast<std::ptrdiff_t>(sent.bytes);
  entry->held_bytes.erase(entry->held_bytes.begin(), entry->held_bytes.begin() + taken);
  if (sent.blocked) wait_writable(socket, *entry);
  return !sent.blocked;
}

bool SocketSet::blocked() const {
  return std::any_of(entries_.begin(), entries_.end(),
                     [](const auto& entry) { return !entry.second->held_bytes.empty(); });
}

UdpCounters SocketSet::counters() const {
  UdpCounters total = closed_counters_;
  for (const auto& [socket, entry] : entries_) total += entry->udp.counters();
  return total;
}

}  // namespace kith::io
