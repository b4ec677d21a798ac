#pragma once

// What an application asks of the engine. Each answers with events; `request` links them.

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "kith/address.h"
#include "kith/application.h"
#include "kith/ids.h"

namespace kith {

// Opens a UDP socket. -> Listening or RequestFailed
struct Listen {
  RequestId request;
  Address bind;
};

// Begins one pairing as the side that shows the words. -> PairingCodeReady, then
// PairingConfirmationNeeded, then Paired or PairingFailed. One at a time: already_exists.
struct StartPairing {
  RequestId request;
};

// Joins with the words of the other device. -> PairingConfirmationNeeded, Paired or PairingFailed
struct JoinPairing {
  RequestId request;
  std::array<std::byte, 16> code_entropy{};  // see parse_pairing_words
  std::vector<Address> addresses;            // where to try, best first
};

// A person's answer to PairingConfirmationNeeded.
struct ConfirmPairing {
  RequestId request;
  bool accept = false;
};

// Ends a pairing, a share, a connect or a listen that `request` began.
struct Cancel {
  RequestId request;
};

// Where a device may be reached, given by hand; kept until the engine ends.
struct AddDeviceAddress {
  DeviceId device;
  Address address;
};

// Forgets a device or a provisional pairing and cuts its connections. -> DeviceChanged
struct RemoveDevice {
  DeviceId device;
};

// Refuses a device from now on, across restarts. -> DeviceChanged
struct BlockDevice {
  DeviceId device;
};

// Sends files and directories to a paired device. -> TransferStarted, TransferProgress,
// ItemSent per path, TransferCompleted or TransferFailed
struct ShareWithDevice {
  RequestId request;
  DeviceId device;
  std::vector<std::string> paths;  // absolute, bytes
  std::string destination;         // subdirectory of the receiver's inbox, "" for the inbox itself
};

// How incoming transfers are met.
struct SetReceivePolicy {
  // Take every transfer, ask the application about each, or take none.
  enum class Accept : std::uint8_t { all, ask, none };
  Accept accept = Accept::none;
  std::string inbox;  // absolute path of an existing directory
};

// The application's answer to TransferOffered under Accept::ask.
struct AnswerTransfer {
  TransferId transfer;
  bool accept = false;
};

// Ends a transfer in either direction. -> TransferFailed
struct CancelTransfer {
  TransferId transfer;
};

// Queues a message for a paired device, across restarts, until the device has stored it.
// -> MessageQueued once it is durable here, then MessageDelivered; or MessageFailed
struct SendMessage {
  RequestId request;
  DeviceId device;
  std::string body;                      // JSON in UTF-8, at most 64 KiB
  std::optional<MessageId> correlation;  // the message this one answers
};

// From now on the application takes messages. -> MessageReceived for each that waits, and for each
// that comes, until it is acknowledged; those not acknowledged come again after a restart.
struct ReceiveMessages {};

// The application has done what it had to with a message: it is forgotten.
struct AcknowledgeMessage {
  DeviceId device;
  MessageId message;
};

// Any of these.
using Command =
    std::variant<Listen, StartPairing, JoinPairing, ConfirmPairing, Cancel, AddDeviceAddress,
                 RemoveDevice, BlockDevice, ShareWithDevice, SetReceivePolicy, AnswerTransfer,
                 CancelTransfer, SendMessage, ReceiveMessages, AcknowledgeMessage,
                 // kith/application.h
                 Connect, CloseConnection, OpenStream, StreamWrite, AwaitWritable, StreamCredit,
                 ResetStream, StopStream>;

}  // namespace kith
