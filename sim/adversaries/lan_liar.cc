#include "sim/adversaries/lan_liar.h"

#include <fmt/core.h>

#include <algorithm>

#include "engine/base/append.h"
#include "engine/discovery/mdns/limits.h"
#include "engine/discovery/mdns/link.h"
#include "engine/dns/parse.h"
#include "engine/dns/split.h"
#include "sim/network/headers.h"

namespace kith::sim {
namespace {

using mdns::kHostTtl;
using mdns::kOtherTtl;
using mdns::kPort;

// Where no host of a site is: they are numbered from the other end.
constexpr std::byte kNobody{250};
constexpr std::size_t kFloodedInstances = 8;

Address group() { return mdns::group(Address::Family::ipv4, 0); }

dns::Record record(const dns::Name& name, std::uint32_t ttl, bool unique, dns::Data data) {
  dns::Record made;
  made.name = name;
  made.ttl = ttl;
  made.cache_flush = unique;
  made.data = std::move(data);
  return made;
}

template <class Ip>
dns::Data leading_to(const Address& address) {
  Ip data;
  std::copy_n(address.ip.begin(), data.ip.size(), data.ip.begin());
  return data;
}

}  // namespace

LanLiar::LanLiar(World& world, const LanLiarSpec& spec, std::uint64_t index)
    : Adversary(world, spec.site, index), spec_(spec) {
  if (spec.impostor) impostor_ = std::make_unique<Impostor>(draws().fork("impostor"));
  act(world.now() + spec.every, spec.every, world.now() + spec.lasting);
}

bool LanLiar::tells(Lie lie) const { return contains(spec_.tells, lie); }

// --- hearing ------------------------------------------------------------------------------------

void LanLiar::hear(Instant now, const Arrival& arrival) {
  if (!acting()) return;
  if (!is_multicast(arrival.local)) {
    if (!impostor_) return;
    const std::uint64_t dialled = impostor_->dialled(), believed = impostor_->believed();
    impostor_->handle(now, arrival);
    world().probes().fire(Probe::impostor_dialled, impostor_->dialled() - dialled);
    world().probes().fire(Probe::impostor_believed, impostor_->believed() - believed);
    while (const auto said = impostor_->poll(now)) {
      send(said->source, said->destination, said->bytes);
    }
    return;
  }
  if (arrival.local.port != kPort) return;
  const auto message =
      dns::parse(arrival.bytes.first(std::min(arrival.stride, arrival.bytes.size())));
  if (!message) return;
  learn_source(arrival.remote);
  learn(message->answers);
  learn(message->additionals);
  learn(message->authorities);
  if (!message->header.response) react(*message);
}

void LanLiar::learn_source(const Address& source) {
  if (sources_.size() < kMostKnown) append_once(sources_, source);
}

LanLiar::Instance* LanLiar::find(const dns::Name& name) {
  const auto found = std::find_if(instances_.begin(), instances_.end(),
                                  [&](const Instance& one) { return one.name == name; });
  return found == instances_.end() ? nullptr : &*found;
}

void LanLiar::learn(const std::vector<dns::Record>& records) {
  for (const dns::Record& each : records) {
    if (const auto* service = std::get_if<dns::Srv>(&each.data)) {
      if (Instance* known = find(each.name)) {
        known->service = *service;
      } else if (instances_.size() < kMostKnown) {
        instances_.push_back({each.name, *service, {{""}}});
      }
    } else if (each.type() == dns::Type::a || each.type() == dns::Type::aaaa) {
      std::vector<dns::Data>& ips = hosts_[each.name];
      if (ips.size() < kMostKnown) append_once(ips, each.data);
    }
  }
  for (const dns::Record& each : records) {
    const auto* text = std::get_if<dns::Txt>(&each.data);
    Instance* known = text == nullptr ? nullptr : find(each.name);
    if (known != nullptr) known->text = *text;
  }
}

void LanLiar::react(const dns::Message& query) {
  const bool probe = !query.authorities.empty();
  for (const dns::Question& question : query.questions) {
    if (probe && tells(Lie::conflict)) {
      fire(Probe::forged_conflict);
      say({taken(question.name)});
    } else if (!probe && question.name == names_.service && tells(Lie::answer)) {
      for (const Instance& instance : instances_) {
        fire(Probe::forged_answer);
        say(wrong_address(instance));
      }
    }
  }
}

// --- lying --------------------------------------------------------------------------------------

void LanLiar::on_tick(Instant) {
  lie(spec_.tells[static_cast<std::size_t>(draws().below(spec_.tells.size()))]);
}

void LanLiar::lie(Lie lie) {
  if (lie == Lie::flood) {
    fire(Probe::forged_flood);
    return say(flood());
  }
  if (lie == Lie::conflict || instances_.empty()) return;  // it waits for a probe, or for anyone
  const Instance& instance = instances_[static_cast<std::size_t>(draws().below(instances_.size()))];
  if (lie == Lie::answer) {
    fire(Probe::forged_answer);
    say(wrong_address(instance));
  } else {
    fire(Probe::forged_goodbye);
    say(goodbye(instance));
  }
}

std::vector<dns::Record> LanLiar::wrong_address(const Instance& instance) {
  std::vector<dns::Record> told{
      record(names_.service, kOtherTtl, false, dns::Ptr{instance.name}),
      record(instance.name, kHostTtl, true, instance.service),
      record(instance.name, kOtherTtl, true, instance.text),
  };
  for (const dns::Data& ip : hosts_[instance.service.target]) {
    told.push_back(record(instance.service.target, kHostTtl, true, other_ip(ip)));
  }
  return told;
}

dns::Data LanLiar::other_ip(const dns::Data& ip) {
  if (const auto* four = std::get_if<dns::A>(&ip)) {
    if (const auto own = address(Address::Family::ipv4); impostor_ && own) {
      return leading_to<dns::A>(*own);
    }
    dns::A nobody = *four;
    nobody.ip.back() = kNobody;
    return nobody;
  }
  if (const auto own = address(Address::Family::ipv6); impostor_ && own) {
    return leading_to<dns::Aaaa>(*own);
  }
  dns::Aaaa nobody = std::get<dns::Aaaa>(ip);
  nobody.ip.back() = kNobody;
  return nobody;
}

// RFC 6762 section 10.1: a TTL of zero.
std::vector<dns::Record> LanLiar::goodbye(const Instance& instance) const {
  std::vector<dns::Record> told{record(names_.service, 0, false, dns::Ptr{instance.name}),
                                record(instance.name, 0, true, instance.service)};
  if (const auto host = hosts_.find(instance.service.target); host != hosts_.end()) {
    for (const dns::Data& ip : host->second) told.push_back(record(host->first, 0, true, ip));
  }
  return told;
}

std::vector<dns::Record> LanLiar::flood() {
  std::vector<dns::Record> told;
  for (std::size_t i = 0; i < kFloodedInstances; ++i) {
    const std::uint64_t number = draws().next_u64();
    const dns::Name instance = dns::Name::of(fmt::format("x{:016x}._kith._udp.local", number));
    const dns::Name host = dns::Name::of(fmt::format("h{:016x}.local", number));
    told.push_back(record(names_.service, kOtherTtl, false, dns::Ptr{instance}));
    told.push_back(record(instance, kHostTtl, true, dns::Srv{0, 0, 4433, host}));
    told.push_back(record(instance, kOtherTtl, true, dns::Txt{{""}}));
    told.push_back(record(host, kHostTtl, true,
                          dns::A{{std::byte{192}, std::byte{168}, std::byte{1}, kNobody}}));
  }
  return told;
}

// Whatever the name stands for, there is another record of it.
dns::Record LanLiar::taken(const dns::Name& name) {
  if (names_.is_instance(name)) {
    return record(name, kHostTtl, true, dns::Srv{0, 0, 9, dns::Name::of("mallory.local")});
  }
  return record(name, kHostTtl, true,
                dns::A{{std::byte{192}, std::byte{168}, std::byte{1}, kNobody}});
}

void LanLiar::say(const std::vector<dns::Record>& answers) {
  std::optional<Address> source = address(Address::Family::ipv4);
  const bool as_another = draws().chance(1, 2);
  if (as_another && !sources_.empty()) {
    const Address& other = sources_[static_cast<std::size_t>(draws().below(sources_.size()))];
    if (other.family == Address::Family::ipv4) source = other;
  }
  if (!source) return;
  source->port = kPort;
  for (const Bytes& packet : dns::split_response(answers, {}, mdns::kMaxPacketBytes).packets) {
    send(*source, group(), packet);
  }
}

}  // namespace kith::sim
