#include "engine/discovery/dht/rpc.h"

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/check.h"

namespace kith::dht {
namespace {

Duration until_next(CallState state) {
  return state == CallState::waiting ? kSlowAfter : kSilentAfter;
}

}  // namespace

std::string_view to_string(CallState state) {
  switch (state) {
    case CallState::waiting:
      return "waiting";
    case CallState::slow:
      return "slow";
    case CallState::over:
      return "over";
  }
  return "unknown";
}

std::string_view to_string(CallTrigger trigger) {
  switch (trigger) {
    case CallTrigger::answered:
      return "answered";
    case CallTrigger::slowed:
      return "slowed";
    case CallTrigger::timed_out:
      return "timed out";
  }
  return "unknown";
}

std::optional<CallState> next_state(CallState from, CallTrigger trigger) {
  if (from == CallState::over) return std::nullopt;
  if (trigger == CallTrigger::answered) return CallState::over;
  if (from == CallState::waiting && trigger == CallTrigger::slowed) return CallState::slow;
  if (from == CallState::slow && trigger == CallTrigger::timed_out) return CallState::over;
  return std::nullopt;
}

std::optional<Bytes> Rpc::begin(Instant now, Call call) {
  if (calls_.size() >= kMaxCalls) return std::nullopt;
  call.sent = now;
  call.state = CallState::waiting;
  std::uint32_t id = 0;
  do {
    id = static_cast<std::uint32_t>(random_.next_u64());
  } while (calls_.contains(id));
  deadlines_.emplace(now + until_next(call.state), id);
  calls_.emplace(id, std::move(call));
  ByteWriter transaction;
  transaction.u32(id);
  return std::move(transaction).take();
}

std::optional<Call> Rpc::answered(const Address& source, ByteView transaction) {
  ByteReader reader(transaction);
  const auto id = reader.u32();
  if (!id || !reader.empty()) return std::nullopt;
  const auto found = calls_.find(*id);
  if (found == calls_.end() || found->second.to != source) return std::nullopt;
  Call call = std::move(found->second);
  calls_.erase(found);
  deadlines_.erase({call.sent + until_next(call.state), *id});
  call.state = *next_state(call.state, CallTrigger::answered);
  return call;
}

std::vector<Call> Rpc::expire(Instant now) {
  std::vector<Call> expired;
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
    const std::uint32_t id = deadlines_.begin()->second;
    deadlines_.erase(deadlines_.begin());
    const auto found = calls_.find(id);
    KITH_CHECK(found != calls_.end());
    Call& call = found->second;
    const bool waited = call.state == CallState::waiting;
    call.state = *next_state(call.state, waited ? CallTrigger::slowed : CallTrigger::timed_out);
    expired.push_back(call);
    if (call.state == CallState::over) {
      calls_.erase(found);
    } else {
      deadlines_.emplace(call.sent + until_next(call.state), id);
    }
  }
  return expired;
}

Instant Rpc::deadline() const {
  return deadlines_.empty() ? Instant::never() : deadlines_.begin()->first;
}

}  // namespace kith::dht
