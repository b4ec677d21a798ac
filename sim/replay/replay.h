#pragma once

// Executes an engine again from a recording, without files or network, and holds it to what the
// recording says came of every step.
//
//   started, input: the hash must match before the engine is touched: the recording was altered if
//                   it does not
//   outputs, datagrams: the engine is polled as it was, then the hash must match: this engine does
//                   not do what the recorded one did, or the recording was altered

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "engine/crypto/blake3.h"
#include "engine/trace/recording.h"
#include "engine/trace/recording_reader.h"
#include "kith/engine.h"
#include "kith/time.h"

namespace kith::sim {

// The first step at which the run was another.
struct Divergence {
  std::uint64_t step = 0;  // records are counted from 1
  Duration at{};           // since the first
  std::string expected;
  std::string actual;
};

struct ReplayReport {
  std::string version;      // of the kith that recorded
  std::string device;       // its name
  std::uint64_t steps = 0;  // that were as recorded
  std::uint64_t inputs = 0;
  std::uint64_t outputs = 0;
  std::uint64_t bytes_sent = 0;  // in datagrams
  Duration span{};               // from the first step to the last
  Digest trace_hash;             // of those steps; equal to the recording's if nothing diverged
  std::optional<trace::RecordingEnd> end;  // absent: the end was not reached
  bool stopped = false;                    // before it, at `until`
  std::optional<Divergence> divergence;
  std::optional<trace::RecordingFault> fault;  // why nothing more could be read
};

// Looks into an engine that is about to end, or that runs where the replay does.
using EngineLook = std::function<void(const Engine& engine, Instant now)>;

// Steps that are more than `until` after the first are not looked at.
ReplayReport replay(trace::RecordingReader& recording, Duration until = Duration::max(),
                    EngineLook look = {});

}  // namespace kith::sim
