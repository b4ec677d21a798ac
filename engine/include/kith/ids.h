#pragma once

// Strong identifiers: a number or a key of one kind is never taken for another.

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "kith/result.h"

namespace kith {

// A number that counts things of one kind.
template <class Tag>
struct NumericId {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(NumericId, NumericId) = default;
};

using SocketId = NumericId<struct SocketTag>;          // a UDP socket, named by the engine
using FileOpId = NumericId<struct FileOpTag>;          // one file effect
using FileHandle = NumericId<struct FileHandleTag>;    // an open file, named by the engine
using StoreOpId = NumericId<struct StoreOpTag>;        // one store commit
using ComputeId = NumericId<struct ComputeTag>;        // one pure job
using ResolveId = NumericId<struct ResolveTag>;        // one look-up of a host name
using ConnectionId = NumericId<struct ConnectionTag>;  // a QUIC connection of this engine
using RequestId = NumericId<struct RequestTag>;  // chosen by the application, unique per engine

// A QUIC stream within one connection, numbered as RFC 9000 section 2.1 numbers them.
struct StreamId {
  std::int64_t value = -1;
  friend constexpr auto operator<=>(StreamId, StreamId) = default;
};

// A device is its Ed25519 public key.
struct DeviceId {
  std::array<std::byte, 32> bytes{};

  // 64 lower-case hexadecimal digits.
  std::string to_hex() const;
  // Accepts 64 hexadecimal digits of any case or 52 characters of z-base-32.
  static Result<DeviceId> parse(std::string_view text);

  friend constexpr auto operator<=>(const DeviceId&, const DeviceId&) = default;
};

// One transfer, named at random by its sender and the same on both devices.
struct TransferId {
  std::array<std::byte, 16> bytes{};

  std::string to_hex() const;

  friend constexpr auto operator<=>(const TransferId&, const TransferId&) = default;
};

// One message, named at random by its sender and the same on both devices.
struct MessageId {
  std::array<std::byte, 16> bytes{};

  std::string to_hex() const;

  friend constexpr auto operator<=>(const MessageId&, const MessageId&) = default;
};

}  // namespace kith
