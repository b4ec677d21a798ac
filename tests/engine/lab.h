#pragma once

// Whole engines on a bench: each with a socket, a store in memory and a disk that only reads,
// joined by a network that takes 5 ms. The simulator in sim/ does this in earnest; here a test sees
// every byte.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "kith/engine.h"

namespace kith {

template <class T>
std::vector<T> events_of(const std::vector<Event>& events) {
  std::vector<T> found;
  for (const Event& event : events) {
    if (const auto* match = std::get_if<T>(&event)) found.push_back(*match);
  }
  return found;
}

class Lab;

class LabDevice {
 public:
  LabDevice(Lab& lab, std::uint8_t number);

  void command(const Command& command);
  // A new engine from what the store holds; the network forgets what was on its way.
  void restart();
  DeviceId id() const { return engine->id(); }
  DeviceState state_of(const LabDevice& other) const;

  Address address;
  RestoredState store;
  std::unique_ptr<Engine> engine;
  std::vector<Event> events;
  std::vector<Bytes> sent;  // every datagram
  bool confirms = true;     // the person's answer to a pairing

 private:
  friend class Lab;
  void make();
  void drain();
  void send_datagrams();
  StoreCompleted write(const StoreCommit& commit);

  Lab& lab_;
  std::uint8_t number_;
  std::uint8_t lives_ = 0;
};

// The entropy of the words a device shows.
std::array<std::byte, 16> code_shown_by(const LabDevice& device);

class Lab {
 public:
  explicit Lab(std::size_t devices, std::uint8_t seed = 1);

  LabDevice& operator[](std::size_t index) { return *devices_[index]; }

  // Runs until `done`, and at most `limit` of virtual time. Whether it was done.
  bool run_until(const std::function<bool()>& done, Duration limit = std::chrono::seconds(30));
  void run_for(Duration time) {
    run_until([] { return false; }, time);
  }

  void pair(std::size_t initiator, std::size_t joiner);

  // May change a datagram; false loses it.
  std::function<bool(const Address& from, const Address& to, Bytes& datagram)> on_wire;
  // False lets a store commit fail.
  std::function<bool(const StoreCommit& commit)> on_commit;

  Instant now{1'000'000'000};
  std::int64_t unix_ms = 1'800'000'000'000;
  std::uint8_t seed;
  Config config;

 private:
  friend class LabDevice;
  struct Flight {
    Instant arrives;
    Address from;
    Address to;
    Bytes datagram;
  };

  void transmit(const Address& from, const Address& to, ByteView datagram);
  void deliver(Flight flight);
  Instant next_time() const;

  std::vector<std::unique_ptr<LabDevice>> devices_;
  std::deque<Flight> flights_;
};

}  // namespace kith
