// Two people in one room: one reads the words aloud and tells where her device is, the other types.
// Both accept the other's name and fingerprint. If a device is down or goes down meanwhile, they
// begin anew when it is up again; if they are patient, after a failure as well.

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <optional>
#include <utility>

#include "sim/scenario/step_limits.h"
#include "sim/scenario/workload.h"

namespace kith::sim {
namespace {

class PairStep final : public WorkloadStep {
 public:
  PairStep(DeviceIndex initiator, DeviceIndex joiner, std::optional<Duration> retry)
      : initiator_(initiator), joiner_(joiner), retry_(retry) {}

  void prepare(Stage& stage) override {
    stage_ = &stage;
    stage.facts.wants_pair(initiator_, joiner_);
  }

  void begin(Stage&) override {
    due_ = true;
    pair();
  }

  void on_event(Stage& stage, Device& device, const Event& event) override {
    if (const auto* code = std::get_if<PairingCodeReady>(&event)) {
      if (device.index() == initiator_ && code->request == initiating_) join(stage, *code);
    } else if (const auto* needed = std::get_if<PairingConfirmationNeeded>(&event)) {
      if (is_ours(device, needed->request)) device.submit(ConfirmPairing{needed->request, true});
    } else if (const auto* failed = std::get_if<PairingFailed>(&event)) {
      if (is_ours(device, failed->request) && retry_) try_again(*retry_);
    }
  }

  // What was under way has ended with the device's last life.
  void on_up(Stage&, Device& device) override {
    if (due_ && (device.index() == initiator_ || device.index() == joiner_)) try_again({});
  }

 private:
  void try_again(Duration pause) {
    stage_->after(pause, [this, attempt = ++attempt_] {
      if (attempt == attempt_) pair();
    });
  }

  bool is_done() const {
    return stage_->facts.are_paired(stage_->device(initiator_), stage_->device(joiner_));
  }

  void pair() {
    Device& initiator = stage_->device(initiator_);
    if (is_done() || !initiator.running() || !stage_->device(joiner_).running()) return;
    // What is given up is not ours any more: its end is no reason to try once more.
    const auto initiated = std::exchange(initiating_, stage_->new_request());
    const auto joined = std::exchange(joining_, std::nullopt);
    if (initiated) initiator.submit(Cancel{*initiated});
    if (joined) stage_->device(joiner_).submit(Cancel{*joined});
    initiator.submit(StartPairing{*initiating_});
  }

  void join(Stage& stage, const PairingCodeReady& code) {
    const auto entropy = parse_pairing_words(fmt::format("{}", fmt::join(code.words, " ")));
    if (!entropy) return;  // then nobody pairs, and the expectation says so
    joining_ = stage.new_request();
    Device& joiner = stage.device(joiner_);
    joiner.submit(
        JoinPairing{*joining_, *entropy, told_addresses(joiner, stage.device(initiator_))});
  }

  bool is_ours(const Device& device, RequestId request) const {
    return (device.index() == initiator_ && request == initiating_) ||
           (device.index() == joiner_ && request == joining_);
  }

  DeviceIndex initiator_;
  DeviceIndex joiner_;
  std::optional<Duration> retry_;
  Stage* stage_ = nullptr;
  bool due_ = false;  // its time has come
  std::uint64_t attempt_ = 0;
  std::optional<RequestId> initiating_;
  std::optional<RequestId> joining_;
};

}  // namespace

StepFactory read_pair_step(JsonObject& keys, const Names& names) {
  const auto [initiator, joiner] = names.two_devices(keys.at("initiator"), keys.at("joiner"));
  std::optional<Duration> retry;
  if (keys.has("retry_s")) retry = keys.seconds("retry_s", kLongestRetry);
  return [initiator = initiator, joiner = joiner, retry] {
    return std::make_unique<PairStep>(initiator, joiner, retry);
  };
}

}  // namespace kith::sim
