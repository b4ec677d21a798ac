#pragma once

// One device and whatever is sent to it by hand.

#include <functional>
#include <string>
#include <vector>

#include "engine/dns/write.h"
#include "tests/discovery/mdns/lan.h"

namespace kith::mdns {

class Single {
 public:
  static Address neighbour(std::uint8_t last) { return Address::v4(10, 0, 7, last, 5353); }
  static Address neighbour() { return neighbour(99); }

  explicit Single(std::uint64_t seed = 1, bool ipv6 = false)
      : mdns(random_of(seed)), interface(interface_of(0, ipv6)) {
    mdns.set_interfaces(now, std::span(&interface, 1));
    drain();
  }

  void announce(const Presence& presence) {
    EXPECT_TRUE(mdns.set_instances(now, presence));
    drain();
  }
  // Until it has announced itself and is quiet, and no limit on a record's rate is left.
  void settle() {
    advance(seconds(5));
    sent.clear();
  }
  void advance(Duration span) {
    const Instant end = now + span;
    for (auto next = mdns.next_wakeup(); next && *next <= end; next = mdns.next_wakeup()) {
      now = std::max(now, *next);
      mdns.on_wakeup(now);
      drain();
    }
    now = end;
  }
  void receive(const Bytes& bytes, Address source = neighbour()) {
    mdns.handle_datagram(now, {kEthernet, source, bytes});
    drain();
  }
  void receive(const dns::Message& message, Address source = neighbour()) {
    receive(dns::write(message).value(), source);
  }
  void drain() {
    while (auto transmit = mdns.poll_transmit()) sent.push_back({now, *std::move(transmit)});
    while (auto event = mdns.poll_event()) events.push_back(*std::move(event));
  }

  // Answers to all, since `sent` was last cleared.
  std::vector<dns::Record> answers() const {
    return records([](const dns::Message& message) { return message.answers; });
  }
  std::vector<dns::Record> additionals() const {
    return records([](const dns::Message& message) { return message.additionals; });
  }
  std::vector<dns::Record> records(
      const std::function<std::vector<dns::Record>(const dns::Message&)>& section) const {
    std::vector<dns::Record> all;
    for (const Heard& heard : sent) {
      const dns::Message message = heard.message();
      if (!message.header.response) continue;
      const auto part = section(message);
      all.insert(all.end(), part.begin(), part.end());
    }
    return all;
  }
  std::size_t questions(const dns::Name& name, dns::Type type) const {
    std::size_t count = 0;
    for (const Heard& heard : sent) {
      for (const dns::Question& question : heard.message().questions) {
        count += question.name == name && question.type == type ? 1U : 0U;
      }
    }
    return count;
  }
  template <class T>
  std::vector<T> events_of() const {
    std::vector<T> found;
    for (const Event& event : events) {
      if (const auto* each = std::get_if<T>(&event)) found.push_back(*each);
    }
    return found;
  }

  Instant now = kStart;
  Mdns mdns;
  Interface interface;
  std::vector<Heard> sent;
  std::vector<Event> events;
};

inline const dns::Name kService = dns::Name::of("_kith._udp.local");
inline const dns::Name kEnumeration = dns::Name::of("_services._dns-sd._udp.local");

inline dns::Record record(const dns::Name& name, std::uint32_t ttl, dns::Data data,
                          bool flush = true) {
  return {name, dns::kClassIn, flush, ttl, std::move(data)};
}
inline dns::Record a_record(const dns::Name& host, std::uint8_t last, std::uint32_t ttl = 120) {
  return record(host, ttl,
                dns::A{{std::byte{10}, std::byte{0}, std::byte{7}, static_cast<std::byte>(last)}});
}
inline dns::Message response_of(std::vector<dns::Record> answers) {
  dns::Message message;
  message.header.response = true;
  message.header.authoritative = true;
  message.answers = std::move(answers);
  return message;
}
inline dns::Message query_of(const dns::Name& name, dns::Type type, bool unicast = false,
                             std::vector<dns::Record> known = {}) {
  dns::Message message;
  message.questions = {{name, type, dns::kClassIn, unicast}};
  message.answers = std::move(known);
  return message;
}

inline dns::Name instance_name(const std::string& label) { return kService.child(label).value(); }
inline dns::Record ptr_to(const std::string& label, std::uint32_t ttl = 4500) {
  return record(kService, ttl, dns::Ptr{instance_name(label)}, false);
}
inline dns::Record srv_of(const std::string& label, const dns::Name& host,
                          std::uint16_t port = 4242, std::uint32_t ttl = 120) {
  return record(instance_name(label), ttl, dns::Srv{0, 0, port, host});
}
inline dns::Record txt_of(const std::string& label, const std::string& string = "v=1",
                          std::uint32_t ttl = 4500) {
  return record(instance_name(label), ttl, dns::Txt{{string}});
}
// All that makes a neighbour.
inline dns::Message announcement_of(const std::string& label, std::uint8_t last = 99) {
  const dns::Name host = dns::Name::of("h" + std::to_string(last) + ".local");
  return response_of({ptr_to(label), srv_of(label, host), txt_of(label), a_record(host, last)});
}

}  // namespace kith::mdns
