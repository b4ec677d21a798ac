#pragma once

// Pure jobs that are too slow for the engine's own thread. A driver runs `run_compute` on a pool;
// the simulator runs it at once and draws the delay of its completion. Jobs complete in any order.

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kith/bytes.h"
#include "kith/ids.h"

namespace kith {

// One piece of one file inside a chunk: an aligned run of at most 1 MiB.
struct HashPiece {
  std::uint64_t piece_index = 0;  // the piece covers [piece_index * 1 MiB, + length) of its file
  std::uint32_t offset = 0;       // where the piece lies in `data`
  std::uint32_t length = 0;
  bool whole_file = false;  // the file has no other piece: the result is the file's BLAKE3 digest
};

// One job: the pieces to hash and the bytes they lie in. -> ComputeCompleted
struct Compute {
  ComputeId id;
  SharedBytes data;
  std::vector<HashPiece> pieces;
};

// For each piece its BLAKE3 chaining value, or the file's digest where `whole_file` is set.
struct ComputeCompleted {
  ComputeId id;
  std::vector<std::array<std::byte, 32>> hashes;
};

// Does the job. Takes milliseconds; may run in any thread.
ComputeCompleted run_compute(const Compute& job);

}  // namespace kith
