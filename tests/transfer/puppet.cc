#include "tests/transfer/puppet.h"

#include <utility>

#include "engine/base/check.h"
#include "engine/transfer/limits.h"
#include "engine/wire/frame.h"
#include "tests/transfer/loopback.h"

namespace kith::transfer {

Puppet::Puppet() : protocol(EffectIds(3), test_random(1)) {
  disk.add_directory("/inbox");
  disk.add_directory("/home");
}

void Puppet::connect(bool paired) {
  ConnectionOpened opened;
  opened.connection = kConnection;
  opened.peer.bytes[0] = std::byte{9};
  opened.paired = paired;
  give(opened);
}

void Puppet::open(StreamId stream) {
  const auto kind =
      (stream.value & 2) != 0 ? StreamKind::unidirectional : StreamKind::bidirectional;
  give(StreamOpened{kConnection, stream, kind});
}

void Puppet::receive(StreamId stream, Bytes bytes, bool fin) {
  uncredited_[stream] += bytes.size();
  give(StreamReceived{kConnection, stream, bytes, fin});
}

void Puppet::receive(StreamId stream, const Message& message) {
  receive(stream, make_message(message));
}

void Puppet::give(const ProtocolInput& input) {
  protocol.handle(now, input);
  settle();
}

void Puppet::settle() {
  for (;;) {
    while (auto output = protocol.poll_output()) take(std::move(*output));
    protocol.check_invariants();
    if (answers_.empty()) return;
    const auto answer = std::move(answers_.front());
    answers_.erase(answers_.begin());
    protocol.handle(now, answer);
  }
}

void Puppet::take(ProtocolOutput output) {
  if (auto* event = std::get_if<Event>(&output)) {
    events.push_back(std::move(*event));
  } else if (auto* write = std::get_if<StreamWrite>(&output)) {
    KITH_CHECK(!ended(write->stream));
    auto& bytes = written_[write->stream];
    bytes.insert(bytes.end(), write->data.view().begin(), write->data.view().end());
    if (write->fin) ended_[write->stream] = true;
  } else if (auto* credit = std::get_if<StreamCredit>(&output)) {
    auto& held = uncredited_[credit->stream];
    KITH_CHECK(credit->bytes > 0 && credit->bytes <= held);
    held -= credit->bytes;
  } else if (auto* reset = std::get_if<ResetStream>(&output)) {
    resets[reset->stream] = reset->code;
  } else if (auto* stop = std::get_if<StopStream>(&output)) {
    stops[stop->stream] = stop->code;
  } else if (auto* close = std::get_if<CloseConnection>(&output)) {
    closed.push_back(close->connection);
  } else if (auto* dial = std::get_if<DialDevice>(&output)) {
    ConnectionOpened opened;
    opened.connection = kConnection;
    opened.dial = dial->dial;
    opened.peer = dial->device;
    opened.paired = true;
    answers_.push_back(opened);
  } else if (auto* stream = std::get_if<OpenStream>(&output)) {
    if (hold_streams) return;
    const int kind = stream->kind == StreamKind::unidirectional ? 1 : 0;
    const StreamId id{4 * next_stream_[kind]++ + 2 * kind};
    answers_.push_back(StreamReady{kConnection, stream->tag, id});
  } else if (hold_effects) {
    return;
  } else if (auto* job = std::get_if<Compute>(&output)) {
    answers_.push_back(run_compute(*job));
  } else {
    std::visit(
        [&](const auto& request) {
          if constexpr (requires { disk.run(request); }) {
            disk.issued(request);
            answers_.push_back(FileCompleted{request.op, disk.run(request)});
          }
        },
        output);
  }
}

std::vector<Message> Puppet::messages(StreamId stream) const {
  std::vector<Message> messages;
  const auto found = written_.find(stream);
  if (found == written_.end()) return messages;
  wire::FrameReader reader(kMaxFrameBytes);
  reader.push(found->second);
  while (const auto frame = reader.pop()) messages.push_back(*parse_message(*frame));
  return messages;
}

std::optional<ErrorCode> Puppet::refusal(StreamId stream) const {
  for (const auto& message : messages(stream)) {
    if (const auto* abort = std::get_if<Abort>(&message)) return abort->code;
    if (const auto* decline = std::get_if<Decline>(&message)) return decline->code;
  }
  return std::nullopt;
}

std::uint64_t Puppet::counted(std::string_view reason) const {
  const auto found = protocol.counters().find(reason);
  return found == protocol.counters().end() ? 0 : found->second;
}

std::uint64_t Puppet::uncredited() const {
  std::uint64_t sum = 0;
  for (const auto& [stream, bytes] : uncredited_) sum += bytes;
  return sum;
}

}  // namespace kith::transfer
