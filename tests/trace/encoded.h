#pragma once

// The canonical bytes of a value.

#include "engine/trace/encode.h"

namespace kith::trace {

struct Collecting : Sink {
  void append(ByteView piece) override { bytes.insert(bytes.end(), piece.begin(), piece.end()); }
  Bytes bytes;
};

template <class T>
Bytes encoded(const T& value) {
  Collecting sink;
  Encoder encoder(sink);
  encode(encoder, value);
  encoder.flush();
  return sink.bytes;
}

}  // namespace kith::trace
