#pragma once

// Messages of kith/pair/1 as plain structs, and their form on the wire (schemas/pairing.md).

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>

#include "engine/crypto/cpace.h"
#include "engine/crypto/identity.h"
#include "engine/crypto/key_pair.h"
#include "kith/bytes.h"
#include "kith/ids.h"

namespace kith::pairing {

inline constexpr std::size_t kMaxFrameBytes = 4096;

using CommitTag = std::array<std::byte, 32>;

struct Share {
  CPaceShare share{};
};
struct Reply {
  CPaceShare share{};
  CPaceTag tag{};
};
struct Confirm {
  CPaceTag tag{};
  Bytes sealed_identity;
};
struct Identify {
  Bytes sealed_identity;
};
struct Commit {
  CommitTag tag{};
};

using Message = std::variant<Share, Reply, Confirm, Identify, Commit>;

// Why a side gives up: the application code of its CONNECTION_CLOSE, which unlike a message on a
// stream cannot be overtaken by the end of the connection.
enum class Rejection : std::uint8_t {
  done = 0,  // nothing is wrong: the pairing is complete
  declined,
  code_used,
  busy,
  too_many_devices,
  protocol,
};
Rejection rejection_of_code(std::uint64_t application_code);

// A frame ready for the stream.
Bytes encode(const Message& message);

// Empty for anything but one whole message with fields of the right sizes.
std::optional<Message> decode(ByteView frame);

// What a device says of itself under the confirmed key.
struct DeviceIntroduction {
  DeviceId device;
  std::string name;
  VisibilityKey visibility_key{};
  Signature signature{};
};

Bytes encode(const DeviceIntroduction& introduction);
std::optional<DeviceIntroduction> decode_introduction(ByteView bytes);

}  // namespace kith::pairing
