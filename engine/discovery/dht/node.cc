#include "engine/discovery/dht/node.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/discovery/dht/saved_table.h"

namespace kith::dht {
namespace {

// Sources of queries and networks of unproven ones that are told apart: 64 bytes each.
constexpr std::size_t kCountedHosts = 4096;
constexpr std::size_t kCountedPrefixes = 2048;

NodeId first_id(RandomSource& random) { return NodeId::random(random); }

}  // namespace

DhtNode::DhtNode(Instant now, Config config, RandomSource random, ByteView saved)
    : config_(std::move(config)),
      random_(std::move(random)),
      table_(first_id(random_), config_.scope),
      storage_(table_.own()),
      rpc_(random_.fork("rpc")),
      tokens_(now, random_.fork("tokens")),
      acquaintances_(config_.scope),
      test_at_(now + kTestEvery),
      look_around_at_(now),
      host_queries_(config_.queries_per_host, kCountedHosts),
      prefix_bytes_(config_.unverified_bytes_per_prefix, kCountedPrefixes),
      host_tests_(kHostTests, kCountedHosts),
      outgoing_(kMaxQueued) {
  KITH_CHECK(config_.bootstrap.size() <= kMaxBootstrapHosts);
  KITH_CHECK(config_.store_at > 0 && config_.store_at <= kMaxStoreAt);
  if (config_.reachable) standing_ = Standing::open;
  restore(saved);
}

void DhtNode::restore(ByteView saved) {
  const auto table = decode_saved_table(saved);
  if (!table) return;
  if (table->external && may_be_own(*table->external)) external_.restore(*table->external);
  table_.rehome(table->id);
  storage_.move_to(table->id);
  for (const Contact& contact : table->contacts) {
    if (is_usable(contact.address, config_.family, config_.scope)) remembered_.push_back(contact);
  }
}

Bytes DhtNode::save() const {
  return encode({table_.own(), external_.address(), table_.best(kMaxSavedContacts)});
}

// --- in and out ------------------------------------------------------------------------------

void DhtNode::handle_datagram(Instant now, const Address& source, ByteView bytes) {
  if (!is_usable(source, config_.family, config_.scope)) return drop(Drop::bad_source);
  const auto message = decode(bytes);
  if (!message) return on_bad_query(now, source, message.error());
  if (std::holds_alternative<Query>(message->body)) return on_query(now, source, *message);
  if (std::holds_alternative<Response>(message->body)) return on_response(now, source, *message);
  on_error(now, source, *message);
}

std::optional<Datagram> DhtNode::poll_transmit() { return outgoing_.pop(); }

std::optional<Event> DhtNode::poll_event() {
  if (events_.empty()) return std::nullopt;
  Event event = std::move(events_.front());
  events_.pop_front();
  return event;
}

void DhtNode::transmit(const Address& to, Bytes bytes) {
  if (!outgoing_.push({to, std::move(bytes)})) drop(Drop::queue_full);
}

bool DhtNode::query(Instant now, Call call, Request request) {
  const Address to = call.to;
  auto transaction = rpc_.begin(now, std::move(call));
  if (!transaction) {
    drop(Drop::calls_full);
    return false;
  }
  acquaintances_.sent(now, to);
  const Query query{table_.own(), standing_ == Standing::hidden, std::move(request)};
  transmit(to, encode({std::move(*transaction), kClient, std::nullopt, query}));
  return true;
}

// --- time ------------------------------------------------------------------------------------

Instant DhtNode::next_wakeup() const {
  Instant next = std::min({rpc_.deadline(), test_at_, standing_at_});
  if (!own_search_) next = std::min(next, look_around_at_);
  for (const auto& [number, search] : searches_) next = std::min(next, search.deadline);
  return next;
}

void DhtNode::on_wakeup(Instant now) {
  for (const Call& call : rpc_.expire(now)) on_call(now, call);
  std::vector<std::uint64_t> late;
  for (const auto& [number, search] : searches_) {
    if (search.deadline <= now) late.push_back(number);
  }
  for (const std::uint64_t number : late) finish(now, number);
  on_due(now);
}

void DhtNode::on_due(Instant now) {
  if (test_at_ <= now) {
    table_.age(now);
    storage_.expire(now);
    test_stalest(now);
    // Where the last look found few, the next one is due as it said.
    const bool found_enough = bootstrap_pause_ == kFirstBootstrapPause;
    if (knows_few() && found_enough) look_around_at_ = now;
    test_at_ = now + (standing_ == Standing::hidden ? kTestEveryHidden : kTestEvery);
  }
  if (look_around_at_ <= now && !own_search_) look_around(now);
  if (standing_at_ <= now) {
    standing_at_ = Instant::never();
    change_standing(now, standing_ == Standing::hidden   ? StandingTrigger::try_due
                         : standing_ == Standing::trying ? StandingTrigger::try_over
                                                         : StandingTrigger::unvisited);
  }
}

// A query for nodes tells as much as a ping, and brings news of the bucket.
void DhtNode::test_stalest(Instant now) {
  const auto stalest = table_.stalest(now - kTestEvery);
  if (!stalest) return;
  NodeId target = NodeId::random(random_);
  // As much of the id as the bucket shares with ours, and one bit more.
  const std::size_t shared = common_bits(stalest->id, table_.own());
  for (std::size_t bit = 0; bit <= shared && bit < kIdBits; ++bit) {
    const auto mask = static_cast<std::byte>(0x80 >> bit % 8);
    std::byte& byte = target.bytes[bit / 8];
    byte = (byte & ~mask) | (stalest->id.bytes[bit / 8] & mask);
  }
  Call call{stalest->address, stalest->id, Purpose::test, 0, CallState::waiting, now};
  query(now, std::move(call), FindNode{target, {}});
}

// --- taking part -----------------------------------------------------------------------------

// Asks for its own neighbours, which are told of us by that.
void DhtNode::look_around(Instant now) {
  look_around_at_ = Instant::never();
  Search search = search_for(now, std::nullopt, table_.own());
  for (const Contact& contact : remembered_) search.lookup.add(contact);
  // After a while without a network every node counts as bad; they are still the best guess.
  if (knows_few()) {
    for (const Contact& contact : table_.bad(kClosest)) search.lookup.add(contact);
  }
  own_search_ = next_search_;
  start(now, std::move(search));
}

void DhtNode::on_looked_around(Instant now) {
  own_search_.reset();
  const std::size_t usable = table_.usable();
  Instant again = Instant::never();
  if (usable < kFewNodes) {
    // Alone, or in a network as small as this: it looks again, ever more seldom.
    again = now + bootstrap_pause_;
    bootstrap_pause_ = std::min(2 * bootstrap_pause_, kLongestBootstrapPause);
  } else {
    bootstrap_pause_ = kFirstBootstrapPause;
    remembered_.clear();
    // A hidden node has no neighbours that rely on it.
    if (standing_ != Standing::hidden) again = now + kLookAroundEvery;
  }
  // It may have been asked for once more in the meantime.
  look_around_at_ = std::min(look_around_at_, again);
  if (usable == 0) {
    events_.push_back(Lonely{look_around_at_});
    return;
  }
  if (standing_ == Standing::hidden && standing_at_ == Instant::never()) standing_at_ = now;
  events_.push_back(Bootstrapped{usable});
}

void DhtNode::change_standing(Instant now, StandingTrigger trigger) {
  if (config_.reachable) return;
  const bool was_open = standing_ == Standing::open;
  if (was_open && trigger == StandingTrigger::asked_by_stranger) {
    standing_at_ = now + kUnvisitedAfter;
    return;
  }
  const auto next = next_state(standing_, trigger);
  if (!next) return;
  standing_ = *next;
  events_.push_back(StandingChanged{standing_});
  if (standing_ == Standing::hidden) {
    if (trigger == StandingTrigger::moved) try_pause_ = kFirstTryPause;
    // Whoever was open, or has just moved, has reason to try again at once.
    const bool soon = was_open || trigger == StandingTrigger::moved;
    standing_at_ = now + (soon ? kTestEvery : try_pause_);
    if (!soon) try_pause_ = std::min(2 * try_pause_, kLongestTryPause);
    return;
  }
  if (standing_ == Standing::open) {
    try_pause_ = kFirstTryPause;
    standing_at_ = now + kUnvisitedAfter;
  } else {
    standing_at_ = now + kTryFor;
  }
  // Now that we no longer say to be read-only, the neighbours take us into their tables.
  look_around_at_ = now;
}

// BEP 42: the id follows the address.
void DhtNode::follow_address(Instant now) {
  const Address address = *external_.address();
  if (!conforms(table_.own(), address)) {
    const auto seed = static_cast<std::uint8_t>(random_.below(256));
    const NodeId id = id_for(address, seed, random_);
    table_.rehome(id);
    storage_.move_to(id);
    look_around_at_ = now;
  }
  // Who doubted was right, and may be so again soon.
  doubt_again_at_ = now;
  events_.push_back(Moved{address, table_.own()});
  change_standing(now, StandingTrigger::moved);
}

void DhtNode::set_bootstrap(Instant now, std::vector<Address> hosts) {
  KITH_CHECK(hosts.size() <= kMaxBootstrapHosts);
  if (config_.bootstrap == hosts) return;
  config_.bootstrap = std::move(hosts);
  if (knows_few()) look_around_at_ = now;
}

void DhtNode::network_changed(Instant now) {
  external_.forget_votes();
  bootstrap_pause_ = kFirstBootstrapPause;
  look_around_at_ = now;
  change_standing(now, StandingTrigger::moved);
}

void DhtNode::check_invariants() const {
  table_.check_invariants();
  KITH_CHECK(storage_.size() <= kMaxItems);
  KITH_CHECK(rpc_.size() <= kMaxCalls);
  KITH_CHECK(searches_.size() <= kMaxRequests + 1);
  for (const auto& [number, search] : searches_) {
    KITH_CHECK(search.lookup.size() <= kMaxCandidates);
  }
}

}  // namespace kith::dht
