// Two whole engines in the simulator's world, and someone on the way between them who decides what
// happens: the input is a sequence of steps, one byte and then its arguments.
//
//   0 time u8                    the world goes on for so many milliseconds
//   1 time u8                    the same in quarters of a second
//   2 device u8, which u8        a command, as an application would give it
//   3 offset u16, bits u8        the next datagram that arrives is altered
//   4 device u8, length u8, ...  a made-up datagram arrives, from the other device's address
//   5 device u8, length u16      what arrived there last arrives again, cut to this length
//   6 device u8                  loses power and starts again
//
// Engines check themselves after every step of theirs and the world's checkers watch: nothing may
// break, whatever is made up, altered, repeated or lost.

#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/base/check.h"
#include "sim/checkers/checker.h"
#include "sim/world/device.h"
#include "sim/world/world.h"

namespace kith::sim {
namespace {

constexpr std::uint16_t kPort = 4433;
constexpr std::size_t kMaxSteps = 300;
constexpr Duration kLongest = std::chrono::minutes(2);
constexpr const char* kAlpn = "fuzz/1";

// What an application keeps of the events it was told.
struct Application {
  std::vector<std::string> words;
  std::optional<RequestId> to_confirm;
  std::optional<TransferId> offered;
  std::optional<TransferId> transfer;
  std::optional<MessageId> message;
  std::optional<ConnectionId> connection;
  std::optional<StreamId> stream;
};

class Scene final : private Observer {
 public:
  Scene() : world_(1) {
    for (std::size_t i = 0; i < 2; ++i) {
      DeviceSpec spec;
      spec.name = i == 0 ? "ada" : "bob";
      spec.addresses = {Address::v4(10, 0, 0, static_cast<std::uint8_t>(i + 1), 0)};
      spec.engine.protocols = {{kAlpn, Access::anyone}};
      world_.add_device(spec).disk().make_directory("/inbox");
      device(i).disk().make_file("/file", Bytes(100'000, std::byte{7}));
    }
    LinkSpec link;
    link.delay = std::chrono::milliseconds(5);
    world_.connect(device(0), device(1), link, link);
    world_.add_observer(*this);
    checkers_ = all_checkers(world_);
    for (const auto& checker : checkers_) world_.add_observer(*checker);
    world_.network().set_delivery_tap(
        [this](Instant, NodeId to, std::span<std::byte> bytes) { on_delivery(to, bytes); });
    for (std::size_t i = 0; i < 2; ++i) device(i).start();
  }

  void run(ByteView input) {
    ByteReader reader(input);
    for (std::size_t i = 0; i < kMaxSteps && !reader.empty() && world_.now() < kEnd; ++i) {
      step(reader);
    }
    run_for(std::chrono::seconds(1));
    for (const auto& checker : checkers_) {
      checker->finish(world_);
      KITH_CHECK_MSG(checker->ok(), "{}: {}", checker->name(), checker->first_violation());
    }
  }

 private:
  static constexpr Instant kEnd{kLongest.count()};

  Device& device(std::size_t index) { return world_.device(static_cast<DeviceIndex>(index & 1)); }
  Device& other(std::size_t index) { return device(index + 1); }
  void run_for(Duration time) { world_.run_until(world_.now() + time); }
  RequestId next_request() { return RequestId{++last_request_}; }

  void step(ByteReader& reader) {
    switch (reader.u8().value_or(0) % 7) {
      case 0:
        return run_for(std::chrono::milliseconds(reader.u8().value_or(0)));
      case 1:
        return run_for(std::chrono::milliseconds(250 * reader.u8().value_or(0)));
      case 2: {
        const std::size_t at = reader.u8().value_or(0) & 1;
        if (auto command = make_command(at, reader.u8().value_or(0))) device(at).submit(*command);
        return;
      }
      case 3:
        alter_at_ = reader.u16().value_or(0);
        alter_by_ = static_cast<std::byte>(reader.u8().value_or(0));
        return;
      case 4: {
        const std::size_t at = reader.u8().value_or(0);
        const auto made_up = reader.bytes(reader.u8().value_or(0));
        return inject(at, made_up.value_or(ByteView()));
      }
      case 5: {
        const std::size_t at = reader.u8().value_or(0) & 1;
        Bytes again = arrived_[at];
        again.resize(std::min<std::size_t>(reader.u16().value_or(0), 2000));
        return inject(at, again);
      }
      case 6: {
        const std::size_t at = reader.u8().value_or(0) & 1;
        device(at).stop(Ending::crashed);
        device(at).start();
        return;
      }
    }
  }

  void inject(std::size_t to, ByteView bytes) {
    if (bytes.empty()) return;
    world_.network().send(other(to).node(), other(to).address(kPort), device(to).address(kPort),
                          Ecn::not_ect, bytes);
  }

  std::optional<Command> make_command(std::size_t at, std::uint8_t which) {
    Application& mine = applications_[at];
    const DeviceId peer = other(at).id();
    const Address there = other(at).address(kPort);
    switch (which % 20) {
      case 0:
        return StartPairing{next_request()};
      case 1: {
        const auto entropy =
            parse_pairing_words(fmt::format("{}", fmt::join(applications_[at ^ 1].words, " ")));
        if (!entropy) return std::nullopt;
        return JoinPairing{next_request(), *entropy, {there}};
      }
      case 2:
      case 3:
        if (!mine.to_confirm) return std::nullopt;
        return ConfirmPairing{*mine.to_confirm, which % 20 == 2};
      case 4:
        return AddDeviceAddress{peer, there};
      case 5:
        return ShareWithDevice{next_request(), peer, {"/file"}, ""};
      case 6:
        return SendMessage{next_request(), peer, R"({"hello":1})", mine.message};
      case 7:
        return ReceiveMessages{};
      case 8:
        if (!mine.message) return std::nullopt;
        return AcknowledgeMessage{peer, *mine.message};
      case 9:
        return RemoveDevice{peer};
      case 10:
        return BlockDevice{peer};
      case 11:
        return Cancel{RequestId{last_request_}};
      case 12:
        if (!mine.transfer) return std::nullopt;
        return CancelTransfer{*mine.transfer};
      case 13:
        return Connect{next_request(), kAlpn, peer, {there}};
      case 14:
        if (!mine.connection) return std::nullopt;
        return OpenStream{*mine.connection, StreamKind::bidirectional, 0};
      case 15:
        if (!mine.stream) return std::nullopt;
        return StreamWrite{*mine.connection, *mine.stream, SharedBytes(Bytes(5000)), false};
      case 16:
        if (!mine.connection) return std::nullopt;
        return CloseConnection{*mine.connection, 7, "enough"};
      case 17:
        return SetReceivePolicy{SetReceivePolicy::Accept::ask, "/inbox"};
      case 18:
        if (!mine.offered) return std::nullopt;
        return AnswerTransfer{*mine.offered, true};
      default:
        if (!mine.stream) return std::nullopt;
        return StopStream{*mine.connection, *mine.stream, 9};
    }
  }

  void on_delivery(NodeId to, std::span<std::byte> bytes) {
    if (alter_by_ != std::byte{} && !bytes.empty()) {
      bytes[alter_at_ % bytes.size()] ^= alter_by_;
      alter_by_ = {};
    }
    arrived_[to == device(0).node() ? 0 : 1] = to_bytes(bytes);
  }

  void on_started(Device& device, Instant) override {
    applications_[device.index()] = {};
    device.submit(Listen{next_request(), device.address(kPort)});
    device.submit(SetReceivePolicy{SetReceivePolicy::Accept::all, "/inbox"});
  }

  void on_output(Device& device, Instant, const Output& output) override {
    const auto* event = std::get_if<Event>(&output);
    if (event == nullptr) return;
    Application& mine = applications_[device.index()];
    if (const auto* code = std::get_if<PairingCodeReady>(event)) {
      mine.words = code->words;
    } else if (const auto* asked = std::get_if<PairingConfirmationNeeded>(event)) {
      mine.to_confirm = asked->request;
    } else if (const auto* offer = std::get_if<TransferOffered>(event)) {
      mine.offered = mine.transfer = offer->transfer;
    } else if (const auto* started = std::get_if<TransferStarted>(event)) {
      mine.transfer = started->transfer;
    } else if (const auto* received = std::get_if<MessageReceived>(event)) {
      mine.message = received->message;
    } else if (const auto* connected = std::get_if<PeerConnected>(event)) {
      mine.connection = connected->connection;
      mine.stream.reset();
    } else if (const auto* ready = std::get_if<StreamReady>(event)) {
      if (ready->connection == mine.connection) mine.stream = ready->stream;
    } else if (const auto* bytes = std::get_if<BytesReceived>(event)) {
      if (bytes->bytes.empty()) return;
      device.submit(StreamCredit{bytes->connection, bytes->stream, bytes->bytes.size()});
    }
  }

  World world_;
  std::vector<std::unique_ptr<Checker>> checkers_;
  std::array<Application, 2> applications_;
  std::array<Bytes, 2> arrived_;  // last, at each
  std::size_t alter_at_ = 0;
  std::byte alter_by_{};
  std::uint64_t last_request_ = 0;
};

}  // namespace
}  // namespace kith::sim

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  kith::sim::Scene().run(std::as_bytes(std::span(data, size)));
  return 0;
}
