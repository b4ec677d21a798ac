// A node of kith's DHT machine on a socket of 127.0.0.1, for tests with other implementations. It
// does one command at a time, each a line of standard input, and ends with it:
//
//   dht_peer serve|use [BOOTSTRAP...]     takes part, or is read-only (BEP 43)
//
//   put-immutable VALUE                   {"event":"put","target","stored","refused","newer"}
//   put-mutable SEED SALT SEQ VALUE [CAS]
//   publish-pkarr SEED SEQ SHARED RELAY SEALED-ADDRESSES OPEN-ADDRESSES
//   get-immutable TARGET                  {"event":"got","value","seq"}, null where nothing is
//   get-mutable KEY SALT
//   resolve-pkarr KEY SHARED              {"event":"resolved","addresses","relay",...}
//   count-kept                            {"event":"kept","items"}
//
// Bytes are hexadecimal, addresses separated by commas, "-" is empty. Values are byte strings.
// {"event":"listening"} comes first, {"event":"ready"} once other nodes have been looked for.

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <stdexcept>

#include "engine/base/text.h"
#include "engine/discovery/dht/node.h"
#include "engine/discovery/pkarr.h"

namespace {

using namespace kith;
using nlohmann::json;

constexpr unsigned kLongestLifeSeconds = 300;  // whatever becomes of who started it

// What is wrong with a command; the program then ends.
struct BadCommand : std::runtime_error {
  using std::runtime_error::runtime_error;
};

void say(const json& event) { std::cout << event.dump() << std::endl; }

Instant now() {
  const auto since_start = std::chrono::steady_clock::now().time_since_epoch();
  return {std::chrono::duration_cast<Duration>(since_start).count()};
}

RandomSource fresh_random() {
  std::array<std::byte, 32> seed;
  if (getrandom(seed.data(), seed.size(), 0) != ssize_t{seed.size()}) {
    throw std::runtime_error("getrandom");
  }
  return RandomSource(seed);
}

// --- what words mean ---------------------------------------------------------------------------

Bytes bytes_of(const std::string& word) {
  if (word == "-") return {};
  auto bytes = from_hex(word);
  if (!bytes) throw BadCommand("not hexadecimal: " + word);
  return std::move(*bytes);
}

template <std::size_t N>
std::array<std::byte, N> array_of(const std::string& word) {
  const Bytes bytes = bytes_of(word);
  if (bytes.size() != N) throw BadCommand("of the wrong length: " + word);
  std::array<std::byte, N> array;
  std::copy(bytes.begin(), bytes.end(), array.begin());
  return array;
}

KeyPair key_pair_of(const std::string& word) {
  return KeyPair(SecretKey::copy_of(array_of<32>(word)));
}

Address address_of(const std::string& word) {
  const auto address = Address::parse(word);
  if (!address) throw BadCommand("no address: " + word);
  return *address;
}

std::vector<Address> addresses_of(const std::string& word) {
  std::vector<Address> addresses;
  std::istringstream words(word == "-" ? "" : word);
  for (std::string each; std::getline(words, each, ',');) addresses.push_back(address_of(each));
  return addresses;
}

json to_json(const std::vector<Address>& addresses) {
  json list = json::array();
  for (const Address& address : addresses) list.push_back(address.to_string());
  return list;
}

// --- the socket --------------------------------------------------------------------------------

class Loopback {
 public:
  Loopback() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0)) {
    sockaddr_in any = loopback(0);
    socklen_t length = sizeof any;
    if (bind(fd_, reinterpret_cast<sockaddr*>(&any), length) != 0 ||
        getsockname(fd_, reinterpret_cast<sockaddr*>(&any), &length) != 0) {
      throw std::runtime_error("cannot bind to 127.0.0.1");
    }
    port_ = ntohs(any.sin_port);
  }
  ~Loopback() { close(fd_); }
  Loopback(const Loopback&) = delete;
  Loopback& operator=(const Loopback&) = delete;

  int fd() const { return fd_; }
  std::uint16_t port() const { return port_; }

  // What an overfull socket does not take is lost, as it may be on any way.
  void send(const dht::Datagram& datagram) {
    if (datagram.to.ip[0] != std::byte{127}) return;  // whatever others say, this stays here
    sockaddr_in to = loopback(datagram.to.port);
    std::copy_n(datagram.to.ip.begin(), 4, reinterpret_cast<std::byte*>(&to.sin_addr));
    sendto(fd_, datagram.bytes.data(), datagram.bytes.size(), 0,
           reinterpret_cast<const sockaddr*>(&to), sizeof to);
  }

  std::optional<std::pair<Address, ByteView>> receive() {
    sockaddr_in from{};
    socklen_t length = sizeof from;
    const ssize_t size = recvfrom(fd_, buffer_.data(), buffer_.size(), 0,
                                  reinterpret_cast<sockaddr*>(&from), &length);
    if (size < 0) return std::nullopt;
    Address source = Address::v4(0, 0, 0, 0, ntohs(from.sin_port));
    std::copy_n(reinterpret_cast<const std::byte*>(&from.sin_addr), 4, source.ip.begin());
    return std::pair(source, ByteView(buffer_).first(static_cast<std::size_t>(size)));
  }

 private:
  static sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(port);
    return address;
  }

  int fd_;
  std::uint16_t port_ = 0;
  std::array<std::byte, 65536> buffer_;
};

// --- commands and what comes of them -----------------------------------------------------------

dht::Config config_of(bool serve, std::vector<Address> bootstrap) {
  dht::Config config;
  config.scope = dht::Scope::local;
  config.reachable = serve;
  config.bootstrap = std::move(bootstrap);
  // All hosts of a test are of one network, and share what it may be sent unproven.
  config.unverified_bytes_per_prefix = config.unverified_bytes_in_all;
  return config;
}

class Peer {
 public:
  Peer(bool serve, std::vector<Address> bootstrap)
      : random_(fresh_random()),
        node_(now(), config_of(serve, std::move(bootstrap)), random_.fork("node")) {}

  // Until standard input ends.
  void run() {
    say({{"event", "listening"}, {"address", "127.0.0.1:" + std::to_string(socket_.port())}});
    while (!ended_ || busy_) {
      wait();
      while (const auto datagram = socket_.receive()) {
        node_.handle_datagram(now(), datagram->first, datagram->second);
      }
      if (node_.next_wakeup() <= now()) node_.on_wakeup(now());
      if (!busy_) next_command();
      while (const auto datagram = node_.poll_transmit()) socket_.send(*datagram);
      while (const auto event = node_.poll_event()) {
        std::visit([this](const auto& e) { report(e); }, *event);
      }
    }
  }

 private:
  struct Reading {
    DeviceId name;
    SecretKey sealing;
  };

  void wait() {
    const auto due = std::chrono::ceil<std::chrono::milliseconds>(node_.next_wakeup() - now());
    const auto timeout = std::clamp<std::int64_t>(due.count(), 0, 1000);
    pollfd files[] = {{socket_.fd(), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    poll(files, ended_ ? 1 : 2, lines_.empty() || busy_ ? static_cast<int>(timeout) : 0);
    if (ended_ || files[1].revents == 0) return;
    std::array<char, 4096> piece;
    const ssize_t size = read(STDIN_FILENO, piece.data(), piece.size());
    if (size <= 0) {
      ended_ = true;
    } else {
      lines_.append(piece.data(), static_cast<std::size_t>(size));
    }
  }

  void next_command() {
    const std::size_t end = lines_.find('\n');
    if (end == std::string::npos) return;
    std::istringstream line(lines_.substr(0, end));
    lines_.erase(0, end + 1);
    std::vector<std::string> words;
    for (std::string word; line >> word;) words.push_back(word);
    words.resize(8);
    if (words[0] == "count-kept")
      return say({{"event", "kept"}, {"items", node_.storage().size()}});
    if (!start(words)) throw BadCommand("refused: " + line.str());
    busy_ = true;
  }

  Result<void> start(const std::vector<std::string>& words) {
    const std::string& name = words[0];
    reading_.reset();
    ++request_.value;
    if (name == "put-immutable") return put(dht::ImmutableItem{value_of(words[1])});
    if (name == "put-mutable") {
      const auto item = dht::sign_item(key_pair_of(words[1]), bytes_of(words[2]),
                                       std::stoll(words[3]), value_of(words[4]));
      std::optional<std::int64_t> cas;
      if (!words[5].empty()) cas = std::stoll(words[5]);
      return put(item, cas);
    }
    if (name == "publish-pkarr") return publish(words);
    if (name == "get-immutable") {
      return node_.get(now(), request_, dht::ImmutableKey{{array_of<20>(words[1])}});
    }
    if (name == "get-mutable") {
      const DeviceId key{array_of<32>(words[1])};
      return node_.get(now(), request_, dht::MutableKey{key, bytes_of(words[2])});
    }
    if (name == "resolve-pkarr") {
      const DeviceId key{array_of<32>(words[1])};
      reading_ = Reading{key, pkarr::sealing_key(bytes_of(words[2]))};
      return node_.get(now(), request_, dht::MutableKey{key, {}});
    }
    throw BadCommand("no command: " + name);
  }

  static Bytes value_of(const std::string& word) { return dht::string_value(bytes_of(word)); }

  Result<void> put(const dht::Item& item, std::optional<std::int64_t> cas = std::nullopt) {
    const auto* plain = std::get_if<dht::ImmutableItem>(&item);
    const auto* by_key = std::get_if<dht::MutableItem>(&item);
    target_ = plain != nullptr ? dht::immutable_target(plain->value)
                               : dht::mutable_target(by_key->key, by_key->salt);
    return node_.put(now(), request_, item, cas);
  }

  Result<void> publish(const std::vector<std::string>& words) {
    const KeyPair key = key_pair_of(words[1]);
    pkarr::Presence presence;
    presence.relay = words[4] == "-" ? "" : words[4];
    presence.addresses = addresses_of(words[5]);
    presence.open_addresses = addresses_of(words[6]);
    const Bytes packet =
        pkarr::write(key.id(), presence, pkarr::sealing_key(bytes_of(words[3])), random_);
    const Bytes value = dht::string_value(packet);
    return put(dht::sign_item(key, {}, std::stoll(words[2]), value));
  }

  void report(const dht::PutDone& done) {
    json refused = json::object();
    for (const auto& each : done.refused) refused[std::to_string(each.error)] = each.nodes;
    say({{"event", "put"},
         {"target", target_.to_hex()},
         {"stored", done.stored},
         {"refused", refused},
         {"newer", done.newer ? json(done.newer->seq) : json()}});
    busy_ = false;
  }
  void report(const dht::GetDone& done) {
    busy_ = false;
    if (!done.item) return say({{"event", "got"}, {"value", nullptr}, {"seq", nullptr}});
    const auto* by_key = std::get_if<dht::MutableItem>(&*done.item);
    const auto value = dht::string_in(
        by_key != nullptr ? by_key->value : std::get<dht::ImmutableItem>(*done.item).value);
    const json seq = by_key != nullptr ? json(by_key->seq) : json();
    if (!reading_ || !value) {
      return say(
          {{"event", "got"}, {"value", value ? json(to_hex(*value)) : json()}, {"seq", seq}});
    }
    const auto presence = pkarr::read(reading_->name, *value, &reading_->sealing);
    if (!presence) {
      return say({{"event", "refused"}, {"reason", pkarr::to_string(presence.error())}});
    }
    say({{"event", "resolved"},
         {"addresses", to_json(presence->addresses)},
         {"open_addresses", to_json(presence->open_addresses)},
         {"relay", presence->relay},
         {"seq", seq}});
  }
  void report(const dht::Bootstrapped& done) { say({{"event", "ready"}, {"nodes", done.nodes}}); }
  void report(const dht::Lonely&) { say({{"event", "ready"}, {"nodes", 0}}); }
  template <class Other>
  void report(const Other&) {}

  RandomSource random_;
  Loopback socket_;
  dht::DhtNode node_;
  std::string lines_;
  bool ended_ = false;
  bool busy_ = false;
  RequestId request_{};
  dht::NodeId target_;
  std::optional<Reading> reading_;
};

}  // namespace

int main(int count, char** words) {
  alarm(kLongestLifeSeconds);
  try {
    const std::vector<std::string> arguments(words + 1, words + count);
    if (arguments.empty() || (arguments[0] != "serve" && arguments[0] != "use")) {
      throw BadCommand("usage: dht_peer serve|use [BOOTSTRAP...]");
    }
    std::vector<Address> bootstrap;
    for (std::size_t i = 1; i < arguments.size(); ++i) {
      bootstrap.push_back(address_of(arguments[i]));
    }
    Peer(arguments[0] == "serve", std::move(bootstrap)).run();
  } catch (const std::exception& error) {
    std::cerr << "dht_peer: " << error.what() << "\n";
    return 1;
  }
}
