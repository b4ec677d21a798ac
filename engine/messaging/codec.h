#pragma once

// What kith/message/1 says on a stream (schemas/messaging.md).

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "kith/bytes.h"
#include "kith/ids.h"

namespace kith::messaging {

// Names one life of a sender's numbering: drawn anew when what the receiver has does not fit it.
using Epoch = std::array<std::byte, 16>;

struct Greeting {  // sender: the numbers that follow belong to `epoch`
  Epoch epoch{};
};
struct Resume {  // receiver: what it holds of that epoch; 0 for nothing
  std::uint64_t sequence = 0;
};
struct Envelope {
  std::uint64_t sequence = 0;  // from 1, without gaps
  MessageId id;
  std::optional<MessageId> correlation;
  std::string body;  // UTF-8, at most kMaxBodyBytes
};
struct Stored {  // receiver: all up to this one are durable
  std::uint64_t sequence = 0;
};
using Message = std::variant<Greeting, Resume, Envelope, Stored>;

// A whole frame with its length.
Bytes encode(const Message& message);

// Takes a frame's payload. Empty if it is malformed or breaks a limit.
std::optional<Message> decode(ByteView payload);

}  // namespace kith::messaging
