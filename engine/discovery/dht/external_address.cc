#include "engine/discovery/dht/external_address.h"

#include <algorithm>

namespace kith::dht {

bool ExternalAddress::vote(Instant now, const Address& voter, const Address& seen) {
  if (seen.family != voter.family || seen.is_unspecified()) return false;
  const Prefix prefix = prefix_of(voter);
  std::erase_if(
      votes_, [&](const Vote& vote) { return vote.voter == prefix || vote.at + kVoteLife <= now; });
  if (votes_.size() == kVotesKept) votes_.pop_front();
  const Address host = host_of(seen);
  votes_.push_back({prefix, host, now});
  const auto count = static_cast<std::size_t>(std::count_if(
      votes_.begin(), votes_.end(), [&](const Vote& vote) { return vote.seen == host; }));
  if (count < kVotesNeeded || 2 * count <= votes_.size() || address_ == host) return false;
  address_ = host;
  return true;
}

void ExternalAddress::on_silent(const Address& voter) {
  const Prefix prefix = prefix_of(voter);
  std::erase_if(votes_, [&](const Vote& vote) { return vote.voter == prefix; });
}

}  // namespace kith::dht
