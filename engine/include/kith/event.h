#pragma once

// What the engine tells the application. No event carries a secret except PairingCodeReady, whose
// words are meant for the person in front of the device.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kith/address.h"
#include "kith/application.h"
#include "kith/bytes.h"
#include "kith/command.h"
#include "kith/discovery.h"
#include "kith/ids.h"
#include "kith/result.h"
#include "kith/time.h"

namespace kith {

// How this device stands to another.
enum class DeviceState : std::uint8_t {
  discovered,
  pairing,
  provisional,  // this side is sure, the other's word is missing: the next contact finishes it
  paired,
  connected,
  disconnected,  // paired, was connected in this run
  blocked,
};
// The name of the state, as above.
std::string_view to_string(DeviceState state);

// What is known of another device.
struct DeviceSummary {
  DeviceId id;
  std::string name;  // chosen by the device's owner; printable UTF-8, at most 64 bytes
  DeviceState state = DeviceState::discovered;
  std::string via;                // how it is reached now: an address, or ""
  std::int64_t last_seen_ms = 0;  // Unix time, 0 for never
};

// A socket is open.
struct Listening {
  RequestId request;
  SocketId socket;
  Address address;
};
// A Listen has failed, or the command cannot begin now.
struct RequestFailed {
  RequestId request;
  Error error;
};

// The words to show, and for how long they are good.
struct PairingCodeReady {
  RequestId request;
  std::vector<std::string> words;  // twelve
  Duration expires_in{};
};
// The other device has proven the words: is it the right one? -> ConfirmPairing
struct PairingConfirmationNeeded {
  RequestId request;
  DeviceId device;
  std::string name;
  std::string fingerprint;  // equal on both screens
};
// The two devices know each other from now on.
struct Paired {
  RequestId request;
  DeviceId device;
  std::string name;
};
// The pairing has ended without success.
struct PairingFailed {
  RequestId request;
  Error error;
};

// What is known of a device is no longer as it was.
struct DeviceChanged {
  DeviceSummary device;
  bool removed = false;
};

// From this device, or to it.
enum class TransferDirection : std::uint8_t { sending, receiving };

// An entry the person named: a file, or a directory with all beneath it.
struct TransferItem {
  std::string name;  // last component, bytes
  bool directory = false;
  std::uint64_t bytes = 0;
  std::uint64_t files = 0;
};

// The receiver has been asked.
struct TransferStarted {
  RequestId request;
  TransferId transfer;
  DeviceId device;
  std::uint64_t bytes_total = 0;
};
// Another device wants to send.
struct TransferOffered {
  TransferId transfer;
  DeviceId device;
  std::vector<TransferItem> items;
  std::uint64_t bytes_total = 0;
  bool decision_needed = false;  // false: the policy has already answered
};
// How far a transfer is.
struct TransferProgress {
  TransferId transfer;
  TransferDirection direction = TransferDirection::sending;
  std::uint64_t bytes_done = 0;  // sending: acknowledged by the receiver; never decreases
  std::uint64_t bytes_total = 0;
  std::uint64_t rate_bps = 0;  // bytes per second over the last seconds
  std::optional<Duration> eta;
};
// One named path is durable at the receiver under its final name.
struct ItemCompleted {
  TransferId transfer;
  TransferDirection direction = TransferDirection::sending;
  std::string path;  // sending: as named; receiving: absolute final path; bytes
  std::uint64_t bytes = 0;
  std::array<std::byte, 32> digest{};  // BLAKE3 of the file, or of a directory's canonical manifest
  Duration elapsed{};
};
// All that was accepted is durable at the receiver.
struct TransferCompleted {
  TransferId transfer;
  TransferDirection direction = TransferDirection::sending;
  std::uint64_t bytes = 0;
  Duration elapsed{};
  std::uint64_t skipped = 0;  // symbolic links and special files below the named paths, not sent
};
// The transfer has ended early.
struct TransferFailed {
  RequestId request;  // 0 when receiving
  TransferId transfer;
  TransferDirection direction = TransferDirection::sending;
  Error error;
};

struct MessageQueued {  // durable here
  RequestId request;
  DeviceId device;
  MessageId message;
};
// Stored by the device: it will not be lost there. The request is 0 for a message that was queued
// before this run.
struct MessageDelivered {
  RequestId request;
  DeviceId device;
  MessageId message;
};
// Messages wait for a device that could not be reached now.
struct MessagesDelayed {
  DeviceId device;
  Error error;
  Duration retry_in{};
};
struct MessageFailed {  // nothing is queued
  RequestId request;
  DeviceId device;
  Error error;
};
// Once in a run for each message; in order for each sender.
struct MessageReceived {
  DeviceId device;
  MessageId message;
  std::optional<MessageId> correlation;
  std::string body;  // UTF-8 from the peer, JSON by agreement
};

// Any of these.
using Event =
    std::variant<Listening, RequestFailed, PairingCodeReady, PairingConfirmationNeeded, Paired,
                 PairingFailed, DeviceChanged, TransferStarted, TransferOffered, TransferProgress,
                 ItemCompleted, TransferCompleted, TransferFailed, MessageQueued, MessageDelivered,
                 MessagesDelayed, MessageFailed, MessageReceived, DeviceFound,
                 // kith/application.h
                 PeerConnected, ConnectFailed, ConnectionClosed, StreamOpened, StreamReady,
                 BytesReceived, StreamWritable, StreamReset, StreamStopped>;

}  // namespace kith
