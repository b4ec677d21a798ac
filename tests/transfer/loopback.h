#pragma once

// Two transfer protocols, each with a disk, joined by streams in memory. One seed decides how the
// bytes of streams are cut, in which order completions of files and jobs come, and how time passes.
// The streams keep QUIC's promises and no others: windows, StreamReady in order, StreamWritable
// only after the mark was crossed.

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/base/random.h"
#include "engine/transfer/transfer.h"
#include "tests/transfer/memory_disk.h"

namespace kith::transfer {

RandomSource test_random(std::uint64_t seed);
// Reproducible content that compresses into nothing else.
Bytes test_content(std::uint64_t seed, std::size_t size);

class Loopback {
 public:
  static constexpr int kAlice = 0;
  static constexpr int kBob = 1;

  struct Device {
    DeviceId id;
    std::unique_ptr<TransferProtocol> protocol;
    MemoryDisk disk;
    std::vector<Event> events;
    std::deque<ProtocolOutput> file_ops;  // asked for and not yet completed
    std::deque<Compute> jobs;
    std::uint64_t ops_completed = 0;
    std::uint64_t fail_at_op = 0;  // counted from 1; 0 for never
    Error fail_with;

    template <class Kind>
    std::vector<Kind> all() const {
      std::vector<Kind> found;
      for (const auto& event : events) {
        if (const auto* kind = std::get_if<Kind>(&event)) found.push_back(*kind);
      }
      return found;
    }
  };

  explicit Loopback(std::uint64_t seed);

  Device& alice() { return devices_[kAlice]; }
  Device& bob() { return devices_[kBob]; }
  Device& device(int side) { return devices_[side]; }
  Instant now() const { return now_; }

  void command(int side, Command command);
  // Alice sends, Bob takes everything into /inbox.
  void share(std::vector<std::string> paths, std::string destination = "");

  // One thing happens; false if nothing can.
  bool step();
  // Until nothing happens any more; at most `steps` steps. Timers that only report are not waited
  // for once all transfers have ended.
  void run(std::uint64_t steps = 5'000'000);
  // Steps taken so far.
  std::uint64_t steps() const { return steps_; }

  void cut_connection();
  bool connected() const { return connected_; }
  // Time goes by and nothing else happens.
  void pass(Duration time) { now_ = now_ + time; }
  void fire_timers();
  bool dials_succeed = true;
  std::size_t max_cut = 64 * 1024;
  std::optional<int> slow_disk_of;  // its file effects complete only when nothing else can happen
  std::size_t max_queued = 0;       // most bytes one device ever had waiting in streams
  std::size_t max_held = 0;         // most bytes one device ever held of the other's window

  // Called after every effect on a disk.
  std::function<void(int side, const ProtocolOutput& effect, bool succeeded)> after_file_op;

  // Bytes received and not yet credited, over all streams of a device. Zero when all has ended.
  std::uint64_t uncredited(int side) const { return held_[side]; }

 private:
  // One direction of one stream.
  struct Flow {
    std::deque<std::byte> bytes;
    bool fin = false;
    bool fin_delivered = false;
    bool opened_at_reader = false;
    bool above_mark = false;
    bool dead = false;
    std::optional<std::uint64_t> reset;
    std::optional<std::uint64_t> stop;
    std::uint64_t uncredited = 0;
  };
  struct Key {
    int writer = 0;
    StreamId stream;
    friend auto operator<=>(const Key&, const Key&) = default;
  };
  struct Opening {
    int side = 0;
    OpenStream request;
  };
  struct Dialling {
    int side = 0;
    DialId dial;
  };

  void give(int side, const ProtocolInput& input);
  void drain(int side);
  void take(int side, ProtocolOutput output);
  bool deliver(const Key& key, Flow& flow);
  void deliver_bytes(const Key& key, Flow& flow);
  void complete_file_op(int side);
  void complete_job(int side);
  void answer_dial();
  void open_stream();
  ConnectionId connection_of(int side) const;

  Device devices_[2];
  RandomSource random_;
  Instant now_{1'000'000'000};
  std::uint64_t steps_ = 0;
  bool connected_ = false;
  std::uint64_t connections_ = 0;
  std::int64_t next_stream_[2][2] = {};  // by side and kind
  std::map<Key, Flow> flows_;
  std::deque<Opening> openings_;
  std::deque<Dialling> dials_;
  std::uint64_t held_[2] = {};
};

}  // namespace kith::transfer
