// A person sends a file or a directory to a paired device whose address she knows. Who is not yet
// paired waits until it is.

#include <fmt/core.h>

#include "sim/scenario/content.h"
#include "sim/scenario/workload.h"

namespace kith::sim {
namespace {

struct SendSpec {
  std::string name;
  DeviceIndex from = 0;
  DeviceIndex to = 0;
  std::string destination;
  ContentSpec content;
};

class SendStep final : public WorkloadStep {
 public:
  explicit SendStep(const SendSpec& spec) : spec_(spec) {}

  void prepare(Stage& stage) override {
    // A directory for each step: two of them may send files of one name.
    const std::string directory = fmt::format("{}/{}", kOutbox, spec_.name);
    SendFacts& facts = stage.facts.send(spec_.name);
    facts.from = spec_.from;
    facts.to = spec_.to;
    facts.source = make_content(spec_.content, stage.device(spec_.from).disk(), directory,
                                stage.world.random("content").fork(spec_.name));
  }

  void begin(Stage& stage) override {
    due_ = true;
    send_if_paired(stage);
  }

  void on_event(Stage& stage, Device&, const Event& event) override {
    if (std::holds_alternative<Paired>(event)) send_if_paired(stage);
  }

 private:
  void send_if_paired(Stage& stage) {
    Device& from = stage.device(spec_.from);
    Device& to = stage.device(spec_.to);
    if (!due_ || !stage.facts.paired_at(from.index(), to.id()) ||
        !stage.facts.paired_at(to.index(), from.id())) {
      return;
    }
    due_ = false;
    SendFacts& facts = stage.facts.send(spec_.name);
    facts.request = stage.new_request();
    from.submit(AddDeviceAddress{to.id(), to.address(kListenPort)});
    from.submit(ShareWithDevice{facts.request, to.id(), {facts.source}, spec_.destination});
  }

  SendSpec spec_;
  bool due_ = false;  // its time has come and nothing was sent
};

}  // namespace

StepFactory read_send_step(JsonObject& keys, const Names& names) {
  SendSpec spec;
  const JsonValue name = keys.at("name");
  spec.name = name.text();
  if (spec.name.find('/') != std::string::npos) name.refuse("must not contain \"/\"");
  std::tie(spec.from, spec.to) = names.two_devices(keys.at("from"), keys.at("to"));
  spec.destination = keys.text_or("destination", "");
  spec.content = read_content(keys.at("content").object());
  return [spec] { return std::make_unique<SendStep>(spec); };
}

}  // namespace kith::sim
