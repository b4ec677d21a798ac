#pragma once

// The walk towards a target (BEP 5): ask the nearest nodes known for nearer ones until the nearest
// that are left have answered.
//
//   add --> known --next--> asked --1.5 s--> slow --> silent
//                             \------answered------> answered, with contacts that are added
//
// At most kAlpha are asked at once, slow ones not counted. Nodes whose ids conform to BEP 42 come
// first whatever their distance, the others only if those are not enough; of one network only
// kCandidatesPerPrefix are heeded: who surrounds a target needs many networks, not many ids.
//
// It does not own: queries and timeouts, values, or what is stored where it ends.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/discovery/dht/node_id.h"
#include "engine/discovery/dht/quota.h"
#include "kith/bytes.h"

namespace kith::dht {

inline constexpr std::size_t kAlpha = 3;           // BEP 5 leaves it open; Kademlia's own number
inline constexpr std::size_t kClosest = 8;         // K of BEP 5
inline constexpr std::size_t kMaxCandidates = 96;  // far more than a walk in 10^7 nodes meets
inline constexpr std::size_t kMaxAsked = 64;       // who leads a walk in circles ends it so

enum class CandidateState : std::uint8_t { known, asked, slow, answered, silent };
inline constexpr std::size_t kCandidateStates = 5;
enum class CandidateTrigger : std::uint8_t { ask, slowed, answered, failed };
inline constexpr std::size_t kCandidateTriggers = 4;

std::string_view to_string(CandidateState state);
std::string_view to_string(CandidateTrigger trigger);
// Empty where the trigger changes nothing.
std::optional<CandidateState> next_state(CandidateState from, CandidateTrigger trigger);

struct Candidate {
  Address address;
  std::optional<NodeId> id;  // unknown of a bootstrap host until it answers
  NodeId distance;
  bool conforming = true;
  CandidateState state = CandidateState::known;
  std::size_t hops = 1;
  Bytes token;
  bool stored = false;  // was sent what this lookup is to put
};

class Lookup {
 public:
  Lookup(const NodeId& target, Scope scope, std::size_t closest = kClosest);

  // Knows where to begin, but not the id there.
  void add_host(const Address& address);
  void add(const Contact& contact, std::size_t hops = 1);

  // The next to ask, marked as asked; nothing while enough are, or when it is over.
  std::optional<Candidate> next();
  // Late answers of silent ones change nothing. Gives the hops to who answered.
  std::size_t on_answered(const Contact& from, ByteView token,
                          const std::vector<Contact>& contacts);
  void on_slow(const Address& address);
  void on_failed(const Address& address);

  bool over() const;
  // Those that answered, nearest first, as many as were asked for.
  std::vector<Contact> closest() const;
  // The nearest with a token that was sent nothing yet, marked as sent to.
  std::optional<Candidate> next_to_store();

  const NodeId& target() const { return target_; }
  std::size_t asked() const { return asked_; }
  std::size_t answered() const;
  std::size_t size() const { return candidates_.size(); }

 private:
  Candidate* find(const Address& address);
  void move_along(const Address& address, CandidateTrigger trigger);
  bool quota_allows(const Address& address) const;
  void place(Candidate candidate);

  NodeId target_;
  Scope scope_;
  std::size_t count_;
  std::size_t asked_ = 0;
  std::vector<Candidate> candidates_;  // the order in which they are asked
};

}  // namespace kith::dht
