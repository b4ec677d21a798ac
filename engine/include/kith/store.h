#pragma once

// The durable store: a small ordered map of byte keys to byte values. Commits complete in the
// order they were issued, each atomically: after a crash a prefix of them is present, and every
// commit that completed is.

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kith/bytes.h"
#include "kith/ids.h"
#include "kith/result.h"

namespace kith {

// One key with its new value.
struct StoreChange {
  std::string key;             // "device/<id hex>", "transfer/<id hex>/journal", ...
  std::optional<Bytes> value;  // absent: the key is removed
};

// Changes that happen together or not at all. -> StoreCompleted
struct StoreCommit {
  StoreOpId op;
  std::vector<StoreChange> changes;
};

// A commit is durable, or has not happened.
struct StoreCompleted {
  StoreOpId op;
  Result<void> outcome;  // no_space, io_error
};

// Everything the store held when the engine was made.
using RestoredState = std::map<std::string, Bytes>;

}  // namespace kith
