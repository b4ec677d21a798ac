#include "tests/sim/pairing_scene.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "engine/base/check.h"

namespace kith::sim {
namespace {

constexpr std::string_view kInbox = "/inbox";
constexpr std::string_view kFile = "/hello";
constexpr Duration kLook = std::chrono::milliseconds(50);
// Longer than reaching a device may take (Config::connect_timeout), and then some for a bad link.
constexpr Duration kContactMost = std::chrono::seconds(60);
constexpr unsigned kDeviceBits = 16;

}  // namespace

std::string_view to_string(Standing standing) {
  switch (standing) {
    case Standing::nothing:
      return "nothing";
    case Standing::provisional:
      return "provisional";
    case Standing::paired:
      return "paired";
  }
  return "?";
}

PairingScene::PairingScene(const SceneSpec& spec) : world_(spec.seed), people_(spec.devices) {
  for (std::size_t i = 0; i < spec.devices; ++i) {
    DeviceSpec device;
    device.name = fmt::format("device {}", i);
    const auto number = static_cast<unsigned>(i + 1);
    device.addresses = {*Address::parse(fmt::format("10.0.{}.{}:0", number / 250, number % 250))};
    Device& added = world_.add_device(device);
    added.disk().make_directory(kInbox);
    added.disk().make_file(kFile, as_byte_view("hello"));
    if (i < spec.deciding.size()) people_[i].deciding = spec.deciding[i];
  }
  for (DeviceIndex i = 0; i < spec.devices; ++i) {
    for (DeviceIndex j = 0; j < i; ++j) world_.connect(device(i), device(j), spec.link, spec.link);
  }
  world_.add_observer(*this);
  for (DeviceIndex i = 0; i < spec.devices; ++i) device(i).start();
  run_for(std::chrono::milliseconds(10));
}

void PairingScene::pair(DeviceIndex shows, DeviceIndex joins) {
  show_only(shows);
  joins_ = joins;
}

void PairingScene::show_only(DeviceIndex shows) {
  shows_ = shows;
  joins_.reset();
  const std::uint64_t request = ++requests_;
  // After the caller has said who joins.
  world_.timeline().schedule(world_.now(), *this, request << kDeviceBits | shows);
}

void PairingScene::join(DeviceIndex joins, const std::array<std::byte, 16>& words,
                        const Address& at) {
  device(joins).submit(JoinPairing{{++requests_}, words, {at}});
}

bool PairingScene::run_until_paired(DeviceIndex one, DeviceIndex other, Duration most) {
  const auto both = [&] {
    return standing(one, other) == Standing::paired && standing(other, one) == Standing::paired;
  };
  for (const Instant end = world_.now() + most; world_.now() < end && !both();) run_for(kLook);
  return both();
}

bool PairingScene::contact(DeviceIndex from, DeviceIndex to) {
  Person& person = people_[from];
  const std::uint64_t arrived = person.arrived;
  const std::uint64_t lost = person.lost;
  device(from).submit(AddDeviceAddress{device(to).id(), device(to).address(kPort)});
  device(from).submit(ShareWithDevice{{++requests_}, device(to).id(), {std::string(kFile)}, ""});
  const Instant end = world_.now() + kContactMost;
  while (world_.now() < end && person.arrived == arrived && person.lost == lost) run_for(kLook);
  return person.arrived > arrived;
}

Standing PairingScene::standing(DeviceIndex of, DeviceIndex peer) {
  if (!device(of).running()) return Standing::nothing;
  for (const DeviceSummary& known : device(of).engine().devices()) {
    if (known.id != device(peer).id()) continue;
    switch (known.state) {
      case DeviceState::provisional:
        return Standing::provisional;
      case DeviceState::paired:
      case DeviceState::connected:
      case DeviceState::disconnected:
        return Standing::paired;
      case DeviceState::discovered:
      case DeviceState::pairing:
      case DeviceState::blocked:
        return Standing::nothing;
    }
  }
  return Standing::nothing;
}

void PairingScene::restart(DeviceIndex index) {
  device(index).stop(Ending::crashed);
  device(index).start();
  run_for(std::chrono::milliseconds(10));
}

std::uint64_t PairingScene::paired(DeviceIndex index) const { return people_[index].paired; }

std::uint64_t PairingScene::counter(DeviceIndex index, std::string_view name) {
  const auto counters = device(index).engine().counters();
  const auto found = counters.find(name);
  return found == counters.end() ? 0 : found->second;
}

// A pairing to begin, or a question to answer.
void PairingScene::on_event(Instant, std::uint64_t argument) {
  const auto index = static_cast<DeviceIndex>(argument & ((1u << kDeviceBits) - 1));
  const std::uint64_t number = argument >> kDeviceBits;
  auto& asked = people_[index].asked;
  if (const auto question = asked.find(number); question != asked.end()) {
    device(index).submit(ConfirmPairing{question->second, true});
    asked.erase(question);
    return;
  }
  device(index).submit(StartPairing{{number}});
}

void PairingScene::on_started(Device& device, Instant) {
  Address any = device.address(kPort);
  any.ip = {};
  device.submit(Listen{{++requests_}, any});
  device.submit(SetReceivePolicy{SetReceivePolicy::Accept::all, std::string(kInbox)});
}

void PairingScene::on_stopped(Device& device, Instant, Ending) {
  Person& person = people_[device.index()];
  person.ended_amid_commits = person.commits > 0;
  person.commits = 0;
}

void PairingScene::on_input(Device& device, Instant, const Input& input) {
  if (std::holds_alternative<StoreCompleted>(input)) --people_[device.index()].commits;
}

void PairingScene::on_output(Device& device, Instant, const Output& output) {
  Person& person = people_[device.index()];
  if (std::holds_alternative<StoreCommit>(output)) ++person.commits;
  const auto* event = std::get_if<Event>(&output);
  if (event == nullptr) return;
  if (const auto* code = std::get_if<PairingCodeReady>(event)) {
    on_code(device, *code);
  } else if (const auto* needed = std::get_if<PairingConfirmationNeeded>(event)) {
    const std::uint64_t question = ++requests_;
    person.asked[question] = needed->request;
    world_.timeline().schedule(world_.now() + person.deciding, *this,
                               question << kDeviceBits | device.index());
  } else if (std::holds_alternative<Paired>(*event)) {
    ++person.paired;
  } else if (const auto* failed = std::get_if<PairingFailed>(event)) {
    person.errors.push_back(failed->error);
  } else if (const auto* completed = std::get_if<TransferCompleted>(event)) {
    if (completed->direction == TransferDirection::sending) ++person.arrived;
  } else if (const auto* lost = std::get_if<TransferFailed>(event)) {
    if (lost->direction == TransferDirection::sending) ++person.lost;
    person.contact_error = lost->error;
  }
}

void PairingScene::on_code(Device& device, const PairingCodeReady& code) {
  if (device.index() != shows_) return;
  const auto entropy = parse_pairing_words(fmt::format("{}", fmt::join(code.words, " ")));
  KITH_CHECK(entropy.has_value());
  words_ = *entropy;
  if (joins_) join(*joins_, words_, device.address(kPort));
}

}  // namespace kith::sim
