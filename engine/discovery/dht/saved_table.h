#pragma once

// What is worth keeping over a restart, as one blob: the id, the address it follows, and nodes that
// answered, so that no bootstrap host is needed.
//
//   "kdht" 1  id 20  has_address 1 [address]  count 1  count x (id 20, address)
//   address: family 1 (4 or 6), ip 4 or 16, port 2, all big-endian

#include <cstddef>
#include <optional>
#include <vector>

#include "engine/discovery/dht/node_id.h"
#include "kith/bytes.h"

namespace kith::dht {

inline constexpr std::size_t kMaxSavedContacts = 64;  // a third of a table; some will be gone

struct SavedTable {
  NodeId id;
  std::optional<Address> external;
  std::vector<Contact> contacts;

  friend bool operator==(const SavedTable&, const SavedTable&) = default;
};

// At most kMaxSavedContacts are written.
Bytes encode(const SavedTable& table);
// Empty if it is not exactly such a blob, or of another version.
std::optional<SavedTable> decode_saved_table(ByteView blob);

}  // namespace kith::dht
