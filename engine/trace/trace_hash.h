#pragma once

// The BLAKE3 of the records of a run. Two runs with equal hashes did the same things, byte for
// byte and at the same instants; one flipped bit anywhere gives another hash.

#include <cstdint>

#include "engine/crypto/blake3.h"
#include "engine/trace/encoder.h"
#include "engine/trace/recorder.h"

namespace kith::trace {

class TraceHash {
 public:
  TraceHash() : recorder_(hashing_) {}

  Recorder& recorder() { return recorder_; }

  // Of every record so far; more may follow.
  Digest digest() {
    recorder_.flush();
    return hashing_.hasher.digest();
  }

  // How many bytes the records so far take.
  std::uint64_t bytes() {
    recorder_.flush();
    return hashing_.bytes;
  }

 private:
  struct Hashing : Sink {
    void append(ByteView piece) override {
      hasher.update(piece);
      bytes += piece.size();
    }
    Blake3Hasher hasher;
    std::uint64_t bytes = 0;
  };

  Hashing hashing_;
  Recorder recorder_;
};

}  // namespace kith::trace
