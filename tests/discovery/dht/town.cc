#include "tests/discovery/dht/town.h"

#include <algorithm>

namespace kith::dht {

Town::Town(std::uint64_t seed, std::size_t size) : net(seed) {
  for (std::size_t i = 0; i < kServers; ++i) {
    Config config;
    config.reachable = true;
    config.bootstrap = servers;
    if (config.bootstrap.size() > kMaxBootstrapHosts) config.bootstrap.resize(kMaxBootstrapHosts);
    servers.push_back(net.address(net.add(false, config)));
  }
  // A flood on ten servers would only meet their limits.
  for (std::size_t i = kServers; i < size; ++i) {
    newcomer();
    net.run_for(std::chrono::milliseconds(600'000 / static_cast<std::int64_t>(size)));
  }
}

Town::HostId Town::newcomer() {
  const bool behind_nat = net.random().below(10) < 7;
  Config config;
  for (int i = 0; i < 3; ++i) {
    const Address server = servers[static_cast<std::size_t>(net.random().below(servers.size()))];
    if (std::find(config.bootstrap.begin(), config.bootstrap.end(), server) ==
        config.bootstrap.end()) {
      config.bootstrap.push_back(server);
    }
  }
  return net.add(behind_nat, config);
}

Town::HostId Town::anybody() {
  const auto living = net.living();
  return living[static_cast<std::size_t>(net.random().below(living.size()))];
}

void Town::churn(std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    HostId gone = anybody();
    while (gone < kServers) gone = anybody();
    net.remove(gone);
    newcomer();
  }
}

}  // namespace kith::dht
