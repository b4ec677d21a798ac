// Searches of a node: a walk to a target, what it finds, and what is put where it ends.

#include <algorithm>

#include "engine/discovery/dht/node.h"

namespace kith::dht {
namespace {

NodeId target_of(const Item& item) {
  if (const auto* value = std::get_if<ImmutableItem>(&item)) return immutable_target(value->value);
  const auto& own = std::get<MutableItem>(item);
  return mutable_target(own.key, own.salt);
}

// Of an item that this search would take.
std::optional<std::int64_t> seq_of(const std::optional<Item>& item) {
  const auto* found = item ? std::get_if<MutableItem>(&*item) : nullptr;
  return found != nullptr ? std::optional(found->seq) : std::nullopt;
}

Result<void> check_item(const Item& item) {
  const Bytes& value = std::holds_alternative<ImmutableItem>(item)
                           ? std::get<ImmutableItem>(item).value
                           : std::get<MutableItem>(item).value;
  if (value.size() > kMaxValueBytes) {
    return failure(ErrorCode::limit_exceeded, "an item of the DHT holds at most 1000 bytes",
                   "put less into it");
  }
  if (!bencode::Document::parse(value)) {
    return failure(ErrorCode::invalid_argument, "the value of an item is not bencoded",
                   "encode it with string_value()");
  }
  if (const auto* own = std::get_if<MutableItem>(&item); own != nullptr && !verify(*own)) {
    return failure(ErrorCode::invalid_argument, "the item is not signed by its key",
                   "sign it with sign_item()");
  }
  return {};
}

}  // namespace

// --- commands --------------------------------------------------------------------------------

Result<void> DhtNode::accept(RequestId request) const {
  std::size_t asked_for = 0;
  for (const auto& [number, search] : searches_) {
    if (search.request == request) {
      return failure(ErrorCode::already_exists, "a request with this id is under way");
    }
    if (search.request) ++asked_for;
  }
  if (asked_for >= kMaxRequests) {
    return failure(ErrorCode::limit_exceeded, "too many lookups in the DHT at once",
                   "wait until one is done");
  }
  return {};
}

DhtNode::Search DhtNode::search_for(Instant now, std::optional<RequestId> request,
                                    const NodeId& target) const {
  Search search{.request = request,
                .lookup = Lookup(target, config_.scope, std::max(kClosest, config_.store_at)),
                .deadline = now + kSearchLife,
                .key = {},
                .put = {},
                .cas = {},
                .found = {},
                .refused = {}};
  for (const Contact& contact : table_.closest(target, kClosest)) search.lookup.add(contact);
  return search;
}

Result<void> DhtNode::find(Instant now, RequestId request, const NodeId& target) {
  if (auto accepted = accept(request); !accepted) return accepted;
  start(now, search_for(now, request, target));
  return {};
}

Result<void> DhtNode::get(Instant now, RequestId request, const ImmutableKey& key) {
  if (auto accepted = accept(request); !accepted) return accepted;
  Search search = search_for(now, request, key.target);
  search.items = true;
  start(now, std::move(search));
  return {};
}

Result<void> DhtNode::get(Instant now, RequestId request, const MutableKey& key) {
  if (auto accepted = accept(request); !accepted) return accepted;
  if (key.salt.size() > kMaxSaltBytes) {
    return failure(ErrorCode::limit_exceeded, "the salt of an item has at most 64 bytes");
  }
  Search search = search_for(now, request, mutable_target(key.key, key.salt));
  search.items = true;
  search.key = key;
  start(now, std::move(search));
  return {};
}

Result<void> DhtNode::put(Instant now, RequestId request, const Item& item,
                          std::optional<std::int64_t> cas) {
  if (auto accepted = accept(request); !accepted) return accepted;
  if (auto checked = check_item(item); !checked) return checked;
  Search search = search_for(now, request, target_of(item));
  search.items = true;
  if (const auto* own = std::get_if<MutableItem>(&item)) search.key = {own->key, own->salt};
  search.put = item;
  search.cas = cas;
  start(now, std::move(search));
  return {};
}

bool DhtNode::cancel(RequestId request) {
  return std::erase_if(searches_,
                       [&](const auto& each) { return each.second.request == request; }) > 0;
}

// --- the walk --------------------------------------------------------------------------------

void DhtNode::start(Instant now, Search search) {
  if (knows_few()) {
    for (const Address& host : config_.bootstrap) search.lookup.add_host(host);
  }
  const std::uint64_t number = next_search_++;
  searches_.emplace(number, std::move(search));
  step(now, number);
}

void DhtNode::step(Instant now, std::uint64_t number) {
  const auto found = searches_.find(number);
  if (found == searches_.end()) return;
  Search& search = found->second;
  if (!search.storing) {
    ask_next(now, number, search);
    if (!search.lookup.over()) return;
    const auto seq = seq_of(search.found);
    const bool superseded = seq && search.put && *seq > std::get<MutableItem>(*search.put).seq;
    if (!search.put || superseded) return finish(now, number);
    search.storing = true;
  }
  store_next(now, number, search);
  if (search.storing_at == 0) finish(now, number);
}

void DhtNode::ask_next(Instant now, std::uint64_t number, Search& search) {
  while (const auto next = search.lookup.next()) {
    Request request = FindNode{search.lookup.target(), {}};
    if (search.items) request = Get{search.lookup.target(), std::nullopt, {}};
    ++search.queries;
    Call call{next->address, next->id, Purpose::lookup, number, CallState::waiting, now};
    if (!query(now, std::move(call), std::move(request))) search.lookup.on_failed(next->address);
  }
}

// One that is silent is made up for by the next; one that refuses has its reasons.
void DhtNode::store_next(Instant now, std::uint64_t number, Search& search) {
  std::size_t said_no = 0;
  for (const auto& refused : search.refused) said_no += refused.nodes;
  while (search.stored + said_no + search.storing_at < config_.store_at) {
    const auto next = search.lookup.next_to_store();
    if (!next) return;
    Request request = Ping{};
    if (const auto* value = std::get_if<ImmutableItem>(&*search.put)) {
      request = PutImmutable{next->token, value->value};
    } else {
      request = PutMutable{next->token, std::get<MutableItem>(*search.put), search.cas};
    }
    Call call{next->address, next->id, Purpose::store, number, CallState::waiting, now};
    if (!query(now, std::move(call), std::move(request))) return;
    ++search.queries;
    ++search.storing_at;
  }
}

void DhtNode::finish(Instant now, std::uint64_t number) {
  const auto found = searches_.find(number);
  if (found == searches_.end()) return;
  Search search = std::move(found->second);
  searches_.erase(found);
  if (own_search_ == number) return on_looked_around(now);
  if (!search.request) return;
  const RequestId request = *search.request;
  if (search.put) {
    PutDone done{request, search.stored, std::move(search.refused), {}, search.queries};
    const auto seq = seq_of(search.found);
    if (seq && *seq > std::get<MutableItem>(*search.put).seq) {
      done.newer = std::get<MutableItem>(*search.found);
    }
    events_.push_back(std::move(done));
  } else if (search.items) {
    events_.push_back(GetDone{request, std::move(search.found), search.lookup.answered(),
                              search.queries, search.hops});
  } else {
    events_.push_back(FindDone{request, search.lookup.closest(), search.queries, search.hops});
  }
}

// --- answers ---------------------------------------------------------------------------------

// A query of ours has become slow, or was not answered at all.
void DhtNode::on_call(Instant now, const Call& call) {
  const bool over = call.state == CallState::over;
  if (over) {
    table_.on_silent(now, call.to);
    external_.on_silent(call.to);
  } else if (call.purpose == Purpose::test && table_.on_slow(now, call.to)) {
    // Either the node has gone or this one is cut off: the next one tells, not in a minute.
    test_at_ = now;
  }
  const auto found = searches_.find(call.search);
  if (found == searches_.end()) return;
  Search& search = found->second;
  if (call.purpose == Purpose::lookup) {
    over ? search.lookup.on_failed(call.to) : search.lookup.on_slow(call.to);
  } else if (call.purpose == Purpose::store && over) {
    --search.storing_at;
  }
  step(now, call.search);
}

void DhtNode::on_response(Instant now, const Address& source, const Message& message) {
  const auto call = rpc_.answered(source, message.transaction);
  if (!call) return drop(Drop::unexpected_answer);
  const auto& response = std::get<Response>(message.body);
  const Contact from{response.id, source};
  if ((call->expected && *call->expected != from.id) || from.id == table_.own()) {
    drop(Drop::wrong_id);
    table_.on_id_changed(source);
    Call failed = *call;
    return on_call(now, failed);
  }
  acquaintances_.answered(now, source);
  table_.on_answered(now, from);
  if (call->purpose == Purpose::lookup) on_lookup_answer(now, from, call->search, response);
  if (call->purpose == Purpose::store) on_store_answer(now, call->search, std::nullopt);
  if (call->purpose == Purpose::test) {
    // News of a bucket: one of them, where it has room.
    for (const Contact& contact : response.nodes) {
      if (!is_usable(contact.address, config_.family, config_.scope)) continue;
      if (!table_.wants(contact)) continue;
      meet(now, contact, false);
      break;
    }
  }
  if (message.external) hear_vote(now, source, *message.external);
}

void DhtNode::hear_vote(Instant now, const Address& voter, const Address& seen) {
  if (!may_be_own(seen)) return;
  if (external_.vote(now, voter, seen)) return follow_address(now);
  const bool doubted = external_.address() && external_.address() != host_of(seen);
  if (!doubted || now < doubt_again_at_) return;
  doubt_again_at_ = now + kDoubtPause;
  look_around_at_ = now;
}

void DhtNode::on_error(Instant now, const Address& source, const Message& message) {
  const auto call = rpc_.answered(source, message.transaction);
  if (!call) return drop(Drop::unexpected_answer);
  acquaintances_.answered(now, source);
  if (call->purpose == Purpose::store) {
    return on_store_answer(now, call->search, std::get<ErrorReply>(message.body).number);
  }
  const auto found = searches_.find(call->search);
  if (call->purpose != Purpose::lookup || found == searches_.end()) return;
  found->second.lookup.on_failed(source);
  step(now, call->search);
}

void DhtNode::on_lookup_answer(Instant now, const Contact& from, std::uint64_t number,
                               const Response& response) {
  const auto found = searches_.find(number);
  if (found == searches_.end()) return;
  Search& search = found->second;
  std::vector<Contact> contacts;
  for (const Contact& contact : response.nodes) {
    if (contact.id != table_.own() && is_usable(contact.address, config_.family, config_.scope)) {
      contacts.push_back(contact);
    }
  }
  std::optional<Item> item;
  if (search.items && !believable(search, response, item)) {
    // Who gives out forged values is not to be asked for nodes either.
    drop(Drop::bad_value);
    search.lookup.on_failed(from.address);
    return step(now, number);
  }
  const std::size_t hops = search.lookup.on_answered(
      from, response.token ? ByteView(*response.token) : ByteView{}, contacts);
  if (item) {
    if (!search.found) search.hops = hops;
    search.found = item;
    if (search.request && !search.put) events_.push_back(Found{*search.request, *item});
  } else if (!search.items) {
    search.hops = std::max(search.hops, hops);
  }
  step(now, number);
}

// False if the response holds a value that is not what it claims. `item` is set where it is better
// than what was found before.
bool DhtNode::believable(const Search& search, const Response& response,
                         std::optional<Item>& item) const {
  if (!response.value) return true;
  if (!search.key) {
    if (immutable_target(*response.value) != search.lookup.target()) return false;
    if (!search.found) item = ImmutableItem{*response.value};
    return true;
  }
  if (!response.key || !response.seq || !response.signature) return false;
  if (*response.key != search.key->key) return false;
  MutableItem mine{*response.key, search.key->salt, *response.seq, *response.value,
                   *response.signature};
  // Every distinct value is verified, the same again is not.
  if (search.found && std::get<MutableItem>(*search.found) == mine) return true;
  if (!verify(mine)) return false;
  const auto seq = seq_of(search.found);
  if (!seq || mine.seq > *seq) item = std::move(mine);
  return true;
}

void DhtNode::on_store_answer(Instant now, std::uint64_t number,
                              std::optional<std::int64_t> error) {
  const auto found = searches_.find(number);
  if (found == searches_.end()) return;
  Search& search = found->second;
  --search.storing_at;
  if (!error) {
    ++search.stored;
    return step(now, number);
  }
  const auto same = std::find_if(search.refused.begin(), search.refused.end(),
                                 [&](const auto& each) { return each.error == *error; });
  if (same == search.refused.end()) {
    search.refused.push_back({*error, 1});
  } else {
    ++same->nodes;
  }
  step(now, number);
}

}  // namespace kith::dht
