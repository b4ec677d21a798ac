#pragma once

// Devices, the network between them and the clock above: everything a run consists of, decided by
// one seed. One thread.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/base/random.h"
#include "engine/trace/trace_hash.h"
#include "kith/bytes.h"
#include "sim/network/network.h"
#include "sim/world/device.h"
#include "sim/world/observer.h"
#include "sim/world/probes.h"
#include "sim/world/timeline.h"
#include "sim/world/topology.h"

namespace kith::sim {

// Where all randomness of a seed comes from.
RandomSource source_of_seed(std::uint64_t seed);

class World {
 public:
  explicit World(std::uint64_t seed);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  // A device that is not yet started. Its addresses must be its own; links come after.
  Device& add_device(const DeviceSpec& spec);
  Device& device(DeviceIndex index) { return *devices_[index]; }
  std::size_t device_count() const { return devices_.size(); }

  // Where a host is that is named as one of the devices; not_found. Name servers never fail here.
  Result<std::vector<Address>> resolve(std::string_view host, std::uint16_t port) const;

  // A wire between two devices, both directions of it.
  struct LinkPair {
    LinkId there = 0;
    LinkId back = 0;
  };
  LinkPair connect(const Device& from, const Device& to, const LinkSpec& there,
                   const LinkSpec& back);

  // Sees everything from now on; outlives the world's run.
  void add_observer(Observer& observer) { observers_.push_back(&observer); }

  Instant now() const { return timeline_.now(); }
  // What the wall clocks of a world show when it begins.
  std::int64_t unix_start_ns() const;
  void run_until(Instant until) { timeline_.run_until(until); }

  // Ends the run after the current event, because nothing sensible can follow; the run has failed.
  void halt(std::string reason);
  const std::string& halt_reason() const { return halt_reason_; }

  Timeline& timeline() { return timeline_; }
  Network& network() { return network_; }
  Topology& topology() { return topology_; }
  FaultProbes& probes() { return probes_; }
  trace::Recorder& recorder() { return trace_.recorder(); }
  Digest trace_hash() { return trace_.digest(); }

  // The source of one concern; the same label gives the same source.
  RandomSource random(std::string_view label, std::uint64_t index = 0) const {
    return random_.fork(label, index);
  }

  // Where sockets write their datagrams before they are sent.
  std::span<std::byte> send_buffer() { return send_buffer_; }

  template <class... Parameters, class... Arguments>
  void notify(void (Observer::*what)(Parameters...), Arguments&&... arguments) {
    for (Observer* observer : observers_) (observer->*what)(arguments...);
  }

 private:
  RandomSource random_;
  Timeline timeline_;
  Network network_;
  Topology topology_;
  trace::TraceHash trace_;
  FaultProbes probes_;
  std::vector<std::unique_ptr<Device>> devices_;
  std::vector<Observer*> observers_;
  Bytes send_buffer_;
  std::string halt_reason_;
};

}  // namespace kith::sim
