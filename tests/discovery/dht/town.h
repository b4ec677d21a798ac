#pragma once

// A DHT as the real one is made up: seven of ten nodes behind NATs, ten known to everybody, others
// that come and go.

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/discovery/dht/dht_network.h"

namespace kith::dht {

struct Town {
  using HostId = DhtNetwork::HostId;

  static constexpr std::size_t kServers = 10;

  // They come within ten minutes.
  Town(std::uint64_t seed, std::size_t size);

  HostId newcomer();
  HostId anybody();  // who is there now
  // So many leave, and as many others come. The servers stay.
  void churn(std::size_t count);

  DhtNetwork net;
  std::vector<Address> servers;
};

}  // namespace kith::dht
