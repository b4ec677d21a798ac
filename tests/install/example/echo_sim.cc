// kith-sim with a protocol of this program's own and one more kind of step:
// {"kind": "echo", "from": NAME, "to": NAME}.

#include "sim/cli/cli.h"

using namespace kith;

constexpr const char* kProtocol = "example/echo/1";
constexpr std::string_view kWord = "hello";
constexpr Duration kPause = std::chrono::seconds(1);

// One device calls, and the other one sends back what it hears.
struct Echo : sim::WorkloadStep {
  Echo(sim::DeviceIndex from, sim::DeviceIndex to) : from_(from), to_(to) {}

  void begin(sim::Stage& stage) override { call(stage); }
  // What was under way ended with the device's last life.
  void on_up(sim::Stage& stage, sim::Device& device) override {
    if (device.index() == from_) call(stage);
  }

  void call(sim::Stage& stage) {
    if (heard_ == kWord) return;
    heard_.clear();
    request_ = stage.new_request();
    sim::Device& from = stage.device(from_);
    sim::Device& to = stage.device(to_);
    from.submit(Connect{request_, kProtocol, to.id(), sim::told_addresses(from, to)});
  }

  // Events of all devices come here, also those of other steps.
  void on_event(sim::Stage& stage, sim::Device& device, const Event& event) override {
    if (device.index() == to_) return answer(device, event);
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
                                SharedBytes(to_bytes(as_byte_view(kWord))), true});
    } else if (const auto* received = std::get_if<BytesReceived>(&event)) {
      if (received->connection == connection_) heard_ += as_text(received->bytes.view());
    } else if (const auto* closed = std::get_if<ConnectionClosed>(&event)) {
      if (closed->connection == connection_) call_again(stage);
    }
  }

  // They are not paired yet, or nobody answers.
  void call_again(sim::Stage& stage) {
    stage.after(kPause, [this, &stage, failed = request_] {
      if (failed == request_) call(stage);
    });
  }

  void answer(sim::Device& device, const Event& event) {
    const auto* received = std::get_if<BytesReceived>(&event);
    if (received == nullptr) return;
    const auto& [connection, stream, bytes, fin] = *received;
    device.submit(StreamCredit{connection, stream, bytes.size()});
    device.submit(StreamWrite{connection, stream, bytes, fin});
  }

  std::string missing(sim::Stage&) override {
    return heard_ == kWord ? "" : "heard \"" + heard_ + "\"";
  }

  sim::DeviceIndex from_, to_;
  RequestId request_;
  ConnectionId connection_;
  std::string heard_;
};

int main(int argc, char** argv) {
  sim::Handlers handlers = sim::built_in_handlers();
  handlers.protocols = {{kProtocol, Access::paired}};
  handlers.steps["echo"] = [](sim::JsonObject& keys, const sim::Names& names) {
    const auto [from, to] = names.two_devices(keys.at("from"), keys.at("to"));
    return sim::StepFactory([from = from, to = to] { return std::make_unique<Echo>(from, to); });
  };
  return sim::main(argc, argv, handlers);
}
