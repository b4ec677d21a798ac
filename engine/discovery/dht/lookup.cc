#include "engine/discovery/dht/lookup.h"

#include <algorithm>
#include <tuple>

namespace kith::dht {
namespace {

bool comes_before(const Candidate& a, const Candidate& b) {
  const auto rank = [](const Candidate& each) {
    return std::make_tuple(each.id.has_value(), !each.conforming, each.distance);
  };
  return rank(a) < rank(b);
}

}  // namespace

std::string_view to_string(CandidateState state) {
  switch (state) {
    case CandidateState::known:
      return "known";
    case CandidateState::asked:
      return "asked";
    case CandidateState::slow:
      return "slow";
    case CandidateState::answered:
      return "answered";
    case CandidateState::silent:
      return "silent";
  }
  return "unknown";
}

std::string_view to_string(CandidateTrigger trigger) {
  switch (trigger) {
    case CandidateTrigger::ask:
      return "ask";
    case CandidateTrigger::slowed:
      return "slowed";
    case CandidateTrigger::answered:
      return "answered";
    case CandidateTrigger::failed:
      return "failed";
  }
  return "unknown";
}

std::optional<CandidateState> next_state(CandidateState from, CandidateTrigger trigger) {
  switch (from) {
    case CandidateState::known:
      if (trigger == CandidateTrigger::ask) return CandidateState::asked;
      return std::nullopt;
    case CandidateState::asked:
      if (trigger == CandidateTrigger::slowed) return CandidateState::slow;
      [[fallthrough]];
    case CandidateState::slow:
      if (trigger == CandidateTrigger::answered) return CandidateState::answered;
      if (trigger == CandidateTrigger::failed) return CandidateState::silent;
      return std::nullopt;
    case CandidateState::answered:
    case CandidateState::silent:
      return std::nullopt;
  }
  return std::nullopt;
}

Lookup::Lookup(const NodeId& target, Scope scope, std::size_t closest)
    : target_(target), scope_(scope), count_(closest) {}

void Lookup::add_host(const Address& address) {
  if (!quota_allows(address)) return;
  Candidate candidate;
  candidate.address = address;
  place(std::move(candidate));
}

void Lookup::add(const Contact& contact, std::size_t hops) {
  if (!quota_allows(contact.address)) return;
  Candidate candidate;
  candidate.address = contact.address;
  candidate.id = contact.id;
  candidate.distance = distance(contact.id, target_);
  candidate.conforming = conforms(contact.id, contact.address);
  candidate.hops = hops;
  place(std::move(candidate));
}

bool Lookup::quota_allows(const Address& address) const {
  const Address host = host_in(address, scope_);
  const Prefix prefix = prefix_of(address);
  std::size_t in_prefix = 0;
  for (const Candidate& each : candidates_) {
    if (host_in(each.address, scope_) == host) return false;
    if (prefix_of(each.address) == prefix) ++in_prefix;
  }
  return in_prefix < kCandidatesPerPrefix || !counts_by_prefix(address, scope_);
}

// Where there are too many, the last that was not asked makes room.
void Lookup::place(Candidate candidate) {
  const auto at = std::upper_bound(candidates_.begin(), candidates_.end(), candidate, comes_before);
  candidates_.insert(at, std::move(candidate));
  if (candidates_.size() <= kMaxCandidates) return;
  const auto last = std::find_if(candidates_.rbegin(), candidates_.rend(), [](const auto& each) {
    return each.state == CandidateState::known;
  });
  if (last != candidates_.rend()) candidates_.erase(std::prev(last.base()));
}

Candidate* Lookup::find(const Address& address) {
  const auto found = std::find_if(candidates_.begin(), candidates_.end(),
                                  [&](const auto& each) { return each.address == address; });
  return found == candidates_.end() ? nullptr : &*found;
}

std::optional<Candidate> Lookup::next() {
  if (asked_ == kMaxAsked) return std::nullopt;
  const auto in_flight =
      std::count_if(candidates_.begin(), candidates_.end(),
                    [](const auto& each) { return each.state == CandidateState::asked; });
  if (static_cast<std::size_t>(in_flight) >= kAlpha) return std::nullopt;
  // Slow ones keep their place but not the turn of those behind them.
  std::size_t ahead = 0;
  for (Candidate& each : candidates_) {
    if (ahead == count_) return std::nullopt;
    if (each.state == CandidateState::silent || each.state == CandidateState::slow) continue;
    ++ahead;
    const auto asked = next_state(each.state, CandidateTrigger::ask);
    if (!asked) continue;
    each.state = *asked;
    ++asked_;
    return each;
  }
  return std::nullopt;
}

std::size_t Lookup::on_answered(const Contact& from, ByteView token,
                                const std::vector<Contact>& contacts) {
  Candidate* found = find(from.address);
  if (found == nullptr) return 0;
  const auto answered = next_state(found->state, CandidateTrigger::answered);
  if (!answered) return found->hops;
  Candidate candidate = *found;
  candidates_.erase(candidates_.begin() + (found - candidates_.data()));
  candidate.state = *answered;
  candidate.token = to_bytes(token);
  candidate.id = from.id;
  candidate.distance = distance(from.id, target_);
  candidate.conforming = conforms(from.id, from.address);
  const std::size_t hops = candidate.hops;
  place(std::move(candidate));
  for (const Contact& contact : contacts) add(contact, hops + 1);
  return hops;
}

void Lookup::move_along(const Address& address, CandidateTrigger trigger) {
  Candidate* found = find(address);
  if (found == nullptr) return;
  if (const auto next = next_state(found->state, trigger)) found->state = *next;
}

void Lookup::on_slow(const Address& address) { move_along(address, CandidateTrigger::slowed); }
void Lookup::on_failed(const Address& address) { move_along(address, CandidateTrigger::failed); }

// Slow ones are waited for only where there are not enough others.
bool Lookup::over() const {
  std::size_t ahead = 0;
  bool slow = false;
  for (const Candidate& each : candidates_) {
    if (ahead == count_) return true;
    if (each.state == CandidateState::asked) return false;
    if (each.state == CandidateState::known && asked_ < kMaxAsked) return false;
    if (each.state == CandidateState::slow) slow = true;
    if (each.state == CandidateState::answered) ++ahead;
  }
  return ahead == count_ || !slow;
}

std::vector<Contact> Lookup::closest() const {
  std::vector<Contact> result;
  for (const Candidate& each : candidates_) {
    if (result.size() == count_) break;
    if (each.state == CandidateState::answered) result.push_back({*each.id, each.address});
  }
  return result;
}

std::optional<Candidate> Lookup::next_to_store() {
  for (Candidate& each : candidates_) {
    if (each.state != CandidateState::answered || each.token.empty() || each.stored) continue;
    each.stored = true;
    return each;
  }
  return std::nullopt;
}

std::size_t Lookup::answered() const {
  return static_cast<std::size_t>(
      std::count_if(candidates_.begin(), candidates_.end(),
                    [](const auto& each) { return each.state == CandidateState::answered; }));
}

}  // namespace kith::dht
