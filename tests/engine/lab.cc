#include "tests/engine/lab.h"

#include <algorithm>
#include <array>

namespace kith {
namespace {

constexpr Duration kDelay = std::chrono::milliseconds(5);
constexpr std::size_t kBufferBytes = 65536;

// Every path names one file of three bytes; nothing can be changed.
std::optional<FileCompleted> answer_of_disk(const Output& output) {
  const FileInfo info{FileType::regular, 3, 0644, 0};
  if (const auto* stat = std::get_if<FileStat>(&output)) return FileCompleted{stat->op, info};
  if (const auto* open = std::get_if<FileOpen>(&output)) return FileCompleted{open->op, info};
  if (const auto* read = std::get_if<FileRead>(&output)) {
    return FileCompleted{read->op, SharedBytes(Bytes(3, std::byte{'a'}))};
  }
  const auto refused = failure(ErrorCode::io_error, "this disk only reads");
  std::optional<FileCompleted> answer;
  std::visit(
      [&](const auto& effect) {
        if constexpr (requires { effect.path; }) answer = FileCompleted{effect.op, refused};
      },
      output);
  return answer;
}

}  // namespace

LabDevice::LabDevice(Lab& lab, std::uint8_t number)
    : address(Address::v4(192, 0, 2, number, 4000)), lab_(lab), number_(number) {
  make();
}

void LabDevice::make() {
  MasterKey key;
  key.bytes[0] = static_cast<std::byte>(number_);
  Seed seed{};
  seed[0] = static_cast<std::byte>(number_);
  seed[1] = static_cast<std::byte>(lives_);
  seed[2] = static_cast<std::byte>(lab_.seed);
  Config config = lab_.config;
  config.device_name = "device " + std::to_string(number_);
  engine = std::make_unique<Engine>(config, key, store, seed, lab_.now, lab_.unix_ms);
  command(Listen{RequestId{1}, address});
}

void LabDevice::restart() {
  ++lives_;
  make();
}

void LabDevice::command(const Command& command) {
  engine->handle(lab_.now, command);
  drain();
}

StoreCompleted LabDevice::write(const StoreCommit& commit) {
  if (lab_.on_commit && !lab_.on_commit(commit)) {
    return {commit.op, failure(ErrorCode::no_space, "the disk is full")};
  }
  for (const auto& change : commit.changes) {
    if (change.value) {
      store[change.key] = *change.value;
    } else {
      store.erase(change.key);
    }
  }
  return {commit.op, {}};
}

DeviceState LabDevice::state_of(const LabDevice& other) const {
  for (const auto& device : engine->devices()) {
    if (device.id == other.id()) return device.state;
  }
  return DeviceState::discovered;
}

void LabDevice::drain() {
  std::deque<Input> answers;
  const auto collect = [&] {
    while (auto output = engine->poll_output()) {
      if (const auto* open = std::get_if<OpenSocket>(&*output)) {
        answers.push_back(SocketOpened{open->socket, address});
      } else if (const auto* commit = std::get_if<StoreCommit>(&*output)) {
        answers.push_back(write(*commit));
      } else if (const auto* event = std::get_if<Event>(&*output)) {
        events.push_back(*event);
        if (const auto* ask = std::get_if<PairingConfirmationNeeded>(event)) {
          answers.push_back(Command{ConfirmPairing{ask->request, confirms}});
        }
      } else if (auto answer = answer_of_disk(*output)) {
        answers.push_back(std::move(*answer));
      }
    }
  };
  collect();
  while (!answers.empty()) {
    const Input answer = std::move(answers.front());
    answers.pop_front();
    engine->handle(lab_.now, answer);
    collect();
  }
  engine->check_invariants();
  send_datagrams();
}

void LabDevice::send_datagrams() {
  std::vector<std::byte> buffer(kBufferBytes);
  for (std::uint64_t socket = 1; socket <= 4; ++socket) {
    while (const auto transmit = engine->poll_datagrams(lab_.now, SocketId{socket}, buffer, 16)) {
      for (std::size_t at = 0; at < transmit->size; at += transmit->segment_size) {
        const std::size_t size = std::min(transmit->segment_size, transmit->size - at);
        lab_.transmit(address, transmit->remote, ByteView(buffer).subspan(at, size));
        sent.push_back(to_bytes(ByteView(buffer).subspan(at, size)));
      }
    }
  }
}

Lab::Lab(std::size_t devices, std::uint8_t lab_seed) : seed(lab_seed) {
  for (std::size_t i = 0; i < devices; ++i) {
    devices_.push_back(std::make_unique<LabDevice>(*this, static_cast<std::uint8_t>(i + 1)));
  }
}

void Lab::transmit(const Address& from, const Address& to, ByteView datagram) {
  Bytes copy = to_bytes(datagram);
  if (on_wire && !on_wire(from, to, copy)) return;
  flights_.push_back({now + kDelay, from, to, std::move(copy)});
}

void Lab::deliver(Flight flight) {
  for (const auto& device : devices_) {
    if (device->address != flight.to) continue;
    DatagramsReceived input;
    input.socket = SocketId{1};
    input.local = device->address;
    input.remote = flight.from;
    input.stride = flight.datagram.size();
    input.bytes = flight.datagram;
    device->engine->handle(now, input);
    device->drain();
  }
}

Instant Lab::next_time() const {
  Instant next = flights_.empty() ? Instant::never() : flights_.front().arrives;
  for (const auto& device : devices_) {
    if (const auto wakeup = device->engine->next_wakeup()) next = std::min(next, wakeup->at);
  }
  return next;
}

bool Lab::run_until(const std::function<bool()>& done, Duration limit) {
  const Instant end = now + limit;
  while (!done()) {
    const Instant next = std::max(now, next_time());
    if (next > end) {
      now = end;
      return done();
    }
    unix_ms += (next - now).count() / 1'000'000;
    now = next;
    if (!flights_.empty() && flights_.front().arrives <= now) {
      Flight flight = std::move(flights_.front());
      flights_.pop_front();
      deliver(std::move(flight));
      continue;
    }
    for (const auto& device : devices_) {
      const auto wakeup = device->engine->next_wakeup();
      if (!wakeup || wakeup->at > now) continue;
      device->engine->handle(now, TimerFired{});
      device->drain();
    }
  }
  return true;
}

std::array<std::byte, 16> code_shown_by(const LabDevice& device) {
  const auto code = events_of<PairingCodeReady>(device.events).back();
  std::string phrase;
  for (const auto& word : code.words) phrase += word + " ";
  return *parse_pairing_words(phrase);
}

void Lab::pair(std::size_t initiator, std::size_t joiner) {
  LabDevice& first = *devices_[initiator];
  LabDevice& second = *devices_[joiner];
  const std::size_t before = events_of<Paired>(second.events).size();
  first.command(StartPairing{RequestId{10}});
  second.command(JoinPairing{RequestId{11}, code_shown_by(first), {first.address}});
  run_until([&] { return events_of<Paired>(second.events).size() > before; });
  run_for(std::chrono::seconds(1));
}

}  // namespace kith
