#pragma once

// A host of a LAN that tells lies by multicast DNS (fault "forged_mdns").
//
//   what others announce --> instances, hosts and their addresses
//   every tick: an answer with another address | a goodbye | a flood of what nobody has
//   a query    --> answered at once with other addresses, before those who are asked
//   a probe    --> the name is taken
//
// Half of its packets say that they come from another host of the LAN. Answers lead to an address
// that nobody has, or to this host, where an impostor takes part in handshakes.

#include <map>
#include <memory>
#include <vector>

#include "engine/discovery/mdns/names.h"
#include "engine/dns/message.h"
#include "sim/adversaries/adversary.h"
#include "sim/adversaries/impostor.h"
#include "sim/adversaries/spec.h"

namespace kith::sim {

class LanLiar final : public Adversary {
 public:
  LanLiar(World& world, const LanLiarSpec& spec, std::uint64_t index);

 private:
  // Of instances and of sources: more than a LAN of a scenario has.
  static constexpr std::size_t kMostKnown = 256;

  struct Instance {
    dns::Name name;
    dns::Srv service;
    dns::Txt text{{""}};
  };

  void on_tick(Instant now) override;
  void hear(Instant now, const Arrival& arrival) override;
  void learn(const std::vector<dns::Record>& records);
  Instance* find(const dns::Name& name);
  void learn_source(const Address& source);
  void react(const dns::Message& query);
  bool tells(Lie lie) const;

  void lie(Lie lie);
  std::vector<dns::Record> wrong_address(const Instance& instance);
  std::vector<dns::Record> goodbye(const Instance& instance) const;
  std::vector<dns::Record> flood();
  dns::Record taken(const dns::Name& name);
  dns::Data other_ip(const dns::Data& ip);
  void say(const std::vector<dns::Record>& answers);

  LanLiarSpec spec_;
  mdns::Names names_;
  std::vector<Instance> instances_;
  std::map<dns::Name, std::vector<dns::Data>> hosts_;
  std::vector<Address> sources_;
  std::unique_ptr<Impostor> impostor_;
};

}  // namespace kith::sim
