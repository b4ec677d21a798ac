// Two devices pair in memory. This program is the driver of both engines: it owns the clock, the
// network and the store, and there is no system call in any of them.

#include <kith/engine.h>

#include <algorithm>
#include <deque>
#include <iostream>
#include <random>
#include <string>

namespace {

struct Datagram {
  kith::Address from;
  kith::Address to;
  kith::Bytes bytes;
};

using Wire = std::deque<Datagram>;

constexpr std::int64_t kUnixMs = 1'800'000'000'000;  // this program's idea of the date
constexpr kith::Duration kPatience = std::chrono::seconds(30);

std::array<std::byte, 32> random_bytes() {
  std::random_device system;
  std::array<std::byte, 32> bytes;
  for (std::byte& byte : bytes) byte = static_cast<std::byte>(system());
  return bytes;
}

kith::Config named(const std::string& name) {
  kith::Config config;
  config.device_name = name;
  return config;
}

class Device {
 public:
  Device(const std::string& name, const kith::Address& address, Wire& wire, kith::Instant now)
      : address_(address),
        wire_(wire),
        engine_(named(name), kith::MasterKey{random_bytes()}, {}, random_bytes(), now, kUnixMs) {
    give(now, kith::Command(kith::Listen{kith::RequestId{1}, address_}));
  }

  // One step of a driver: an input, what follows from it, the packets that are ready.
  void give(kith::Instant now, kith::Input input) {
    inputs_.push_back(std::move(input));
    while (!inputs_.empty()) {
      engine_.handle(now, inputs_.front());
      inputs_.pop_front();
      while (const auto output = engine_.poll_output()) {
        std::visit([this](const auto& effect) { on(effect); }, *output);
      }
    }
    send(now);
  }

  void receive(kith::Instant now, const Datagram& datagram) {
    kith::DatagramsReceived received;
    received.socket = socket_;
    received.local = address_;
    received.remote = datagram.from;
    received.stride = datagram.bytes.size();
    received.bytes = datagram.bytes;
    give(now, received);
  }

  kith::Instant wakeup() const {
    const auto wanted = engine_.next_wakeup();
    return wanted ? wanted->at : kith::Instant::never();
  }

  const kith::Address& address() const { return address_; }
  const std::string& words() const { return words_; }
  const std::string& partner() const { return partner_; }

 private:
  void on(const kith::OpenSocket& open) {
    socket_ = open.socket;
    inputs_.push_back(kith::SocketOpened{open.socket, address_});
  }
  // A real store writes the changes and answers when they are durable. With what it holds the same
  // device can be made again.
  void on(const kith::StoreCommit& commit) {
    inputs_.push_back(kith::StoreCompleted{commit.op, {}});
  }
  void on(const kith::Event& event) {
    std::visit([this](const auto& told) { on_event(told); }, event);
  }
  // Files and hashing, which only transfers need.
  template <class Effect>
  void on(const Effect&) {}

  void on_event(const kith::PairingCodeReady& ready) {
    for (const std::string& word : ready.words) words_ += word + " ";
  }
  // Where two people would compare the fingerprint.
  void on_event(const kith::PairingConfirmationNeeded& asked) {
    inputs_.push_back(kith::Command(kith::ConfirmPairing{asked.request, true}));
  }
  void on_event(const kith::Paired& paired) { partner_ = paired.name; }
  template <class Other>
  void on_event(const Other&) {}

  void send(kith::Instant now) {
    kith::Bytes buffer(65536);
    while (const auto packets = engine_.poll_datagrams(now, socket_, buffer, 16)) {
      for (std::size_t at = 0; at < packets->size; at += packets->segment_size) {
        const std::size_t size = std::min(packets->segment_size, packets->size - at);
        const kith::ByteView segment = kith::ByteView(buffer).subspan(at, size);
        wire_.push_back({address_, packets->remote, kith::to_bytes(segment)});
      }
    }
  }

  kith::Address address_;
  Wire& wire_;
  kith::Engine engine_;
  kith::SocketId socket_;
  std::deque<kith::Input> inputs_;
  std::string words_;
  std::string partner_;
};

}  // namespace

int main() {
  Wire wire;
  kith::Instant now;
  Device anna("anna", kith::Address::v4(192, 0, 2, 1, 4000), wire, now);
  Device ben("ben", kith::Address::v4(192, 0, 2, 2, 4000), wire, now);

  anna.give(now, kith::Command(kith::StartPairing{kith::RequestId{2}}));
  const auto code = kith::parse_pairing_words(anna.words());
  if (!code) return 1;
  ben.give(now, kith::Command(kith::JoinPairing{kith::RequestId{2}, *code, {anna.address()}}));

  // Time stands still while datagrams are on their way, and then leaps to the next timer.
  while (anna.partner().empty() || ben.partner().empty()) {
    if (!wire.empty()) {
      const Datagram datagram = std::move(wire.front());
      wire.pop_front();
      (datagram.to == anna.address() ? anna : ben).receive(now, datagram);
      continue;
    }
    now = std::min(anna.wakeup(), ben.wakeup());
    if (now > kith::Instant{} + kPatience) return 1;
    anna.give(now, kith::TimerFired{});
    ben.give(now, kith::TimerFired{});
  }
  std::cout << "anna is paired with " << anna.partner() << ", ben with " << ben.partner() << "\n";
}
