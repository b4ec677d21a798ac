// Whatever is written on any number of streams, in whatever pieces, over whatever network, arrives
// exactly once and in order, and ends where the writer ended it.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/quic/pair.h"

namespace kith::quic::testing {
namespace {

// What the model knows of a stream: all that was written.
struct Model {
  Bytes written;
  bool fin = false;
};

void check_prefix(const Model& model, const StreamLog& log) {
  RC_ASSERT(log.received.size() <= model.written.size());
  RC_ASSERT(std::equal(log.received.begin(), log.received.end(), model.written.begin()));
  RC_ASSERT(!log.fin || (model.fin && log.received.size() == model.written.size()));
}

RC_GTEST_PROP(StreamModel, every_byte_arrives_exactly_once, ()) {
  Pair::Options options;
  options.seed = *rc::gen::arbitrary<std::uint8_t>();
  options.client.handshake_timeout = options.server.handshake_timeout = std::chrono::minutes(5);
  options.client.stream_window = options.server.stream_window =
      *rc::gen::element<std::uint64_t>(2'000, 50'000, 1 << 20);
  options.client.connection_window = options.server.connection_window =
      *rc::gen::element<std::uint64_t>(5'000, 100'000, 4 << 20);
  options.client.max_streams_bidi = options.server.max_streams_bidi = 3;
  Pair pair(options);
  const ConnectionId connection = pair.establish();
  pair.faults.lost = *rc::gen::inRange<std::uint32_t>(0, 250);
  pair.faults.duplicated = *rc::gen::inRange<std::uint32_t>(0, 250);
  pair.faults.reordered = *rc::gen::inRange<std::uint32_t>(0, 500);
  pair.faults.corrupted = *rc::gen::inRange<std::uint32_t>(0, 100);

  std::map<StreamId, Model> models;
  std::vector<StreamId> open;
  std::size_t seen = 0;
  const auto note_ready = [&] {
    for (; seen < pair.client.events.size(); ++seen) {
      if (const auto* ready = std::get_if<StreamReady>(&pair.client.events[seen])) {
        models[ready->stream];
        open.push_back(ready->stream);
      }
    }
  };
  const auto actions = *rc::gen::container<std::vector<std::pair<int, std::uint32_t>>>(
      rc::gen::pair(rc::gen::inRange(0, 10), rc::gen::arbitrary<std::uint32_t>()));
  for (const auto& [action, value] : actions) {
    note_ready();
    if (action == 0) {
      pair.client.endpoint.open_stream(connection, StreamKind::bidirectional, value);
    } else if (action <= 5 && !open.empty()) {
      const std::size_t which = value % open.size();
      const StreamId stream = open[which];
      const Bytes piece = pattern(value % 20'000, value);
      const bool fin = action == 5;
      pair.client.endpoint.write(connection, stream, SharedBytes(piece), fin);
      Model& model = models[stream];
      model.written.insert(model.written.end(), piece.begin(), piece.end());
      model.fin = fin;
      if (fin) {
        open.erase(open.begin() + static_cast<std::ptrdiff_t>(which));
        // The server's side ends too, or the limit would be reached for good.
        pair.server.endpoint.write(pair.accepted(), stream, SharedBytes(), true);
      }
    } else {
      pair.run_for(std::chrono::milliseconds(value % 100));
    }
    for (const auto& [stream, model] : models) check_prefix(model, pair.server.streams[stream]);
  }
  note_ready();
  for (const StreamId stream : open) {
    pair.client.endpoint.write(connection, stream, SharedBytes(), true);
    models[stream].fin = true;
  }
  const bool done = pair.run_until(
      [&] {
        for (const auto& [stream, model] : models) {
          if (!pair.server.streams[stream].fin) return false;
        }
        return true;
      },
      std::chrono::minutes(30));
  RC_ASSERT(done);
  for (const auto& [stream, model] : models) {
    RC_ASSERT(pair.server.streams[stream].received == model.written);
  }
}

}  // namespace
}  // namespace kith::quic::testing
