#pragma once

// Bytes of a stranger to a Message, or the reason why not. Work and memory are bounded by the size
// of the bytes: names that grow when they are decompressed have a budget per message.

#include <cstddef>

#include "engine/dns/message.h"
#include "kith/bytes.h"
#include "kith/result.h"

namespace kith::dns {

// An mDNS packet is at most 9000 bytes with its headers (RFC 6762 section 17), where the shortest
// useful record, a compressed PTR, takes some 20; a question takes 6 at least and is rarely alone.
inline constexpr std::size_t kMaxQuestions = 256;
inline constexpr std::size_t kMaxRecords = 512;
// One for each label a name can have.
inline constexpr std::size_t kMaxPointersPerName = 127;
// All names of a message, decompressed: 512 records with two names of 64 bytes each.
inline constexpr std::size_t kMaxNameBytes = std::size_t{64} * 1024;
// Types an NSEC record may list: the whole window that multicast DNS uses (RFC 6762 section 6.1).
inline constexpr std::size_t kMaxNsecTypes = 256;

Result<Message, Malformed> parse(ByteView bytes);

}  // namespace kith::dns
