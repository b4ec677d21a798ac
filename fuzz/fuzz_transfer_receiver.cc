// A whole receiving side against a peer that may write anything on its streams. The input is a
// sequence of records: stream (u8), length (u16, big-endian), bytes. Its disk and its pool say yes
// to everything.

#include <optional>
#include <span>

#include "engine/base/byte_reader.h"
#include "engine/base/check.h"
#include "engine/transfer/transfer.h"

namespace kith::transfer {
namespace {

constexpr ConnectionId kConnection{1};

class Victim {
 public:
  Victim() : protocol_(EffectIds(1), RandomSource({})) {
    give(Command(SetReceivePolicy{SetReceivePolicy::Accept::all, "/inbox"}));
    ConnectionOpened opened;
    opened.connection = kConnection;
    opened.paired = true;
    give(opened);
  }

  // Streams 0 and 4 are control streams; 2, 6, ... carry data. Bit 7 ends the stream.
  void receive(std::uint8_t selector, ByteView bytes) {
    const std::int64_t number = selector & 0x1f;
    const StreamId stream{number < 2 ? number * 4 : (number - 2) * 4 + 2};
    auto& state = streams_[stream];
    if (state.ended) return;
    if (!state.opened) {
      state.opened = true;
      give(StreamOpened{kConnection, stream,
                        number < 2 ? StreamKind::bidirectional : StreamKind::unidirectional});
    }
    state.held += bytes.size();
    state.ended = (selector & 0x80) != 0;
    give(StreamReceived{kConnection, stream, bytes, state.ended});
  }

  // Whatever came, the end of the connection ends everything.
  void close() {
    give(ConnectionClosed{kConnection, {}, 0, false});
    KITH_CHECK(protocol_.transfers_in_progress() == 0);
  }

 private:
  struct Stream {
    bool opened = false;
    bool ended = false;
    std::uint64_t held = 0;
  };

  void give(const ProtocolInput& input) {
    protocol_.handle(Instant{1}, input);
    for (;;) {
      const auto output = protocol_.poll_output();
      if (!output) break;
      take(*output);
    }
    protocol_.check_invariants();
    while (!answers_.empty()) {
      const auto answer = std::move(answers_.back());
      answers_.pop_back();
      give(answer);
    }
  }

  void take(const ProtocolOutput& output) {
    if (const auto* credit = std::get_if<StreamCredit>(&output)) {
      auto& held = streams_[credit->stream].held;
      KITH_CHECK(credit->bytes <= held);
      held -= credit->bytes;
    } else if (const auto* job = std::get_if<Compute>(&output)) {
      answers_.push_back(run_compute(*job));
    } else if (const auto* open = std::get_if<FileOpen>(&output)) {
      KITH_CHECK(open->mode == FileOpen::Mode::create);
      check_path(open->path);
      answers_.push_back(FileCompleted{open->op, FileOutcome(FileInfo{})});
    } else {
      std::visit(
          [&](const auto& effect) {
            if constexpr (requires {
                            effect.op;
                            effect.op == FileOpId{};
                          }) {
              if constexpr (requires { effect.path.relative; }) check_path(effect.path);
              answers_.push_back(FileCompleted{effect.op, FileOutcome(FileDone{})});
            }
          },
          output);
    }
  }

  static void check_path(const FilePath& path) {
    KITH_CHECK(path.base == "/inbox");
    const auto framed = "/" + path.relative + "/";
    KITH_CHECK(framed.find("/../") == framed.npos && framed.find("/./") == framed.npos);
    KITH_CHECK(path.relative.empty() || path.relative.front() != '/');
  }

  TransferProtocol protocol_;
  std::map<StreamId, Stream> streams_;
  std::vector<ProtocolInput> answers_;
};

}  // namespace
}  // namespace kith::transfer

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kith;
  transfer::Victim victim;
  ByteReader reader(std::as_bytes(std::span(data, size)));
  while (!reader.empty()) {
    const auto stream = reader.u8();
    const auto length = reader.u16();
    if (!length) break;
    const auto bytes = reader.bytes(std::min<std::size_t>(*length, reader.remaining()));
    victim.receive(*stream, *bytes);
  }
  victim.close();
  return 0;
}
