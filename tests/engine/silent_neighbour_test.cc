// A neighbour that multicast DNS knows and that answers no dial: an engine, and what is put on its
// LAN by hand.

#include <gtest/gtest.h>

#include <deque>
#include <map>

#include "engine/base/text.h"
#include "engine/dns/parse.h"
#include "engine/dns/write.h"
#include "engine/pairing/code.h"
#include "kith/engine.h"

namespace kith {
namespace {

using std::chrono::seconds;

constexpr std::uint32_t kEthernet = 3;
constexpr std::uint16_t kMdnsPort = 5353;
const Address kNeighbour = Address::v4(10, 0, 0, 9, 4242);
const pairing::CodeEntropy kWords{std::byte{7}};

dns::Record record(const dns::Name& name, std::uint32_t ttl, dns::Data data, bool flush = true) {
  return {name, dns::kClassIn, flush, ttl, std::move(data)};
}

// Somebody who shows the words.
Bytes announcement() {
  const dns::Name service = dns::Name::of("_kith._udp.local");
  const dns::Name instance = service.child("phone").value();
  const dns::Name host = dns::Name::of("h.local");
  const DeviceId rendezvous = pairing::derive_code_keys(kWords).rendezvous->id();
  dns::A address;
  std::copy_n(kNeighbour.ip.begin(), address.ip.size(), address.ip.begin());
  dns::Message message;
  message.header.response = message.header.authoritative = true;
  message.answers = {record(service, 4500, dns::Ptr{instance}, false),
                     record(instance, 120, dns::Srv{0, 0, kNeighbour.port, host}),
                     record(instance, 4500, dns::Txt{{"pair=" + to_zbase32(rendezvous.bytes)}}),
                     record(host, 120, address)};
  return dns::write(message).value();
}

class Device {
 public:
  Device() : engine_(config(), {}, {}, {}, now_, 1'795'000'000'000) {
    const Address own = Address::v4(10, 0, 0, 1, 0);
    handle(NetworkChanged{{{kEthernet, "eth0", true, {{own, 24}}}}});
    announce();
  }

  void handle(const Input& input) {
    engine_.handle(now_, input);
    std::deque<Input> answers;
    while (auto output = engine_.poll_output()) {
      if (const auto* open = std::get_if<OpenSocket>(&*output)) {
        sockets_[open->socket] = open->bind.port;
        answers.push_back(SocketOpened{open->socket, open->bind});
      } else if (const auto* event = std::get_if<Event>(&*output)) {
        if (const auto* found = std::get_if<DeviceFound>(event)) found_ = *found;
      }
    }
    for (const Input& answer : answers) handle(answer);
    send();
  }
  void announce() {
    const Bytes bytes = announcement();
    for (const auto& [socket, port] : std::map(sockets_)) {
      if (port != kMdnsPort) continue;
      Address source = kNeighbour;
      source.port = kMdnsPort;
      handle(DatagramsReceived{socket, {}, source, kEthernet, Ecn::not_ect, bytes.size(), bytes});
    }
  }
  void run_for(Duration span) {
    const Instant end = now_ + span;
    for (auto next = engine_.next_wakeup(); next && next->at <= end; next = engine_.next_wakeup()) {
      now_ = std::max(now_, next->at);
      handle(TimerFired{});
      if (std::exchange(asked_, false) && neighbour_answers) announce();
    }
    now_ = end;
  }
  bool knows_neighbour() const { return found_ && !found_->addresses.empty(); }

  bool neighbour_answers = false;
  std::size_t dialled = 0;  // datagrams

 private:
  static Config config() {
    Config config;
    config.discovery.mdns = true;
    return config;
  }
  void send() {
    std::array<std::byte, 2048> buffer;
    for (const auto& [socket, port] : sockets_) {
      while (const auto transmit = engine_.poll_datagrams(now_, socket, buffer, 1)) {
        if (transmit->remote == kNeighbour) ++dialled;
        if (port != kMdnsPort) continue;
        const auto message = dns::parse(ByteView(buffer).first(transmit->size));
        ASSERT_TRUE(message);
        // It answers nobody who knows it already.
        asked_ = asked_ || (!message->questions.empty() && message->answers.empty());
      }
    }
  }

  Instant now_{1'000'000'000'000};
  Engine engine_;
  std::map<SocketId, std::uint16_t> sockets_;
  std::optional<DeviceFound> found_;
  bool asked_ = false;
};

TEST(SilentNeighbour, is_gone_when_it_answers_neither_a_dial_nor_multicast_dns) {
  Device device;
  ASSERT_TRUE(device.knows_neighbour());
  device.run_for(seconds(60));
  EXPECT_TRUE(device.knows_neighbour()) << "nobody wanted it";
  device.handle(JoinPairing{RequestId{1}, kWords, {}});
  device.run_for(seconds(15));
  EXPECT_GT(device.dialled, 0u);
  EXPECT_TRUE(device.knows_neighbour());
  device.run_for(seconds(10));
  EXPECT_FALSE(device.knows_neighbour());
}

TEST(SilentNeighbour, stays_when_multicast_dns_still_has_it) {
  Device device;
  device.neighbour_answers = true;
  device.handle(JoinPairing{RequestId{1}, kWords, {}});
  device.run_for(seconds(60));
  EXPECT_GT(device.dialled, 0u);
  EXPECT_TRUE(device.knows_neighbour());
}

}  // namespace
}  // namespace kith
