#pragma once

// Datagrams of QUIC as who has no keys can make them (RFC 8999, RFC 9000 section 17).

#include <cstdint>

#include "engine/base/random.h"
#include "kith/address.h"
#include "kith/bytes.h"
#include "kith/time.h"

namespace kith::sim::forge {

Bytes random_bytes(RandomSource& random, std::size_t least, std::size_t most);

// To the sender of a long header with these connection ids, as if it spoke none of our versions.
Bytes version_negotiation(RandomSource& random, ByteView its_source, ByteView its_destination);

// In place of the packet `seen`: its first bytes, with the connection id, and a token that is
// guessed (section 10.3).
Bytes stateless_reset(RandomSource& random, ByteView seen);

// The first datagram of a handshake for nobody in particular, with all its cryptography right.
Bytes initial(RandomSource& random, Instant now, const Address& source, const Address& destination);

}  // namespace kith::sim::forge
