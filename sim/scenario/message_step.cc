// A person writes to a paired device whose address she knows, once or again and again. Who is not
// yet paired waits until it is; what was not queued when the device went down, or because its store
// failed, is written again.

#include <fmt/core.h>

#include <map>

#include "sim/scenario/step_limits.h"
#include "sim/scenario/workload.h"

namespace kith::sim {
namespace {

struct MessageSpec {
  std::string name;
  DeviceIndex from = 0;
  DeviceIndex to = 0;
  std::uint64_t count = 1;
  std::uint64_t body_bytes = 0;
  Duration every{};
};

class MessageStep final : public WorkloadStep {
 public:
  explicit MessageStep(const MessageSpec& spec) : spec_(spec) {}

  void prepare(Stage& stage) override {
    stage_ = &stage;
    MessageFacts& facts = stage.facts.messages(spec_.name);
    facts.from = spec_.from;
    facts.to = spec_.to;
    facts.wanted = spec_.count;
  }

  void begin(Stage& stage) override {
    due_ = true;
    write_if_paired(stage);
  }

  void on_event(Stage& stage, Device& device, const Event& event) override {
    if (std::holds_alternative<Paired>(event)) write_if_paired(stage);
    if (device.index() != spec_.from) return;
    if (const auto* queued = std::get_if<MessageQueued>(&event)) {
      if (written_.erase(queued->request) == 0) return;
      stage.facts.messages(spec_.name).queued.insert(queued->message);
    }
    const auto* failed = std::get_if<MessageFailed>(&event);
    if (failed != nullptr && is_of_store(failed->error)) {
      stage.after(kPause, [this, request = failed->request] { write_again(request); });
    }
  }

  void on_up(Stage& stage, Device& device) override {
    if (device.index() != spec_.from || !begun_) return;
    const auto lost = std::exchange(written_, {});
    stage.tell_addresses(device, to());
    for (const auto& [request, number] : lost) write(number);
  }

 private:
  static constexpr Duration kPause = std::chrono::seconds(1);

  static bool is_of_store(const Error& error) {
    return error.code == ErrorCode::io_error || error.code == ErrorCode::no_space;
  }

  Device& from() { return stage_->device(spec_.from); }
  Device& to() { return stage_->device(spec_.to); }

  void write_if_paired(Stage& stage) {
    if (!due_ || !stage.facts.are_paired(from(), to())) return;
    due_ = false;
    begun_ = true;
    stage.tell_addresses(from(), to());
    write_from(0);
  }

  void write_from(std::uint64_t number) {
    write(number);
    if (number + 1 == spec_.count) return;
    stage_->after(spec_.every, [this, number] { write_from(number + 1); });
  }

  // Unless it was when the device came up, or will be then.
  void write_again(RequestId request) {
    const auto failed = written_.find(request);
    if (failed == written_.end() || !from().running()) return;
    const std::uint64_t number = failed->second;
    written_.erase(failed);
    write(number);
  }

  void write(std::uint64_t number) {
    const RequestId request = stage_->new_request();
    written_.emplace(request, number);
    from().submit(SendMessage{
        request,
        to().id(),
        fmt::format(R"({{"number":{},"text":"{}"}})", number, std::string(spec_.body_bytes, 'x')),
        {}});
  }

  MessageSpec spec_;
  Stage* stage_ = nullptr;
  bool due_ = false;  // its time has come and nothing was written
  bool begun_ = false;
  std::map<RequestId, std::uint64_t> written_;  // and not known to be queued
};

}  // namespace

StepFactory read_message_step(JsonObject& keys, const Names& names) {
  MessageSpec spec;
  spec.name = keys.at("name").text();
  std::tie(spec.from, spec.to) = names.two_devices(keys.at("from"), keys.at("to"));
  spec.count = keys.integer_or("count", 1, kMostMessages, spec.count);
  spec.body_bytes = keys.integer_or("body_bytes", 0, kMostBodyBytes, spec.body_bytes);
  spec.every = keys.milliseconds_or("every_ms", kLongestPause, spec.every);
  return [spec] { return std::make_unique<MessageStep>(spec); };
}

}  // namespace kith::sim
