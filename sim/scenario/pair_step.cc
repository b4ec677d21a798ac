// Two people in one room: one reads the words aloud and tells where her device is, the other types.
// Both accept the other's name and fingerprint.

#include <fmt/core.h>
#include <fmt/ranges.h>

#include <optional>

#include "sim/scenario/workload.h"

namespace kith::sim {
namespace {

class PairStep final : public WorkloadStep {
 public:
  PairStep(DeviceIndex initiator, DeviceIndex joiner) : initiator_(initiator), joiner_(joiner) {}

  void begin(Stage& stage) override {
    initiating_ = stage.new_request();
    stage.device(initiator_).submit(StartPairing{*initiating_});
  }

  void on_event(Stage& stage, Device& device, const Event& event) override {
    if (const auto* code = std::get_if<PairingCodeReady>(&event)) {
      if (device.index() == initiator_ && code->request == initiating_) join(stage, *code);
    } else if (const auto* needed = std::get_if<PairingConfirmationNeeded>(&event)) {
      if (is_ours(device, needed->request)) device.submit(ConfirmPairing{needed->request, true});
    }
  }

 private:
  void join(Stage& stage, const PairingCodeReady& code) {
    const auto entropy = parse_pairing_words(fmt::format("{}", fmt::join(code.words, " ")));
    if (!entropy) return;  // then nobody pairs, and the expectation says so
    joining_ = stage.new_request();
    stage.device(joiner_).submit(
        JoinPairing{*joining_, *entropy, {stage.device(initiator_).address(kListenPort)}});
  }

  bool is_ours(const Device& device, RequestId request) const {
    return (device.index() == initiator_ && request == initiating_) ||
           (device.index() == joiner_ && request == joining_);
  }

  DeviceIndex initiator_;
  DeviceIndex joiner_;
  std::optional<RequestId> initiating_;
  std::optional<RequestId> joining_;
};

}  // namespace

StepFactory read_pair_step(JsonObject& keys, const Names& names) {
  const auto [initiator, joiner] = names.two_devices(keys.at("initiator"), keys.at("joiner"));
  return [initiator = initiator, joiner = joiner] {
    return std::make_unique<PairStep>(initiator, joiner);
  };
}

}  // namespace kith::sim
