// Queries of others: who is answered, and what.

#include "engine/discovery/dht/node.h"

namespace kith::dht {
namespace {

// Strangers that would fit into the table and are tested: more come by than there is room for.
constexpr Rate kMeetings{2, 16};

}  // namespace

struct DhtNode::Answerer {
  using Answer = std::variant<Response, ErrorNumber>;

  DhtNode& node;
  Instant now;
  const Address& source;
  bool& verified;

  Response response() const {
    Response response;
    response.id = node.table_.own();
    return response;
  }
  // BEP 32: what is asked for, or else the family of the query. We know nodes of one family only.
  Response nearest(const NodeId& target, const Want& want) const {
    Response answer = response();
    const bool v4 = node.config_.family == Address::Family::ipv4;
    answer.lists = want.v4 || want.v6 ? want : Want{v4, !v4};
    if (v4 ? answer.lists.v4 : answer.lists.v6) {
      answer.nodes = node.table_.closest(target, kClosest);
    }
    return answer;
  }
  bool proves(const Bytes& token) const {
    const bool valid = node.tokens_.valid(now, source, token);
    if (valid) verified = true;
    return valid;
  }

  Answer operator()(const Ping&) const { return response(); }
  Answer operator()(const FindNode& r) const { return nearest(r.target, r.want); }
  Answer operator()(const GetPeers& r) const {
    Response answer = nearest(r.info_hash, r.want);
    answer.token = node.tokens_.issue(now, source);
    return answer;
  }
  // Peers of torrents are not kept: a lookup meets other nodes that do.
  Answer operator()(const AnnouncePeer& r) const {
    if (!proves(r.token)) return ErrorNumber::protocol;
    return response();
  }
  Answer operator()(const Get& r) const {
    Response answer = nearest(r.target, r.want);
    answer.token = node.tokens_.issue(now, source);
    const Stored* stored = node.storage_.find(now, r.target);
    if (stored == nullptr) return answer;
    if (stored->signed_by) {
      answer.seq = stored->signed_by->seq;
      if (r.seq && *r.seq >= *answer.seq) return answer;
      answer.key = stored->signed_by->key;
      answer.signature = stored->signed_by->signature;
    }
    answer.value = stored->value;
    return answer;
  }
  Answer operator()(const PutImmutable& r) const { return put(r); }
  Answer operator()(const PutMutable& r) const { return put(r); }

  template <class Put>
  Answer put(const Put& r) const {
    if (!proves(r.token)) return ErrorNumber::protocol;
    if (const auto error = node.storage_.put(now, source, r)) return *error;
    return response();
  }
};

// True where a query from there is looked at.
bool DhtNode::admits(Instant now, const Address& source) {
  if (acquaintances_.stranger(now, source)) {
    change_standing(now, StandingTrigger::asked_by_stranger);
  }
  if (standing_ == Standing::hidden) {
    drop(Drop::hidden);
    return false;
  }
  if (!host_queries_.take(now, host_in(source, config_.scope), 1)) {
    drop(Drop::host_rate);
    return false;
  }
  if (!all_queries_.take(now, config_.queries_in_all, 1)) {
    drop(Drop::total_rate);
    return false;
  }
  return true;
}

void DhtNode::on_query(Instant now, const Address& source, const Message& message) {
  const auto& query = std::get<Query>(message.body);
  if (query.id == table_.own()) return drop(Drop::wrong_id);
  if (!admits(now, source)) return;
  const Contact asker{query.id, source};
  bool verified = acquaintances_.verified(now, source);
  auto answered = std::visit(Answerer{*this, now, source, verified}, query.request);
  Message reply{message.transaction, kClient, source, Response{}};
  if (auto* response = std::get_if<Response>(&answered)) {
    reply.body = std::move(*response);
  } else {
    const auto number = std::get<ErrorNumber>(answered);
    reply.body = ErrorReply{static_cast<std::int64_t>(number), std::string(text_of(number))};
  }
  answer(now, source, reply, verified);
  table_.on_asked(now, asker);
  meet(now, asker, query.read_only);
}

void DhtNode::on_bad_query(Instant now, const Address& source, const Refused& refused) {
  drop(refused.bencode ? Drop::bad_bencode : Drop::bad_message);
  if (!refused.answer || !admits(now, source)) return;
  const ErrorReply error{static_cast<std::int64_t>(*refused.answer),
                         std::string(text_of(*refused.answer))};
  answer(now, source, {refused.transaction, kClient, source, error},
         acquaintances_.verified(now, source));
}

void DhtNode::answer(Instant now, const Address& source, const Message& message, bool verified) {
  Bytes bytes = encode(message);
  if (!verified) {
    if (!prefix_bytes_.take(now, prefix_of(source), bytes.size()) ||
        !all_bytes_.take(now, config_.unverified_bytes_in_all, bytes.size())) {
      return drop(Drop::reply_budget);
    }
  }
  acquaintances_.sent(now, source);
  transmit(source, std::move(bytes));
}

// Somebody new for whom the table has room is asked whether he answers.
void DhtNode::meet(Instant now, const Contact& asker, bool read_only) {
  if (read_only || table_.contains(asker) || !table_.wants(asker)) return;
  // Who has no test left takes none of what is there for all.
  const Address host = host_in(asker.address, config_.scope);
  if (!host_tests_.allows(now, host, kSecondsForATest)) return;
  if (!tests_.take(now, kMeetings, 1)) return;
  if (!host_tests_.take(now, host, kSecondsForATest)) return;
  query(now, {asker.address, asker.id, Purpose::test, 0, CallState::waiting, now}, Ping{});
}

}  // namespace kith::dht
