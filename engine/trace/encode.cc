#include "engine/trace/encode.h"

#include <array>
#include <chrono>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

#include "engine/trace/fields.h"
#include "engine/trace/type_name.h"

namespace kith::trace {

// Variants within variants: the name of such a type would be that of all its alternatives.
template <>
constexpr std::string_view type_name<Command>() {
  return "Command";
}
template <>
constexpr std::string_view type_name<Event>() {
  return "Event";
}

namespace {

// Tags are never reused and never depend on where an alternative stands in its variant.
template <class T>
inline constexpr std::uint8_t kTag = 0;

template <>
inline constexpr std::uint8_t kTag<DatagramsReceived> = 1;
template <>
inline constexpr std::uint8_t kTag<SocketOpened> = 2;
template <>
inline constexpr std::uint8_t kTag<SocketFailed> = 3;
template <>
inline constexpr std::uint8_t kTag<SocketWritable> = 4;
template <>
inline constexpr std::uint8_t kTag<TimerFired> = 5;
template <>
inline constexpr std::uint8_t kTag<WallClock> = 6;
template <>
inline constexpr std::uint8_t kTag<Entropy> = 7;
template <>
inline constexpr std::uint8_t kTag<StoreCompleted> = 8;
template <>
inline constexpr std::uint8_t kTag<FileCompleted> = 9;
template <>
inline constexpr std::uint8_t kTag<ComputeCompleted> = 10;
template <>
inline constexpr std::uint8_t kTag<Command> = 11;
template <>
inline constexpr std::uint8_t kTag<NetworkChanged> = 12;
template <>
inline constexpr std::uint8_t kTag<HostResolved> = 13;

template <>
inline constexpr std::uint8_t kTag<Listen> = 20;
template <>
inline constexpr std::uint8_t kTag<StartPairing> = 21;
template <>
inline constexpr std::uint8_t kTag<JoinPairing> = 22;
template <>
inline constexpr std::uint8_t kTag<ConfirmPairing> = 23;
template <>
inline constexpr std::uint8_t kTag<Cancel> = 24;
template <>
inline constexpr std::uint8_t kTag<AddDeviceAddress> = 25;
template <>
inline constexpr std::uint8_t kTag<RemoveDevice> = 26;
template <>
inline constexpr std::uint8_t kTag<BlockDevice> = 27;
template <>
inline constexpr std::uint8_t kTag<ShareWithDevice> = 28;
template <>
inline constexpr std::uint8_t kTag<SetReceivePolicy> = 29;
template <>
inline constexpr std::uint8_t kTag<AnswerTransfer> = 30;
template <>
inline constexpr std::uint8_t kTag<CancelTransfer> = 31;
template <>
inline constexpr std::uint8_t kTag<SendMessage> = 32;
template <>
inline constexpr std::uint8_t kTag<ReceiveMessages> = 33;
template <>
inline constexpr std::uint8_t kTag<AcknowledgeMessage> = 34;

template <>
inline constexpr std::uint8_t kTag<Connect> = 50;
template <>
inline constexpr std::uint8_t kTag<CloseConnection> = 51;
template <>
inline constexpr std::uint8_t kTag<OpenStream> = 52;
template <>
inline constexpr std::uint8_t kTag<StreamWrite> = 53;
template <>
inline constexpr std::uint8_t kTag<AwaitWritable> = 54;
template <>
inline constexpr std::uint8_t kTag<StreamCredit> = 55;
template <>
inline constexpr std::uint8_t kTag<ResetStream> = 56;
template <>
inline constexpr std::uint8_t kTag<StopStream> = 57;

template <>
inline constexpr std::uint8_t kTag<OpenSocket> = 60;
template <>
inline constexpr std::uint8_t kTag<CloseSocket> = 61;
template <>
inline constexpr std::uint8_t kTag<StoreCommit> = 62;
template <>
inline constexpr std::uint8_t kTag<FileStat> = 63;
template <>
inline constexpr std::uint8_t kTag<FileList> = 64;
template <>
inline constexpr std::uint8_t kTag<FileOpen> = 65;
template <>
inline constexpr std::uint8_t kTag<FileRead> = 66;
template <>
inline constexpr std::uint8_t kTag<FileWrite> = 67;
template <>
inline constexpr std::uint8_t kTag<FileSync> = 68;
template <>
inline constexpr std::uint8_t kTag<FileSetAttributes> = 69;
template <>
inline constexpr std::uint8_t kTag<FileClose> = 70;
template <>
inline constexpr std::uint8_t kTag<FileRename> = 71;
template <>
inline constexpr std::uint8_t kTag<FileMakeDirectory> = 72;
template <>
inline constexpr std::uint8_t kTag<FileSetDirectoryAttributes> = 73;
template <>
inline constexpr std::uint8_t kTag<FileRemove> = 74;
template <>
inline constexpr std::uint8_t kTag<DirectorySync> = 75;
template <>
inline constexpr std::uint8_t kTag<Compute> = 76;
template <>
inline constexpr std::uint8_t kTag<Event> = 77;
template <>
inline constexpr std::uint8_t kTag<JoinGroup> = 78;
template <>
inline constexpr std::uint8_t kTag<LeaveGroup> = 79;
template <>
inline constexpr std::uint8_t kTag<ResolveHost> = 80;

template <>
inline constexpr std::uint8_t kTag<Listening> = 100;
template <>
inline constexpr std::uint8_t kTag<RequestFailed> = 101;
template <>
inline constexpr std::uint8_t kTag<PairingCodeReady> = 102;
template <>
inline constexpr std::uint8_t kTag<PairingConfirmationNeeded> = 103;
template <>
inline constexpr std::uint8_t kTag<Paired> = 104;
template <>
inline constexpr std::uint8_t kTag<PairingFailed> = 105;
template <>
inline constexpr std::uint8_t kTag<DeviceChanged> = 106;
template <>
inline constexpr std::uint8_t kTag<TransferStarted> = 107;
template <>
inline constexpr std::uint8_t kTag<TransferOffered> = 108;
template <>
inline constexpr std::uint8_t kTag<TransferProgress> = 109;
template <>
inline constexpr std::uint8_t kTag<ItemCompleted> = 110;
template <>
inline constexpr std::uint8_t kTag<TransferCompleted> = 111;
template <>
inline constexpr std::uint8_t kTag<TransferFailed> = 112;
template <>
inline constexpr std::uint8_t kTag<MessageQueued> = 113;
template <>
inline constexpr std::uint8_t kTag<MessageDelivered> = 114;
template <>
inline constexpr std::uint8_t kTag<MessagesDelayed> = 115;
template <>
inline constexpr std::uint8_t kTag<MessageFailed> = 116;
template <>
inline constexpr std::uint8_t kTag<MessageReceived> = 117;
template <>
inline constexpr std::uint8_t kTag<DeviceFound> = 118;

template <>
inline constexpr std::uint8_t kTag<PeerConnected> = 130;
template <>
inline constexpr std::uint8_t kTag<ConnectFailed> = 131;
template <>
inline constexpr std::uint8_t kTag<ConnectionClosed> = 132;
template <>
inline constexpr std::uint8_t kTag<StreamOpened> = 133;
template <>
inline constexpr std::uint8_t kTag<StreamReady> = 134;
template <>
inline constexpr std::uint8_t kTag<BytesReceived> = 135;
template <>
inline constexpr std::uint8_t kTag<StreamWritable> = 136;
template <>
inline constexpr std::uint8_t kTag<StreamReset> = 137;
template <>
inline constexpr std::uint8_t kTag<StreamStopped> = 138;

template <>
inline constexpr std::uint8_t kTag<FileDone> = 140;
template <>
inline constexpr std::uint8_t kTag<FileInfo> = 141;
template <>
inline constexpr std::uint8_t kTag<FileListing> = 142;
template <>
inline constexpr std::uint8_t kTag<SharedBytes> = 143;

// Writes values and containers of values. Inputs and what they are made of are written as fields.h
// lists them; a struct that has neither an entry there nor an overload here does not compile, nor
// do the structured bindings below when a struct gains a field.
class Writer {
 public:
  explicit Writer(Encoder& to) : to_(to) {}

  template <class... Fields>
  void all(const Fields&... values) {
    (put(values), ...);
  }

  void put(bool value) { to_.boolean(value); }
  void put(std::uint8_t value) { to_.u8(value); }
  void put(std::uint16_t value) { to_.u16(value); }
  void put(std::uint32_t value) { to_.u32(value); }
  void put(std::uint64_t value) { to_.u64(value); }
  void put(std::int64_t value) { to_.i64(value); }
  void put(const std::string& value) { to_.text(value); }
  void put(ByteView value) { to_.bytes(value); }
  void put(const Bytes& value) { to_.bytes(value); }
  void put(const SharedBytes& value) { to_.bytes(value.view()); }
  void put(Duration value) { to_.i64(value.count()); }

  template <class E>
  requires std::is_enum_v<E>
  void put(E value) { to_.u8(static_cast<std::uint8_t>(value)); }
  template <std::size_t N>
  void put(const std::array<std::byte, N>& value) {
    to_.fixed(value);
  }
  template <class Tag>
  void put(NumericId<Tag> value) {
    to_.u64(value.value);
  }
  template <class T>
  void put(const std::optional<T>& value) {
    to_.boolean(value.has_value());
    if (value) put(*value);
  }
  template <class T>
  void put(const std::vector<T>& values) {
    to_.u64(values.size());
    for (const T& value : values) put(value);
  }
  template <class... Alternatives>
  void put(const std::variant<Alternatives...>& value) {
    std::visit(
        [this]<class T>(const T& alternative) {
          static_assert(kTag<T> != 0);
          to_.u8(kTag<T>);
          put(alternative);
        },
        value);
  }
  template <class T>
  requires HasFields<const T>
  void put(const T& value) {
    std::apply([this](const auto&... field) { this->all(field...); }, fields(value));
  }
  template <class T>
  void put(const Result<T>& value) {
    to_.boolean(value.has_value());
    if (!value) return put(value.error());
    if constexpr (!std::is_void_v<T>) put(*value);
  }

  // What outputs are made of.
  void put(const FilePath& value) {
    const auto& [base, relative] = value;
    all(base, relative);
  }
  void put(const HashPiece& value) {
    const auto& [piece_index, offset, length, whole_file] = value;
    all(piece_index, offset, length, whole_file);
  }
  void put(const StoreChange& value) {
    const auto& [key, new_value] = value;
    all(key, new_value);
  }

  // Effects.
  void put(const OpenSocket& value) {
    const auto& [socket, bind, shared] = value;
    all(socket, bind, shared);
  }
  void put(const CloseSocket& value) { put(value.socket); }
  void put(const JoinGroup& value) {
    const auto& [socket, group, interface] = value;
    all(socket, group, interface);
  }
  void put(const LeaveGroup& value) {
    const auto& [socket, group, interface] = value;
    all(socket, group, interface);
  }
  void put(const ResolveHost& value) {
    const auto& [id, host, port] = value;
    all(id, host, port);
  }
  void put(const StoreCommit& value) {
    const auto& [op, changes] = value;
    all(op, changes);
  }
  void put(const FileStat& value) {
    const auto& [op, path] = value;
    all(op, path);
  }
  void put(const FileList& value) {
    const auto& [op, path] = value;
    all(op, path);
  }
  void put(const FileOpen& value) {
    const auto& [op, handle, path, mode] = value;
    all(op, handle, path, mode);
  }
  void put(const FileRead& value) {
    const auto& [op, handle, offset, length] = value;
    all(op, handle, offset, length);
  }
  void put(const FileWrite& value) {
    const auto& [op, handle, offset, data] = value;
    all(op, handle, offset, data);
  }
  void put(const FileSync& value) {
    const auto& [op, handle] = value;
    all(op, handle);
  }
  void put(const FileSetAttributes& value) {
    const auto& [op, handle, mode, modified_ns] = value;
    all(op, handle, mode, modified_ns);
  }
  void put(const FileClose& value) {
    const auto& [op, handle] = value;
    all(op, handle);
  }
  void put(const FileRename& value) {
    const auto& [op, from, to] = value;
    all(op, from, to);
  }
  void put(const FileMakeDirectory& value) {
    const auto& [op, path] = value;
    all(op, path);
  }
  void put(const FileSetDirectoryAttributes& value) {
    const auto& [op, path, mode, modified_ns] = value;
    all(op, path, mode, modified_ns);
  }
  void put(const FileRemove& value) {
    const auto& [op, path] = value;
    all(op, path);
  }
  void put(const DirectorySync& value) {
    const auto& [op, path] = value;
    all(op, path);
  }
  void put(const Compute& value) {
    const auto& [id, data, pieces] = value;
    all(id, data, pieces);
  }

  // Events.
  void put(const DeviceSummary& value) {
    const auto& [id, name, state, via, last_seen_ms] = value;
    all(id, name, state, via, last_seen_ms);
  }
  void put(const TransferItem& value) {
    const auto& [name, directory, bytes, files] = value;
    all(name, directory, bytes, files);
  }
  void put(const Listening& value) {
    const auto& [request, socket, address] = value;
    all(request, socket, address);
  }
  void put(const RequestFailed& value) {
    const auto& [request, error] = value;
    all(request, error);
  }
  void put(const PairingCodeReady& value) {
    const auto& [request, words, expires_in] = value;
    all(request, words, expires_in);
  }
  void put(const PairingConfirmationNeeded& value) {
    const auto& [request, device, name, fingerprint] = value;
    all(request, device, name, fingerprint);
  }
  void put(const Paired& value) {
    const auto& [request, device, name] = value;
    all(request, device, name);
  }
  void put(const PairingFailed& value) {
    const auto& [request, error] = value;
    all(request, error);
  }
  void put(const DeviceChanged& value) {
    const auto& [device, removed] = value;
    all(device, removed);
  }
  void put(const TransferStarted& value) {
    const auto& [request, transfer, device, bytes_total] = value;
    all(request, transfer, device, bytes_total);
  }
  void put(const TransferOffered& value) {
    const auto& [transfer, device, items, bytes_total, decision_needed] = value;
    all(transfer, device, items, bytes_total, decision_needed);
  }
  void put(const TransferProgress& value) {
    const auto& [transfer, direction, bytes_done, bytes_total, rate_bps, eta] = value;
    all(transfer, direction, bytes_done, bytes_total, rate_bps, eta);
  }
  void put(const ItemCompleted& value) {
    const auto& [transfer, direction, path, bytes, digest, elapsed] = value;
    all(transfer, direction, path, bytes, digest, elapsed);
  }
  void put(const TransferCompleted& value) {
    const auto& [transfer, direction, bytes, elapsed, skipped] = value;
    all(transfer, direction, bytes, elapsed, skipped);
  }
  void put(const TransferFailed& value) {
    const auto& [request, transfer, direction, error] = value;
    all(request, transfer, direction, error);
  }
  void put(const MessageQueued& value) {
    const auto& [request, device, message] = value;
    all(request, device, message);
  }
  void put(const MessageDelivered& value) {
    const auto& [request, device, message] = value;
    all(request, device, message);
  }
  void put(const MessagesDelayed& value) {
    const auto& [device, error, retry_in] = value;
    all(device, error, retry_in);
  }
  void put(const MessageFailed& value) {
    const auto& [request, device, error] = value;
    all(request, device, error);
  }
  void put(const MessageReceived& value) {
    const auto& [device, message, correlation, body] = value;
    all(device, message, correlation, body);
  }
  void put(const DeviceFound& value) {
    const auto& [device, name, source, addresses] = value;
    all(device, name, source, addresses);
  }

  void put(const PeerConnected& value) {
    const auto& [request, connection, alpn, peer, paired] = value;
    all(request, connection, alpn, peer, paired);
  }
  void put(const ConnectFailed& value) {
    const auto& [request, error] = value;
    all(request, error);
  }
  void put(const ConnectionClosed& value) {
    const auto& [connection, error, application_code, by_application] = value;
    all(connection, error, application_code, by_application);
  }
  void put(const StreamOpened& value) {
    const auto& [connection, stream, kind] = value;
    all(connection, stream, kind);
  }
  void put(const StreamReady& value) {
    const auto& [connection, open_tag, stream] = value;
    all(connection, open_tag, stream);
  }
  void put(const BytesReceived& value) {
    const auto& [connection, stream, bytes, fin] = value;
    all(connection, stream, bytes, fin);
  }
  void put(const StreamWritable& value) {
    const auto& [connection, stream] = value;
    all(connection, stream);
  }
  void put(const StreamReset& value) {
    const auto& [connection, stream, code] = value;
    all(connection, stream, code);
  }
  void put(const StreamStopped& value) {
    const auto& [connection, stream, code] = value;
    all(connection, stream, code);
  }

  // What surrounds the inputs and outputs of a run.
  void put(const Transmit& value) {
    const auto& [socket, remote, source, interface, ecn, segment_size, size] = value;
    all(socket, remote, source, interface, ecn, std::uint64_t{segment_size}, std::uint64_t{size});
  }
  void put(const RestoredState& value) {
    to_.u64(value.size());
    for (const auto& [key, bytes] : value) all(key, bytes);
  }

 private:
  Encoder& to_;
};

template <class... Alternatives>
std::span<const std::uint8_t> tags_in_order(std::type_identity<std::variant<Alternatives...>>) {
  static constexpr std::array<std::uint8_t, sizeof...(Alternatives)> kTags{kTag<Alternatives>...};
  return kTags;
}

struct NamedKind {
  KindTag tag;
  std::string_view name;
};

template <class... Alternatives>
std::span<const NamedKind> names_in_order(std::type_identity<std::variant<Alternatives...>>) {
  static constexpr std::array<NamedKind, sizeof...(Alternatives)> kNames{
      NamedKind{kTag<Alternatives>, type_name<Alternatives>()}...};
  return kNames;
}

// A command says more than that the input is one, and so does an event.
template <class... Alternatives>
KindTag innermost_tag(const std::variant<Alternatives...>& value) {
  return std::visit(
      []<class T>(const T& alternative) {
        if constexpr (requires { innermost_tag(alternative); }) {
          return innermost_tag(alternative);
        } else {
          return kTag<T>;
        }
      },
      value);
}

}  // namespace

void encode(Encoder& to, const Input& input) { Writer(to).put(input); }
void encode(Encoder& to, const Output& output) { Writer(to).put(output); }
void encode(Encoder& to, const Transmit& transmit) { Writer(to).put(transmit); }
void encode(Encoder& to, const Config& config) { Writer(to).put(config); }
void encode(Encoder& to, const RestoredState& restored) { Writer(to).put(restored); }

std::span<const std::uint8_t> tags(std::type_identity<Input> of) { return tags_in_order(of); }
std::span<const std::uint8_t> tags(std::type_identity<Command> of) { return tags_in_order(of); }
std::span<const std::uint8_t> tags(std::type_identity<FileOutcome> of) { return tags_in_order(of); }

KindTag kind_of(const Input& input) { return innermost_tag(input); }
KindTag kind_of(const Output& output) { return innermost_tag(output); }

std::string_view kind_name(KindTag kind) {
  for (const auto& names :
       {names_in_order(std::type_identity<Input>()), names_in_order(std::type_identity<Command>()),
        names_in_order(std::type_identity<Output>()),
        names_in_order(std::type_identity<Event>())}) {
    for (const auto& [tag, name] : names) {
      if (tag == kind) return name;
    }
  }
  return "unknown";
}

}  // namespace kith::trace
