#pragma once

// One party's hosts in the DHT that stand around one target, so that who looks there asks nobody
// else (fault "dht_sybils"). Their ids are valid (BEP 42), each is in a network of its own, and
// their manners are good but for what concerns the target:
//
//   many addresses --> those whose ids come nearest to the target --> 200 sybils
//   entrances --> ask everybody there is --> known to all who answer
//   find_node, get --> the nearest, which around the target are sybils
//   get, put of an item there --> what SybilManner says
//
// They share what they hear. It does not own: who takes part in a pairing (an impostor is another
// machine), devices.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "engine/discovery/dht/krpc.h"
#include "sim/adversaries/spec.h"
#include "sim/world/world.h"

namespace kith::sim {

std::string_view to_string(SybilManner manner);

struct SybilSpec {
  dht::NodeId target;
  std::size_t count = 200;
  std::vector<Address> entrances;  // hosts of the DHT that they begin with
  // Of so many networks each takes the one that brings it nearest: 1 for a party that has the
  // networks it has. 64 put it at 9 bits of the target, nearer than any of a few hundred others.
  std::size_t choices = 64;
  // Equally many of each.
  std::vector<SybilManner> manners = {SybilManner::silent, SybilManner::deny, SybilManner::drop,
                                      SybilManner::replay, SybilManner::forge};
  // Where they say that whoever asks is seen (BEP 42, `ip`): the truth if absent.
  std::optional<Address> claimed;
  std::uint16_t port = 6881;
  MemberSpec link;  // of all of them to the internet
  // From then on they are silent and deaf.
  Instant until = Instant::never();
};

class Sybils final : private EventTarget, private DatagramSink {
 public:
  // They come at once. Lives as long as the world runs.
  Sybils(World& world, const SybilSpec& spec);

  struct Counts {
    std::uint64_t introduced = 0;  // queries by which they make themselves known
    std::uint64_t asked = 0;       // queries of others
    std::uint64_t gets = 0;        // of these, for the target
    std::uint64_t puts = 0;
    std::uint64_t replayed = 0;
    std::uint64_t forged = 0;
  };
  // As reports write them.
  static constexpr std::pair<std::string_view, std::uint64_t Counts::*> kCounted[] = {
      {"sybil.introduced", &Counts::introduced},
      {"sybil.asked", &Counts::asked},
      {"sybil.gets", &Counts::gets},
      {"sybil.puts", &Counts::puts},
      {"sybil.replayed", &Counts::replayed},
      {"sybil.forged", &Counts::forged}};
  const Counts& counts() const { return counts_; }
  const std::vector<dht::Contact>& contacts() const { return contacts_; }
  // Others that they know.
  std::size_t acquainted() const { return others_.size(); }
  // The version of the item that was put first, and who put it.
  const std::optional<dht::MutableItem>& first_item() const { return first_item_; }
  const std::optional<Address>& publisher() const { return publisher_; }

 private:
  void on_event(Instant now, std::uint64_t argument) override;
  void on_datagrams(Instant now, const Arrival& arrival) override;

  void choose_places();
  dht::Contact best_place();
  std::optional<std::size_t> sybil_at(const Address& address) const;
  void on_query(std::size_t sybil, const Address& source, const dht::Message& message);
  void on_response(const dht::Response& response);
  std::optional<dht::Message> answer(std::size_t sybil, const Address& source,
                                     const dht::Message& message);
  dht::Response nearest(std::size_t sybil, const dht::NodeId& target) const;
  void add_item(SybilManner manner, dht::Response& response);
  SybilManner manner(std::size_t sybil) const {
    return spec_.manners[sybil % spec_.manners.size()];
  }
  bool gone() const { return world_.now() >= spec_.until; }
  bool is_own(const Address& address) const { return sybil_at(address).has_value(); }
  void meet(const dht::Contact& other);
  void send(std::size_t sybil, const Address& to, const dht::Message& message);

  World& world_;
  SybilSpec spec_;
  RandomSource random_;
  NodeId node_;
  MemberId member_;
  std::vector<dht::Contact> contacts_;  // sorted by address
  std::vector<dht::Contact> others_;
  std::uint64_t visits_ = 0;
  std::optional<dht::MutableItem> first_item_;
  std::optional<Address> publisher_;
  Counts counts_;
};

}  // namespace kith::sim
