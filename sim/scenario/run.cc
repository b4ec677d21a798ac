#include "sim/scenario/run.h"

#include <algorithm>
#include <utility>

#include "sim/adversaries/sybil.h"
#include "sim/scenario/expectations.h"
#include "sim/scenario/healing.h"
#include "sim/world/fired.h"

namespace kith::sim {
namespace {

constexpr unsigned kKindBits = 2;

// What they did is counted beside the probes, by the same rule: only what took place.
void add_counts(const Sybils::Counts& counts, std::map<std::string, std::uint64_t>& to) {
  for (const auto& [name, times] : Sybils::kCounted) {
    if (counts.*times > 0) to[std::string(name)] += counts.*times;
  }
}

}  // namespace

Run::Run(const Scenario& scenario, std::uint64_t seed)
    : scenario_(scenario), seed_(seed), world_(seed), stage_(world_, facts_) {
  prepare();
}

Run::~Run() = default;

void Run::prepare() {
  build(scenario_.topology);
  up_.resize(world_.device_count());
  // Facts first: steps ask them. Checkers last: they see commands as the engine is given them.
  world_.add_observer(facts_);
  world_.add_observer(*this);
  checkers_ = all_checkers(world_);
  for (const CheckerFactory& make : scenario_.checkers) checkers_.push_back(make(world_));
  for (const auto& checker : checkers_) world_.add_observer(*checker);

  for (std::size_t i = 0; i < scenario_.workload.size(); ++i) {
    steps_.push_back(scenario_.workload[i].make());
    steps_.back()->prepare(stage_);
    schedule(scenario_.workload[i].at, Kind::step, i);
  }
  for (std::size_t i = 0; i < scenario_.faults.size(); ++i) {
    schedule(scenario_.faults[i].at, Kind::fault, i);
  }
  if (const auto healed = healed_after(scenario_.faults)) schedule(*healed, Kind::healed, 0);
}

void Run::build(const TopologySpec& topology) {
  for (RegionId from = 0; from < topology.latencies.size(); ++from) {
    for (RegionId to = 0; to < topology.latencies.size(); ++to) {
      world_.network().set_latency(from, to, topology.latencies[from][to]);
    }
  }
  for (const SiteSpec& site : topology.sites) world_.topology().add_site(site);
  for (const DeviceSpec& device : topology.devices) {
    world_.add_device(device).disk().make_directory(kInbox);
  }
  for (const WireSpec& wire : topology.wires) {
    wires_.push_back(
        world_.connect(world_.device(wire.from), world_.device(wire.to), wire.there, wire.back));
  }
}

Report Run::execute(Duration until, const BetweenSlices& between) {
  for (DeviceIndex i = 0; i < world_.device_count(); ++i) world_.device(i).start();
  advance(Instant{} + std::min(until, scenario_.duration), between);
  for (const auto& checker : checkers_) checker->finish(world_);
  return judged();
}

void Run::advance(Instant end, const BetweenSlices& between) {
  while (between && end - world_.now() > kSlice && !world_.timeline().halted()) {
    world_.run_until(world_.now() + kSlice);
    between();
  }
  world_.run_until(end);
}

std::uint64_t Run::violations_seen() const {
  std::uint64_t seen = 0;
  for (const auto& checker : checkers_) seen += checker->violations();
  return seen;
}

Report Run::judged() {
  Report report;
  report.scenario = scenario_.name;
  report.seed = seed_;
  report.devices = world_.device_count();
  report.virtual_time = world_.now() - Instant{};
  report.datagrams = world_.network().counters().delivered;
  report.events = world_.timeline().events();
  report.trace_hash = world_.trace_hash();
  report.probes = fired_in(world_);
  for (const auto& party : sybils_) add_counts(party->counts(), report.probes);
  for (const auto& checker : checkers_) {
    if (checker->ok()) continue;
    report.violations.push_back({std::string(checker->name()), false, checker->first_violation()});
    for (const Violation& kept : checker->kept()) {
      report.sightings.push_back({std::string(checker->name()), kept.at, kept.device, kept.what});
    }
  }
  std::stable_sort(report.sightings.begin(), report.sightings.end(),
                   [](const Sighting& a, const Sighting& b) { return a.at < b.at; });
  report.violations_seen = violations_seen();
  if (!world_.halt_reason().empty() && report.violations.empty()) {
    report.violations.push_back({"halted", false, world_.halt_reason()});
  }
  for (const Expectation& expectation : scenario_.expectations) {
    report.expectations.push_back(
        judge(expectation, scenario_.duration, world_, facts_, checkers_));
  }
  if (report.virtual_time == scenario_.duration) add_missing(report);
  return report;
}

void Run::add_missing(Report& report) {
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const std::string missing = steps_[i]->missing(stage_);
    if (missing.empty()) continue;
    const ScheduledStep& step = scenario_.workload[i];
    const std::string name = step.name.empty() ? step.kind : step.kind + " " + step.name;
    report.expectations.push_back({name, false, missing});
  }
}

void Run::schedule(Duration at, Kind kind, std::size_t index) {
  world_.timeline().schedule(world_.now() + at, *this,
                             index << kKindBits | static_cast<std::uint64_t>(kind));
}

void Run::on_event(Instant now, std::uint64_t argument) {
  const auto index = static_cast<std::size_t>(argument >> kKindBits);
  switch (static_cast<Kind>(argument & ((1u << kKindBits) - 1))) {
    case Kind::step:
      steps_[index]->begin(stage_);
      break;
    case Kind::fault:
      strike(scenario_.faults[index]);
      break;
    case Kind::restart: {
      Device& device = world_.device(static_cast<DeviceIndex>(index));
      if (!device.running()) device.start();
      break;
    }
    case Kind::healed:
      world_.notify(&Observer::on_healed, now);
      break;
  }
}

// What the program on every device does by itself.
void Run::on_started(Device& device, Instant) {
  for (const Address::Family family : device.families()) {
    Address any{.family = family};
    any.port = kListenPort;
    device.submit(Listen{stage_.new_request(), any});
  }
  device.submit(SetReceivePolicy{SetReceivePolicy::Accept::all, std::string(kInbox)});
  device.submit(ReceiveMessages{});
}

void Run::note_up(Device& device) {
  if (std::exchange(up_[device.index()], device.lives()) == device.lives()) return;
  for (const auto& step : steps_) step->on_up(stage_, device);
}

void Run::on_output(Device& device, Instant, const Output& output) {
  const auto* event = std::get_if<Event>(&output);
  if (event == nullptr) return;
  if (std::holds_alternative<Listening>(*event)) note_up(device);
  if (const auto* received = std::get_if<MessageReceived>(event)) {
    device.submit(AcknowledgeMessage{received->device, received->message});
  }
  for (const auto& step : steps_) step->on_event(stage_, device, *event);
}

}  // namespace kith::sim
