#pragma once

// A LAN of devices in virtual time: what one multicasts, all others get a millisecond later. Equal
// seeds give equal runs.

#include <map>
#include <memory>
#include <queue>
#include <string>
#include <vector>

#include "engine/discovery/mdns/mdns.h"

namespace kith::mdns {

inline constexpr std::uint32_t kEthernet = 3;
inline constexpr Instant kStart{1'000'000'000'000};

// Device `number` as it is seen on kEthernet: 10.0.x.y/16 and fe80::x.
Interface interface_of(std::size_t number, bool ipv6 = false);
Presence presence_of(std::size_t number);
std::string label_of(std::size_t number);
RandomSource random_of(std::uint64_t seed);
// A packet that was sent to the group, at its time.
struct Heard {
  Instant at;
  Transmit transmit;
  dns::Message message() const;
};

class Lan {
 public:
  struct Settings {
    std::uint64_t seed = 1;
    std::uint32_t loss_per_mille = 0;  // for each receiver
    bool ipv6 = false;
    bool echo = false;  // senders get their own packets back
    bool record = false;
  };
  struct Device {
    std::unique_ptr<Mdns> mdns;
    Interface interface;
    bool attached = true;
    std::map<std::string, Neighbour> neighbours;
    std::vector<Event> events;
    std::size_t multicasts = 0;
    std::size_t unicasts = 0;
  };

  explicit Lan(Settings settings) : settings_(settings), random_(random_of(settings.seed)) {}

  // Attaches a device that announces itself; returns its number.
  std::size_t join();
  // Lets a device do something at the present time.
  template <class Action>
  void with(std::size_t number, Action action) {
    action(*devices_[number].mdns);
    drain(number);
  }
  void run_for(Duration span);

  Instant now() const { return now_; }
  Device& device(std::size_t number) { return devices_[number]; }
  std::size_t size() const { return devices_.size(); }
  const std::vector<Heard>& heard() const { return heard_; }
  // Pairs of devices of which the first does not know the second.
  std::size_t unknown_pairs() const;
  void reset_counts();
  std::size_t multicasts() const;

 private:
  struct Delivery {
    Instant at;
    std::uint64_t order;
    std::size_t to;
    Address source;
    std::shared_ptr<const Bytes> bytes;
    bool operator<(const Delivery& other) const {
      return std::tie(other.at, other.order) < std::tie(at, order);
    }
  };

  void drain(std::size_t number);
  void deliver(std::size_t from, const Transmit& transmit);
  void note(Device& device, Event event);

  Settings settings_;
  RandomSource random_;
  Instant now_ = kStart;
  std::vector<Device> devices_;
  std::vector<Instant> wakeups_;
  std::priority_queue<Delivery> deliveries_;
  std::uint64_t order_ = 0;
  std::vector<Heard> heard_;
};

}  // namespace kith::mdns
