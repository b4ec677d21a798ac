#pragma once

// The fields of everything that is both written to and read back from the canonical encoding, in
// its order: one entry for each struct. Whoever adds an alternative to Input or Command adds an
// entry here; without one encode.cc and decode.cc do not compile, and neither does an entry whose
// struct has gained a field.

#include <concepts>
#include <tuple>
#include <type_traits>

#include "kith/engine.h"
#include "kith/input.h"

namespace kith::trace {

// T is U, or const U.
template <class T, class U>
concept Of = std::same_as<std::remove_const_t<T>, U>;

// Values that several inputs share.
template <Of<DeviceId> T>
auto fields(T& value) {
  return std::tie(value.bytes);
}
template <Of<TransferId> T>
auto fields(T& value) {
  return std::tie(value.bytes);
}
template <Of<MessageId> T>
auto fields(T& value) {
  return std::tie(value.bytes);
}
template <Of<Address> T>
auto fields(T& value) {
  auto& [family, ip, port, scope] = value;
  return std::tie(family, ip, port, scope);
}
template <Of<Error> T>
auto fields(T& value) {
  auto& [code, message, hint] = value;
  return std::tie(code, message, hint);
}
template <Of<FileInfo> T>
auto fields(T& value) {
  auto& [type, size_bytes, mode, modified_ns] = value;
  return std::tie(type, size_bytes, mode, modified_ns);
}
template <Of<FileEntry> T>
auto fields(T& value) {
  auto& [name, info] = value;
  return std::tie(name, info);
}
template <Of<FileDone> T>
auto fields(T&) {
  return std::tie();
}
template <Of<StreamId> T>
auto fields(T& value) {
  return std::tie(value.value);
}
template <Of<ApplicationProtocol> T>
auto fields(T& value) {
  auto& [alpn, access] = value;
  return std::tie(alpn, access);
}
template <Of<Discovery> T>
auto fields(T& value) {
  auto& [mdns, dht, bootstrap, dht_port, interfaces, visible, public_addresses] = value;
  return std::tie(mdns, dht, bootstrap, dht_port, interfaces, visible, public_addresses);
}
template <Of<NetworkAddress> T>
auto fields(T& value) {
  auto& [ip, prefix_bits] = value;
  return std::tie(ip, prefix_bits);
}
template <Of<NetworkInterface> T>
auto fields(T& value) {
  auto& [index, name, multicast, addresses] = value;
  return std::tie(index, name, multicast, addresses);
}
template <Of<Config> T>
auto fields(T& value) {
  auto& [name, code_lifetime, connect_timeout, idle_timeout, keep_alive, protocols, discovery] =
      value;
  return std::tie(name, code_lifetime, connect_timeout, idle_timeout, keep_alive, protocols,
                  discovery);
}

// Inputs.
template <Of<DatagramsReceived> T>
auto fields(T& value) {
  auto& [socket, local, remote, interface, ecn, stride, bytes] = value;
  return std::tie(socket, local, remote, interface, ecn, stride, bytes);
}
template <Of<SocketOpened> T>
auto fields(T& value) {
  auto& [socket, local] = value;
  return std::tie(socket, local);
}
template <Of<SocketFailed> T>
auto fields(T& value) {
  auto& [socket, error] = value;
  return std::tie(socket, error);
}
template <Of<SocketWritable> T>
auto fields(T& value) {
  auto& [socket] = value;
  return std::tie(socket);
}
template <Of<TimerFired> T>
auto fields(T&) {
  return std::tie();
}
template <Of<NetworkChanged> T>
auto fields(T& value) {
  auto& [interfaces] = value;
  return std::tie(interfaces);
}
template <Of<HostResolved> T>
auto fields(T& value) {
  auto& [id, addresses] = value;
  return std::tie(id, addresses);
}
template <Of<WallClock> T>
auto fields(T& value) {
  auto& [unix_ms] = value;
  return std::tie(unix_ms);
}
template <Of<Entropy> T>
auto fields(T& value) {
  auto& [bytes] = value;
  return std::tie(bytes);
}
template <Of<StoreCompleted> T>
auto fields(T& value) {
  auto& [op, outcome] = value;
  return std::tie(op, outcome);
}
template <Of<FileCompleted> T>
auto fields(T& value) {
  auto& [op, outcome] = value;
  return std::tie(op, outcome);
}
template <Of<ComputeCompleted> T>
auto fields(T& value) {
  auto& [id, hashes] = value;
  return std::tie(id, hashes);
}

// Commands.
template <Of<Listen> T>
auto fields(T& value) {
  auto& [request, bind] = value;
  return std::tie(request, bind);
}
template <Of<StartPairing> T>
auto fields(T& value) {
  auto& [request] = value;
  return std::tie(request);
}
template <Of<JoinPairing> T>
auto fields(T& value) {
  auto& [request, code_entropy, addresses] = value;
  return std::tie(request, code_entropy, addresses);
}
template <Of<ConfirmPairing> T>
auto fields(T& value) {
  auto& [request, accept] = value;
  return std::tie(request, accept);
}
template <Of<Cancel> T>
auto fields(T& value) {
  auto& [request] = value;
  return std::tie(request);
}
template <Of<AddDeviceAddress> T>
auto fields(T& value) {
  auto& [device, address] = value;
  return std::tie(device, address);
}
template <Of<RemoveDevice> T>
auto fields(T& value) {
  auto& [device] = value;
  return std::tie(device);
}
template <Of<BlockDevice> T>
auto fields(T& value) {
  auto& [device] = value;
  return std::tie(device);
}
template <Of<ShareWithDevice> T>
auto fields(T& value) {
  auto& [request, device, paths, destination] = value;
  return std::tie(request, device, paths, destination);
}
template <Of<SetReceivePolicy> T>
auto fields(T& value) {
  auto& [accept, inbox] = value;
  return std::tie(accept, inbox);
}
template <Of<AnswerTransfer> T>
auto fields(T& value) {
  auto& [transfer, accept] = value;
  return std::tie(transfer, accept);
}
template <Of<CancelTransfer> T>
auto fields(T& value) {
  auto& [transfer] = value;
  return std::tie(transfer);
}
template <Of<SendMessage> T>
auto fields(T& value) {
  auto& [request, device, body, correlation] = value;
  return std::tie(request, device, body, correlation);
}
template <Of<ReceiveMessages> T>
auto fields(T&) {
  return std::tie();
}
template <Of<AcknowledgeMessage> T>
auto fields(T& value) {
  auto& [device, message] = value;
  return std::tie(device, message);
}
template <Of<Connect> T>
auto fields(T& value) {
  auto& [request, alpn, device, addresses] = value;
  return std::tie(request, alpn, device, addresses);
}
template <Of<CloseConnection> T>
auto fields(T& value) {
  auto& [connection, code, reason] = value;
  return std::tie(connection, code, reason);
}
template <Of<OpenStream> T>
auto fields(T& value) {
  auto& [connection, kind, tag] = value;
  return std::tie(connection, kind, tag);
}
template <Of<StreamWrite> T>
auto fields(T& value) {
  auto& [connection, stream, data, fin] = value;
  return std::tie(connection, stream, data, fin);
}
template <Of<AwaitWritable> T>
auto fields(T& value) {
  auto& [connection, stream] = value;
  return std::tie(connection, stream);
}
template <Of<StreamCredit> T>
auto fields(T& value) {
  auto& [connection, stream, bytes] = value;
  return std::tie(connection, stream, bytes);
}
template <Of<ResetStream> T>
auto fields(T& value) {
  auto& [connection, stream, code] = value;
  return std::tie(connection, stream, code);
}
template <Of<StopStream> T>
auto fields(T& value) {
  auto& [connection, stream, code] = value;
  return std::tie(connection, stream, code);
}

// The last enumerator of each enumeration that is read back: what is above it is refused.
template <class E>
inline constexpr auto kLast = nullptr;
template <>
inline constexpr auto kLast<Address::Family> = Address::Family::ipv6;
template <>
inline constexpr auto kLast<Ecn> = Ecn::ce;
template <>
inline constexpr auto kLast<ErrorCode> = ErrorCode::internal;
template <>
inline constexpr auto kLast<FileType> = FileType::other;
template <>
inline constexpr auto kLast<Access> = Access::anyone;
template <>
inline constexpr auto kLast<StreamKind> = StreamKind::unidirectional;
template <>
inline constexpr auto kLast<SetReceivePolicy::Accept> = SetReceivePolicy::Accept::none;

template <class T>
concept HasFields = requires(T& value) {
  fields(value);
};

}  // namespace kith::trace
