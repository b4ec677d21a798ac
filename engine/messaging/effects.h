#pragma once

// What the parts of messaging ask of their owner, in order.

#include <cstdint>
#include <deque>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/random.h"
#include "engine/messaging/codec.h"
#include "engine/registry/protocol.h"

namespace kith::messaging {

// Application close codes of kith/message/1.
enum class CloseCode : std::uint64_t { done = 0, violation = 1, unanswered = 2 };

struct Effects {
  EffectIds ids;
  RandomSource random;
  std::deque<ProtocolOutput> outputs{};
  std::map<std::string_view, std::uint64_t> counters{};

  StoreOpId commit(std::vector<StoreChange> changes) {
    const StoreOpId op = ids.store_op();
    outputs.push_back(StoreCommit{op, std::move(changes)});
    return op;
  }
  void write(ConnectionId connection, StreamId stream, const Message& message) {
    outputs.push_back(StreamWrite{connection, stream, SharedBytes(encode(message)), false});
  }
  void close(ConnectionId connection, CloseCode code) {
    outputs.push_back(CloseConnection{connection, static_cast<std::uint64_t>(code), ""});
  }
  void emit(Event event) { outputs.push_back(std::move(event)); }
};

}  // namespace kith::messaging
