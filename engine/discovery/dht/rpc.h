#pragma once

// The queries this node waits for answers to.
//
//   begin --> waiting --1.5 s--> slow: a lookup opens another --5 s--> over: the node is silent
//                \--response or error from the address asked--> over
//
// An answer belongs to a query if it comes from the address asked and repeats its 4 random bytes:
// nobody answers for another without seeing the query.
//
// It does not own: the bytes of queries, or what their answers mean.

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/random.h"
#include "engine/discovery/dht/node_id.h"
#include "kith/time.h"

namespace kith::dht {

inline constexpr Duration kSlowAfter = std::chrono::milliseconds(1500);  // most answer in 0.5 s
inline constexpr Duration kSilentAfter = std::chrono::seconds(5);
// Far above what the lookups allowed ask at once.
inline constexpr std::size_t kMaxCalls = 512;

enum class CallState : std::uint8_t { waiting, slow, over };
inline constexpr std::size_t kCallStates = 3;
enum class CallTrigger : std::uint8_t { answered, slowed, timed_out };
inline constexpr std::size_t kCallTriggers = 3;

std::string_view to_string(CallState state);
std::string_view to_string(CallTrigger trigger);
// Empty where the trigger changes nothing.
std::optional<CallState> next_state(CallState from, CallTrigger trigger);

// Which of the node's searches asked, and whether it was the lookup or the put that follows it.
enum class Purpose : std::uint8_t { lookup, store, test };

struct Call {
  Address to;
  std::optional<NodeId> expected;  // unknown of bootstrap hosts
  Purpose purpose = Purpose::test;
  std::uint64_t search = 0;
  CallState state = CallState::waiting;
  Instant sent;
};

class Rpc {
 public:
  explicit Rpc(RandomSource random) : random_(std::move(random)) {}

  // The transaction to send, or nothing where too much waits already.
  std::optional<Bytes> begin(Instant now, Call call);
  // The call that this answers, which is over.
  std::optional<Call> answered(const Address& source, ByteView transaction);
  // Calls that have become slow or are over, in order of time, each state once.
  std::vector<Call> expire(Instant now);

  Instant deadline() const;
  std::size_t size() const { return calls_.size(); }

 private:
  RandomSource random_;
  std::map<std::uint32_t, Call> calls_;
  std::set<std::pair<Instant, std::uint32_t>> deadlines_;
};

}  // namespace kith::dht
