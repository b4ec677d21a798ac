// The Mainline DHT of kith's own nodes, none of them a stand-in: 10,000 of the machine that ships,
// seven of ten behind NATs, three of ten replaced every hour. 200 of them announce where they are
// and put it again every half an hour, as devices do; one lookup of a live announce every second.
//
//   dht_town [nodes [minutes [seed]]]

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/discovery/dht/town.h"

namespace kith::dht {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using HostId = Town::HostId;

constexpr std::size_t kAnnounces = 200;
constexpr Duration kPutAgainEvery = minutes(30);
constexpr Duration kPutAgainAfterFailure = seconds(3);
constexpr Duration kSettling = minutes(20);
constexpr std::size_t kChurnPercentPerHour = 30;

// What the process has used so far.
struct Cost {
  double cpu_seconds = 0;
  double peak_mib = 0;
};
Cost cost() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds_of = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return {seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime),
          static_cast<double>(usage.ru_maxrss) / 1024};
}

struct Samples {
  std::vector<std::size_t> values;

  std::size_t at(std::size_t percent) {
    if (values.empty()) return 0;
    std::sort(values.begin(), values.end());
    return values[(values.size() - 1) * percent / 100];
  }
  std::string summary() {
    return fmt::format("median {}, p99 {}, most {}", at(50), at(99), at(100));
  }
};

// A device that says where it is for as long as it is there.
struct Announce {
  std::unique_ptr<KeyPair> key;
  HostId host = 0;
  Instant due;
  std::optional<RequestId> putting;
  std::int64_t put_seq = 0;
  std::int64_t live_seq = 0;  // of the last put that was done; 0 before
};

struct LookUp {
  HostId host = 0;
  RequestId request;
  DeviceId key;
  std::int64_t seq = 0;  // at least
};

class Hour {
 public:
  Hour(std::uint64_t seed, std::size_t size);

  void run(std::size_t length);
  void print();

 private:
  struct Before {
    HostId host = 0;
    Standing standing = Standing::hidden;
    DhtNetwork::Counts counts;
  };
  struct Traffic {
    Samples datagrams;
    Samples bytes;
  };

  void replace(Announce& announce);
  void put_again(Announce& announce);
  void churn(std::size_t count);
  void begin_look_up();
  void take_events();
  Traffic traffic(Standing standing);
  void on_put_done(Announce& announce, const PutDone& done);
  bool on_event(const LookUp& look_up, const Event& event);

  std::size_t size_;
  Town town_;
  std::vector<Announce> announces_;
  std::vector<LookUp> look_ups_;
  DhtNetwork::Counts before_;
  std::vector<Before> at_first_;
  std::size_t minutes_ = 0;
  Cost built_;

  std::size_t done_ = 0;
  std::size_t found_ = 0;
  std::size_t cut_short_ = 0;  // whoever looked has left
  std::size_t puts_ = 0;
  std::size_t failed_puts_ = 0;
  Samples hops_;
  Samples queries_;
  Samples stored_at_;
};

Hour::Hour(std::uint64_t seed, std::size_t size) : size_(size), town_(seed, size) {
  town_.net.run_for(kSettling);
  announces_.resize(std::min(kAnnounces, size / 4));
  for (Announce& announce : announces_) {
    replace(announce);
    // Not all at once for ever.
    const auto spread =
        town_.net.random().below(static_cast<std::uint64_t>(kPutAgainEvery.count()));
    town_.net.run_for(std::chrono::milliseconds(100));
    put_again(announce);
    announce.due = town_.net.now() + Duration(static_cast<std::int64_t>(spread));
  }
  for (int i = 0; i < 60; ++i) {
    town_.net.run_for(seconds(1));
    take_events();
  }
  built_ = cost();
}

void Hour::replace(Announce& announce) {
  announce = Announce{};
  announce.key = std::make_unique<KeyPair>(KeyPair::random(town_.net.random()));
  announce.host = town_.anybody();
  announce.due = town_.net.now();
}

void Hour::put_again(Announce& announce) {
  announce.due = town_.net.now() + kPutAgainEvery;
  const auto seq = static_cast<std::int64_t>(town_.net.now().ns / 1000);
  const MutableItem item = sign_item(*announce.key, {}, seq, string_value(Bytes(400)));
  const RequestId request = town_.net.next_request();
  if (!town_.net.node(announce.host).put(town_.net.now(), request, item)) return;
  announce.putting = request;
  announce.put_seq = seq;
  town_.net.drain(announce.host);
}

void Hour::churn(std::size_t count) {
  town_.churn(count);
  for (Announce& announce : announces_) {
    if (!town_.net.alive(announce.host)) replace(announce);
  }
  const std::size_t before = look_ups_.size();
  std::erase_if(look_ups_, [&](const LookUp& each) { return !town_.net.alive(each.host); });
  cut_short_ += before - look_ups_.size();
}

void Hour::begin_look_up() {
  const auto index = static_cast<std::size_t>(town_.net.random().below(announces_.size()));
  const Announce& announce = announces_[index];
  if (announce.live_seq == 0) return;
  LookUp look_up;
  look_up.host = town_.anybody();
  look_up.request = town_.net.next_request();
  look_up.key = announce.key->id();
  look_up.seq = announce.live_seq;
  const auto got = town_.net.node(look_up.host)
                       .get(town_.net.now(), look_up.request, MutableKey{look_up.key, {}});
  if (!got) return;
  town_.net.drain(look_up.host);
  look_ups_.push_back(look_up);
}

void Hour::on_put_done(Announce& announce, const PutDone& done) {
  announce.putting.reset();
  ++puts_;
  stored_at_.values.push_back(done.stored);
  if (done.stored == 0) {
    ++failed_puts_;
    announce.due = town_.net.now() + kPutAgainAfterFailure;
  } else {
    announce.live_seq = announce.put_seq;
  }
}

// True when it is over.
bool Hour::on_event(const LookUp& look_up, const Event& event) {
  const auto* done = std::get_if<GetDone>(&event);
  if (done == nullptr || done->request != look_up.request) return false;
  ++done_;
  queries_.values.push_back(done->queries);
  if (!done->item || std::get<MutableItem>(*done->item).seq < look_up.seq) return true;
  ++found_;
  hops_.values.push_back(done->hops);
  return true;
}

void Hour::take_events() {
  std::vector<HostId> heard;
  for (Announce& announce : announces_) {
    heard.push_back(announce.host);
    for (const Event& event : town_.net.events(announce.host)) {
      const auto* done = std::get_if<PutDone>(&event);
      if (done != nullptr && done->request == announce.putting) on_put_done(announce, *done);
    }
  }
  std::erase_if(look_ups_, [&](const LookUp& look_up) {
    heard.push_back(look_up.host);
    const auto& events = town_.net.events(look_up.host);
    return std::any_of(events.begin(), events.end(),
                       [&](const Event& event) { return on_event(look_up, event); });
  });
  for (const HostId host : heard) town_.net.events(host).clear();
}

void Hour::run(std::size_t length) {
  minutes_ = length;
  before_ = town_.net.counts();
  for (const HostId host : town_.net.living()) {
    if (host < Town::kServers) continue;
    at_first_.push_back({host, town_.net.node(host).standing(), town_.net.sent_by(host)});
  }
  const std::size_t total = length * 60;
  std::size_t replaced = 0;
  for (std::size_t second = 1; second <= total; ++second) {
    town_.net.run_for(seconds(1));
    take_events();
    const std::size_t due = size_ * kChurnPercentPerHour * second / (100 * 3600);
    churn(due - replaced);
    replaced = due;
    for (Announce& announce : announces_) {
      if (announce.due <= town_.net.now() && !announce.putting) put_again(announce);
    }
    begin_look_up();
  }
}

// Of those who were there all the time and stayed what they were.
Hour::Traffic Hour::traffic(Standing standing) {
  Traffic traffic;
  for (const Before& before : at_first_) {
    if (!town_.net.alive(before.host) || before.standing != standing) continue;
    if (town_.net.node(before.host).standing() != standing) continue;
    const DhtNetwork::Counts& after = town_.net.sent_by(before.host);
    traffic.datagrams.values.push_back(static_cast<std::size_t>(after.sent - before.counts.sent) *
                                       60 / minutes_);
    traffic.bytes.values.push_back(static_cast<std::size_t>(after.bytes - before.counts.bytes) *
                                   60 / minutes_);
  }
  return traffic;
}

void Hour::print() {
  const Cost all = cost();
  const double length = static_cast<double>(minutes_) * 60;
  const double cpu = all.cpu_seconds - built_.cpu_seconds;
  const auto& after = town_.net.counts();
  const auto sent = static_cast<double>(after.sent - before_.sent);
  const auto bytes = static_cast<double>(after.bytes - before_.bytes);
  const auto per_cent = [](std::size_t part, std::size_t of) {
    return of == 0 ? 0 : 100 * static_cast<double>(part) / static_cast<double>(of);
  };
  fmt::print("{} nodes for {} virtual minutes, after {:.1f} CPU seconds of growing up\n", size_,
             minutes_, built_.cpu_seconds);
  fmt::print("  lookups of live announces: {} of {} found ({:.2f} %), {} more cut short\n", found_,
             done_, per_cent(found_, done_), cut_short_);
  fmt::print("    hops to the first that had it: {}\n", hops_.summary());
  fmt::print("    queries: {}\n", queries_.summary());
  fmt::print("  puts: {}, of which {} at nobody; stored at: median {}, p1 {}\n", puts_,
             failed_puts_, stored_at_.at(50), stored_at_.at(1));
  fmt::print(
      "  datagrams: {:.0f} a virtual second, {:.0f} bytes each; lost {:.1f} %, stopped by "
      "NATs {:.1f} %\n",
      sent / length, bytes / sent, 100 * static_cast<double>(after.lost - before_.lost) / sent,
      100 * static_cast<double>(after.filtered - before_.filtered) / sent);
  for (const auto& [name, standing] :
       {std::pair("serving", Standing::open), std::pair("read-only", Standing::hidden)}) {
    Traffic each = traffic(standing);
    fmt::print(
        "  a {} node sends in an hour: median {} datagrams and {} bytes, p99 {} and {} "
        "({} nodes)\n",
        name, each.datagrams.at(50), each.bytes.at(50), each.datagrams.at(99), each.bytes.at(99),
        each.bytes.values.size());
  }
  fmt::print(
      "  {:.1f} CPU seconds, {:.2f} us per datagram; peak memory {:.0f} MiB, {:.1f} KiB "
      "per node\n",
      cpu, cpu * 1e6 / sent, all.peak_mib, all.peak_mib * 1024 / static_cast<double>(size_));
}

int run(int argc, char** argv) {
  const auto argument = [&](int index, std::size_t otherwise) -> std::size_t {
    return index < argc ? std::strtoull(argv[index], nullptr, 10) : otherwise;
  };
  const std::size_t nodes = argument(1, 10'000);
  const std::size_t length = argument(2, 60);
  if (nodes < 2 * Town::kServers || nodes > 1'000'000 || length == 0 || length > 10'000) {
    fmt::print(stderr, "dht_town [nodes [minutes [seed]]]: from 20 nodes, from 1 minute\n");
    return 2;
  }
  Hour hour(argument(3, 1), nodes);
  hour.run(length);
  hour.print();
  return 0;
}

}  // namespace
}  // namespace kith::dht

int main(int argc, char** argv) { return kith::dht::run(argc, argv); }
