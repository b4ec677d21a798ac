#include "sim/scenario/run.h"

#include <algorithm>

#include "sim/scenario/expectations.h"

namespace kith::sim {
namespace {

constexpr unsigned kKindBits = 2;

}  // namespace

Run::Run(const Scenario& scenario, std::uint64_t seed)
    : scenario_(scenario), seed_(seed), world_(seed), stage_(world_, facts_) {
  prepare();
}

Run::~Run() = default;

void Run::prepare() {
  for (const DeviceSpec& spec : scenario_.devices) {
    world_.add_device(spec).disk().make_directory(kInbox);
  }
  for (const ScenarioLink& link : scenario_.links) {
    links_.push_back(
        world_.connect(world_.device(link.from), world_.device(link.to), link.there, link.back));
  }
  // Facts first: steps ask them. Checkers last: they see commands as the engine is given them.
  world_.add_observer(facts_);
  world_.add_observer(*this);
  checkers_ = all_checkers(world_);
  for (const auto& checker : checkers_) world_.add_observer(*checker);

  for (std::size_t i = 0; i < scenario_.workload.size(); ++i) {
    steps_.push_back(scenario_.workload[i].make());
    steps_.back()->prepare(stage_);
    schedule(scenario_.workload[i].at, Kind::step, i);
  }
  for (std::size_t i = 0; i < scenario_.faults.size(); ++i) {
    schedule(scenario_.faults[i].at, Kind::fault, i);
  }
}

Report Run::execute(Duration until) {
  for (DeviceIndex i = 0; i < world_.device_count(); ++i) world_.device(i).start();
  world_.run_until(Instant{} + std::min(until, scenario_.duration));
  for (const auto& checker : checkers_) checker->finish(world_);

  Report report;
  report.scenario = scenario_.name;
  report.seed = seed_;
  report.devices = world_.device_count();
  report.virtual_time = world_.now() - Instant{};
  report.datagrams = world_.network().counters().delivered;
  report.events = world_.timeline().events();
  report.trace_hash = world_.trace_hash();
  for (const auto& checker : checkers_) {
    if (checker->ok()) continue;
    report.violations.push_back({std::string(checker->name()), false, checker->first_violation()});
  }
  for (const Expectation& expectation : scenario_.expectations) {
    report.expectations.push_back(judge(expectation, world_, facts_, checkers_));
  }
  return report;
}

void Run::schedule(Duration at, Kind kind, std::size_t index) {
  world_.timeline().schedule(world_.now() + at, *this,
                             index << kKindBits | static_cast<std::uint64_t>(kind));
}

void Run::on_event(Instant, std::uint64_t argument) {
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
  }
}

void Run::strike(const Fault& fault) {
  if (const auto* link = std::get_if<LinkFault>(&fault.what)) {
    world_.network().change_link(links_[link->link].there, link->there);
    world_.network().change_link(links_[link->link].back, link->back);
  } else if (const auto* stop = std::get_if<StopFault>(&fault.what)) {
    world_.device(stop->device).stop(stop->ending);
    schedule(stop->down, Kind::restart, stop->device);
  }
}

// What the program on every device does by itself.
void Run::on_started(Device& device, Instant) {
  Address any = device.address(kListenPort);
  any.ip = {};
  device.submit(Listen{stage_.new_request(), any});
  device.submit(SetReceivePolicy{SetReceivePolicy::Accept::all, std::string(kInbox)});
  device.submit(ReceiveMessages{});
}

void Run::on_output(Device& device, Instant, const Output& output) {
  const auto* event = std::get_if<Event>(&output);
  if (event == nullptr) return;
  if (const auto* received = std::get_if<MessageReceived>(event)) {
    device.submit(AcknowledgeMessage{received->device, received->message});
  }
  for (const auto& step : steps_) step->on_event(stage_, device, *event);
}

}  // namespace kith::sim
