#pragma once

// The engine: one device as a pure function of its inputs.
//
//   driver                                     engine
//   ------ handle(now, input) ---------------->  changes state
//   <----- poll_output() until empty ----------  effects and events, in order
//   <----- poll_datagrams(now, writable socket)  encrypted packets, until empty
//   <----- next_wakeup() ----------------------  then sleeps until then or until an input comes
//
// It opens no socket or file, reads no clock, starts no thread. Every call that is not const can
// change state and is part of a recording, polls included. One engine is used by one thread at a
// time; engines share nothing.

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kith/event.h"
#include "kith/input.h"
#include "kith/output.h"
#include "kith/store.h"
#include "kith/time.h"

namespace kith {

// 32 bytes of randomness that everything the engine draws derives from.
using Seed = std::array<std::byte, 32>;

// What an engine is told once.
struct Config {
  // At most 64 bytes of printable UTF-8; longer is cut, the rest replaced.
  std::string device_name{};
  Duration pairing_code_lifetime = std::chrono::minutes(5);
  Duration connect_timeout = std::chrono::seconds(10);
  Duration idle_timeout = std::chrono::seconds(30);
  Duration keep_alive = std::chrono::seconds(10);
  std::vector<ApplicationProtocol> protocols{};  // the application's own; see kith/application.h
  Discovery discovery{};
};

// What makes this device itself. The id and the keys of records at rest derive from it.
struct MasterKey {
  std::array<std::byte, 32> bytes{};
};
// The id of the device that has this key.
DeviceId device_id_of(const MasterKey& key);

// One device.
class Engine {
 public:
  // Errors are in `config.protocols`: already_exists (an ALPN twice, or one of kith's own),
  // invalid_argument, limit_exceeded.
  static Result<Engine> make(const Config& config, const MasterKey& key,
                             const RestoredState& restored, const Seed& seed, Instant now,
                             std::int64_t unix_ms);
  // For a configuration that is known to be right.
  Engine(const Config& config, const MasterKey& key, const RestoredState& restored,
         const Seed& seed, Instant now, std::int64_t unix_ms);
  ~Engine();
  Engine(Engine&&) noexcept;
  Engine& operator=(Engine&&) noexcept;

  // Applies one input. Never fails on remote bytes. Outputs of the call before must be drained.
  void handle(Instant now, const Input& input);

  // The next effect or event of the last handle(); empty when drained.
  std::optional<Output> poll_output();

  // Fills `out` with datagrams for a writable socket: at most `max_segments` of equal size. `out`
  // holds at least 1,500 bytes. Empty when there is nothing to send on this socket now.
  std::optional<Transmit> poll_datagrams(Instant now, SocketId socket, std::span<std::byte> out,
                                         std::size_t max_segments);

  // When TimerFired is wanted, if nothing else comes before; asked for after every other call.
  std::optional<Wakeup> next_wakeup() const;

  DeviceId id() const;
  std::vector<DeviceSummary> devices() const;

  // How often each kind of remote garbage, refusal and limit was met, by reason.
  std::map<std::string_view, std::uint64_t> counters() const;

  // Aborts on a broken invariant of the engine's own state.
  void check_invariants() const;

 private:
  class Core;
  explicit Engine(std::unique_ptr<Core> core);
  std::unique_ptr<Core> core_;
};

// The entropy of twelve BIP39 words separated by white space, of any case. invalid_argument for a
// wrong count or an unknown word (the message names it), corrupt for a wrong checksum.
Result<std::array<std::byte, 16>> parse_pairing_words(std::string_view words);

}  // namespace kith
