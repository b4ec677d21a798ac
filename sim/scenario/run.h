#pragma once

// One run of a scenario under one seed.
//
//   prepare: devices, links, files --> start all devices; each listens and receives into its inbox
//   --> workload and faults at their times --> the end --> checkers and expectations judged

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "sim/adversaries/adversary.h"
#include "sim/checkers/checker.h"
#include "sim/scenario/facts.h"
#include "sim/scenario/report.h"
#include "sim/scenario/scenario.h"
#include "sim/scenario/workload.h"
#include "sim/world/world.h"

namespace kith::sim {

class Sybils;

class Run final : private EventTarget, private Observer {
 public:
  // `scenario` outlives the run.
  Run(const Scenario& scenario, std::uint64_t seed);
  ~Run() override;

  // For tests: what else shall watch, or meddle, before execute().
  World& world() { return world_; }

  // Called between two slices of the run's time. It looks and changes nothing: slices are no
  // events, and a run goes the same way with them and without.
  using BetweenSlices = std::function<void()>;
  static constexpr Duration kSlice = std::chrono::milliseconds(10);

  // Runs to the end of the scenario, or to `until` if that is earlier. Once.
  Report execute(Duration until = Duration::max(), const BetweenSlices& between = {});

  // So far.
  std::uint64_t violations_seen() const;

 private:
  enum class Kind : std::uint8_t { step, fault, restart, healed };

  void on_event(Instant now, std::uint64_t argument) override;
  void on_started(Device& device, Instant at) override;
  void on_output(Device& device, Instant at, const Output& output) override;

  void prepare();
  void note_up(Device& device);
  void schedule(Duration at, Kind kind, std::size_t index);
  void build(const TopologySpec& topology);
  void strike(const Fault& fault);
  void advance(Instant end, const BetweenSlices& between);
  Report judged();
  // What steps say that has not come about.
  void add_missing(Report& report);

  // run_faults.cc
  void strike(const LinkFault& fault);
  void strike(const LineFault& fault);
  void strike(const NetworkFault& fault);
  void strike(const GatewayFault& fault);
  void strike(const PartitionFault& fault);
  void change_member(MemberId member, const LinkSpec& up, const LinkSpec& down);
  void strike(const StopFault& fault);
  void strike(const CrashAtEffectFault& fault);
  void strike(const PauseFault& fault);
  void strike(const ClockRateFault& fault);
  void strike(const ClockJumpFault& fault);
  void strike(const SendErrorsFault& fault);
  void strike(const BitRotFault& fault);
  void strike(const DiskFullFault& fault);
  void strike(const DiskErrorFault& fault);
  void strike(const StoreErrorFault& fault);
  void strike(const DiskSlowFault& fault);
  void strike(const SpooferSpec& spec);
  void strike(const LanLiarSpec& spec);
  void strike(const StaleRecordsSpec& spec);
  void strike(const DhtSybilsSpec& spec);
  void strike(const PortGrabberSpec& spec);
  Instant end_of_wait(Duration waiting) const;
  std::vector<Address> entrances_to_dht() const;

  const Scenario& scenario_;
  std::uint64_t seed_;
  World world_;
  Facts facts_;
  Stage stage_;
  std::vector<std::uint64_t> up_;  // by device: in which of its lives it was last up
  std::vector<World::LinkPair> wires_;
  std::vector<std::unique_ptr<WorkloadStep>> steps_;
  std::vector<std::unique_ptr<Checker>> checkers_;
  std::vector<std::unique_ptr<Adversary>> adversaries_;
  std::vector<std::unique_ptr<Sybils>> sybils_;
};

}  // namespace kith::sim
