#pragma once

// A node of the Mainline DHT (schemas/dht.md): finds nodes, gets and puts items, and serves others
// once they can reach it.
//
//   handle_datagram --> krpc --query--> limits, standing --> answer     storage, tokens
//                          \--answer--> rpc --> table, votes --> search: lookup, then put
//   get, put, find ---> search --> rpc --> poll_transmit     on_wakeup: timeouts, upkeep
//                          \--> poll_event
//
// One node serves one address family on one socket of its own: a datagram of the DHT begins with
// 'd', which looks like a QUIC short header. A host with both families runs two.
//
// It does not own: the socket, names of bootstrap hosts, what items mean, when to put them again.

#include <array>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "engine/base/bounded_queue.h"
#include "engine/base/random.h"
#include "engine/discovery/dht/acquaintances.h"
#include "engine/discovery/dht/external_address.h"
#include "engine/discovery/dht/krpc.h"
#include "engine/discovery/dht/lookup.h"
#include "engine/discovery/dht/node_events.h"
#include "engine/discovery/dht/rate_limit.h"
#include "engine/discovery/dht/routing_table.h"
#include "engine/discovery/dht/rpc.h"
#include "engine/discovery/dht/standing.h"
#include "engine/discovery/dht/storage.h"
#include "engine/discovery/dht/tokens.h"

namespace kith::dht {

// Commands at once: each walks with kAlpha queries.
inline constexpr std::size_t kMaxRequests = 64;
inline constexpr std::size_t kMaxBootstrapHosts = 8;
inline constexpr std::size_t kMaxQueued = 1024;  // datagrams waiting for the socket
inline constexpr std::size_t kMaxStoreAt = 32;   // nodes that one put may ask
// A walk whose every node is silent ends well before.
inline constexpr Duration kSearchLife = std::chrono::seconds(60);

// One node of the table is tested at a time, the one not heard of for longest.
inline constexpr Duration kTestEvery = std::chrono::minutes(1);
inline constexpr Duration kTestEveryHidden = std::chrono::minutes(2);  // nobody relies on its table
// Who takes part keeps knowing its neighbours, and they it.
inline constexpr Duration kLookAroundEvery = std::chrono::minutes(30);
inline constexpr Duration kFirstBootstrapPause = std::chrono::seconds(10);
inline constexpr Duration kLongestBootstrapPause = std::chrono::hours(1);
// With fewer nodes than a lookup ends at, the bootstrap hosts are asked again.
inline constexpr std::size_t kFewNodes = kBucketNodes;
// A test is a query, for which who is tested may want to test us: two whose answers come from
// elsewhere, as behind a NAT of several addresses, would test each other without end. So each costs
// its host a minute, and two may come at once.
inline constexpr Rate kHostTests{1, 120};
inline constexpr std::uint64_t kSecondsForATest = 60;
// Who sees us at another address lies, or is the first to tell of a move: one look around, which
// gathers votes, but not at every liar's word.
inline constexpr Duration kDoubtPause = std::chrono::minutes(5);

struct Config {
  Address::Family family = Address::Family::ipv4;
  Scope scope = Scope::internet;
  // Known to be reachable from outside, so that nothing need be tried: a server.
  bool reachable = false;
  std::vector<Address> bootstrap;   // at most kMaxBootstrapHosts
  std::size_t store_at = kClosest;  // nodes that a put is sent to, at most kMaxStoreAt

  // A walk asks a node once or twice; a busy network address hides many hosts.
  Rate queries_per_host{10, 50};
  Rate queries_in_all{500, 1000};
  // Bytes to who has not proven his address: an answer is up to 15 times as long as its query.
  Rate unverified_bytes_per_prefix{1024, 8192};
  Rate unverified_bytes_in_all{65536, 262144};
};

class DhtNode {
 public:
  // `saved` is what save() gave before a restart; one that is not understood is left aside.
  DhtNode(Instant now, Config config, RandomSource random, ByteView saved = {});

  void handle_datagram(Instant now, const Address& source, ByteView bytes);
  void on_wakeup(Instant now);
  std::optional<Datagram> poll_transmit();
  std::optional<Event> poll_event();
  Instant next_wakeup() const;

  // Each fails only where it breaks a limit or repeats an id that is in use; its event is the last
  // word on it.
  Result<void> find(Instant now, RequestId request, const NodeId& target);
  Result<void> get(Instant now, RequestId request, const ImmutableKey& key);
  Result<void> get(Instant now, RequestId request, const MutableKey& key);
  Result<void> put(Instant now, RequestId request, const Item& item,
                   std::optional<std::int64_t> cas = std::nullopt);
  // Nothing more is said about the request. False if there is none.
  bool cancel(RequestId request);

  // Instead of the hosts it was made with; at most kMaxBootstrapHosts.
  void set_bootstrap(Instant now, std::vector<Address> hosts);
  // The machine has another network: what was known of ways and addresses is doubtful.
  void network_changed(Instant now);
  Bytes save() const;

  const NodeId& id() const { return table_.own(); }
  Scope scope() const { return config_.scope; }
  Standing standing() const { return standing_; }
  const std::optional<Address>& external_address() const { return external_.address(); }
  const RoutingTable& table() const { return table_; }
  const Storage& storage() const { return storage_; }
  const DropCounts& drops() const { return drops_; }
  void check_invariants() const;

 private:
  struct Search {
    std::optional<RequestId> request;  // none for the node's own upkeep
    Lookup lookup;
    Instant deadline;
    bool items = false;             // asks `get`, not `find_node`
    bool storing = false;           // the walk is over
    std::optional<MutableKey> key;  // what a mutable item must be signed with
    std::optional<Item> put;
    std::optional<std::int64_t> cas;
    std::optional<Item> found;
    std::size_t hops = 0;  // to what was found, or of the longest way that was answered
    std::size_t queries = 0;
    std::size_t storing_at = 0;  // puts without an answer so far
    std::size_t stored = 0;
    std::vector<PutDone::Refused> refused;
  };
  using Searches = std::map<std::uint64_t, Search>;

  // node.cc
  void restore(ByteView saved);
  void on_due(Instant now);
  void test_stalest(Instant now);
  void look_around(Instant now);
  void on_looked_around(Instant now);
  void change_standing(Instant now, StandingTrigger trigger);
  void follow_address(Instant now);
  bool knows_few() const { return table_.usable() < kFewNodes; }
  // As far as its family and scope go; its port says nothing.
  bool may_be_own(const Address& seen) const {
    return is_usable({seen.family, seen.ip, 1, 0}, config_.family, config_.scope);
  }
  void drop(Drop reason) { ++drops_[static_cast<std::size_t>(reason)]; }
  void transmit(const Address& to, Bytes bytes);
  bool query(Instant now, Call call, Request request);

  // node_search.cc
  Result<void> accept(RequestId request) const;
  Search search_for(Instant now, std::optional<RequestId> request, const NodeId& target) const;
  void start(Instant now, Search search);
  void step(Instant now, std::uint64_t number);
  void ask_next(Instant now, std::uint64_t number, Search& search);
  void store_next(Instant now, std::uint64_t number, Search& search);
  void finish(Instant now, std::uint64_t number);
  void on_call(Instant now, const Call& call);
  void on_response(Instant now, const Address& source, const Message& message);
  void on_error(Instant now, const Address& source, const Message& message);
  void hear_vote(Instant now, const Address& voter, const Address& seen);
  void on_lookup_answer(Instant now, const Contact& from, std::uint64_t number,
                        const Response& response);
  void on_store_answer(Instant now, std::uint64_t number, std::optional<std::int64_t> error);
  bool believable(const Search& search, const Response& response, std::optional<Item>& item) const;

  // node_answers.cc
  void on_query(Instant now, const Address& source, const Message& message);
  void on_bad_query(Instant now, const Address& source, const Refused& refused);
  bool admits(Instant now, const Address& source);
  void meet(Instant now, const Contact& asker, bool read_only);
  void answer(Instant now, const Address& source, const Message& message, bool verified);
  struct Answerer;

  Config config_;
  RandomSource random_;
  RoutingTable table_;
  Storage storage_;
  Rpc rpc_;
  Tokens tokens_;
  Acquaintances acquaintances_;
  ExternalAddress external_;
  Standing standing_ = Standing::hidden;

  std::vector<Contact> remembered_;  // from before a restart, until there are others
  Searches searches_;
  std::uint64_t next_search_ = 1;
  std::optional<std::uint64_t> own_search_;  // bootstrap, or a look around

  Instant test_at_;
  Instant look_around_at_;
  Instant standing_at_ = Instant::never();
  Instant doubt_again_at_;
  Duration bootstrap_pause_ = kFirstBootstrapPause;
  Duration try_pause_ = kFirstTryPause;

  CreditPer<Address> host_queries_;
  Credit all_queries_;
  CreditPer<Prefix> prefix_bytes_;
  Credit all_bytes_;
  Credit tests_;
  CreditPer<Address> host_tests_;

  BoundedQueue<Datagram> outgoing_;
  std::deque<Event> events_;
  DropCounts drops_{};
};

}  // namespace kith::dht
