#include "tests/sim/planted/talk_step.h"

#include <memory>
#include <string>

namespace kith::sim {
namespace {

constexpr const char* kProtocol = "test/talk/1";
constexpr std::size_t kBytes = 100'000;
constexpr Duration kPause = std::chrono::seconds(5);

class Talk final : public WorkloadStep {
 public:
  Talk(DeviceIndex from, DeviceIndex to) : from_(from), to_(to) {}

  void begin(Stage& stage) override { call(stage); }
  void on_up(Stage& stage, Device& device) override {
    if (device.index() == from_ && request_.value != 0) call(stage);
  }

  void on_event(Stage& stage, Device& device, const Event& event) override {
    if (device.index() == to_) return listen(device, event);
    if (device.index() != from_) return;
    if (const auto* failed = std::get_if<ConnectFailed>(&event)) {
      if (failed->request == request_) call_again(stage);
    } else if (const auto* connected = std::get_if<PeerConnected>(&event)) {
      if (connected->request != request_) return;
      connection_ = connected->connection;
      device.submit(OpenStream{connection_});
    } else if (const auto* ready = std::get_if<StreamReady>(&event)) {
      if (ready->connection != connection_) return;
      device.submit(StreamWrite{connection_, ready->stream,
                                SharedBytes(Bytes(kBytes, std::byte{'t'})), true});
    } else if (const auto* closed = std::get_if<ConnectionClosed>(&event)) {
      if (closed->connection == connection_) call_again(stage);
    }
  }

 private:
  void call(Stage& stage) {
    if (heard_) return;
    Device& from = stage.device(from_);
    Device& to = stage.device(to_);
    request_ = stage.new_request();
    from.submit(Connect{request_, kProtocol, to.id(), told_addresses(from, to)});
  }

  void call_again(Stage& stage) {
    stage.after(kPause, [this, &stage, ended = request_] {
      if (ended == request_) call(stage);
    });
  }

  void listen(Device& device, const Event& event) {
    const auto* received = std::get_if<BytesReceived>(&event);
    if (received == nullptr) return;
    heard_ = heard_ || received->fin;
    device.submit(StreamCredit{received->connection, received->stream, received->bytes.size()});
  }

  DeviceIndex from_;
  DeviceIndex to_;
  RequestId request_;
  ConnectionId connection_;
  bool heard_ = false;  // all of it
};

}  // namespace

Handlers talking_handlers() {
  Handlers handlers = built_in_handlers();
  handlers.protocols = {{kProtocol, Access::paired}};
  handlers.steps["talk"] = [](JsonObject& keys, const Names& names) -> StepFactory {
    const auto [from, to] = names.two_devices(keys.at("from"), keys.at("to"));
    return [from = from, to = to] { return std::make_unique<Talk>(from, to); };
  };
  return handlers;
}

}  // namespace kith::sim
