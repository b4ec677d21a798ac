// A person sends a file or a directory to a paired device whose address she knows. Who is not yet
// paired waits until it is; who finds the device down asks when it is up again, and so does who
// sees after its restart that the send is not complete. Who is patient tries again after a failure.

#include <fmt/core.h>

#include <optional>

#include "engine/transfer/names.h"
#include "sim/scenario/content.h"
#include "sim/scenario/step_limits.h"
#include "sim/scenario/workload.h"

namespace kith::sim {
namespace {

struct SendSpec {
  std::string name;
  DeviceIndex from = 0;
  DeviceIndex to = 0;
  std::string destination;
  ContentSpec content;
  std::optional<Duration> retry;
};

class SendStep final : public WorkloadStep {
 public:
  explicit SendStep(const SendSpec& spec) : spec_(spec) {}

  void prepare(Stage& stage) override {
    stage_ = &stage;
    // A directory for each step: two of them may send files of one name.
    const std::string directory = fmt::format("{}/{}", kOutbox, spec_.name);
    SendFacts& facts = stage.facts.send(spec_.name);
    facts.from = spec_.from;
    facts.to = spec_.to;
    facts.source = make_content(spec_.content, stage.device(spec_.from).disk(), directory,
                                stage.world.random("content").fork(spec_.name));
  }

  void begin(Stage&) override {
    due_ = true;
    send_if_possible();
  }

  void on_event(Stage& stage, Device& device, const Event& event) override {
    if (std::holds_alternative<Paired>(event)) return send_if_possible();
    if (device.index() != spec_.from) return;
    const SendFacts& facts = stage.facts.send(spec_.name);
    if (const auto* failed = std::get_if<TransferFailed>(&event)) {
      const bool ours = failed->request == facts.request || failed->transfer == facts.transfer;
      if (ours && asked_ && spec_.retry) {
        stage.after(*spec_.retry, [this, request = facts.request] { try_again(request); });
      }
    }
  }

  void on_up(Stage& stage, Device& device) override {
    if (device.index() != spec_.from) return;
    // It remembers no addresses that were given by hand.
    if (asked_) stage.tell_addresses(device, stage.device(spec_.to));
    if (asked_ && !stage.facts.send(spec_.name).sent_at) due_ = true;
    send_if_possible();
  }

 private:
  // She tries again, unless that was done meanwhile.
  void try_again(RequestId failed) {
    if (stage_->facts.send(spec_.name).request != failed) return;
    due_ = true;
    send_if_possible();
  }

  void send_if_possible() {
    Device& from = stage_->device(spec_.from);
    Device& to = stage_->device(spec_.to);
    if (!due_ || !from.running() || !stage_->facts.are_paired(from, to)) return;
    due_ = false;
    asked_ = true;
    SendFacts& facts = stage_->facts.send(spec_.name);
    facts.begin_anew();
    facts.request = stage_->new_request();
    stage_->tell_addresses(from, to);
    from.submit(ShareWithDevice{facts.request, to.id(), {facts.source}, spec_.destination});
  }

  SendSpec spec_;
  Stage* stage_ = nullptr;
  bool due_ = false;    // its time has come and nobody was asked
  bool asked_ = false;  // once or again
};

std::string read_destination(const JsonValue& value) {
  const std::string destination = value.text();
  const auto components = transfer::split_destination(destination);
  if (!components) {
    value.refuse("must be a relative path of names that files can have, without \"..\"");
  }
  return destination;
}

}  // namespace

StepFactory read_send_step(JsonObject& keys, const Names& names) {
  SendSpec spec;
  const JsonValue name = keys.at("name");
  spec.name = name.text();
  check_file_name(name);  // of the directory in which the content lies
  std::tie(spec.from, spec.to) = names.two_devices(keys.at("from"), keys.at("to"));
  if (keys.has("destination")) spec.destination = read_destination(keys.at("destination"));
  if (keys.has("retry_s")) spec.retry = keys.seconds("retry_s", kLongestRetry);
  spec.content = read_content(keys.at("content").object());
  return [spec] { return std::make_unique<SendStep>(spec); };
}

}  // namespace kith::sim
