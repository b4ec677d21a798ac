#include "engine/transfer/control.h"

#include "engine/transfer/limits.h"

namespace kith::transfer {

Control::Control(Effects& effects, ConnectionId connection, StreamId stream)
    : effects_(effects), connection_(connection), stream_(stream), reader_(kMaxFrameBytes) {}

std::size_t Control::send(const Message& message) {
  if (closed_) return 0;
  SharedBytes frame(make_message(message));
  const auto size = frame.size();
  effects_.emit(StreamWrite{connection_, stream_, std::move(frame), false});
  return size;
}

void Control::close() {
  if (closed_) return;
  closed_ = true;
  effects_.emit(StreamWrite{connection_, stream_, {}, true});
}

void Control::on_received(ByteView bytes) {
  if (!bytes.empty()) effects_.emit(StreamCredit{connection_, stream_, bytes.size()});
  if (!broken_) reader_.push(bytes);
}

std::optional<Result<Message, ControlFault>> Control::next() {
  if (broken_) return std::nullopt;
  const auto frame = reader_.pop();
  if (!frame) {
    if (!reader_.oversized()) return std::nullopt;
    broken_ = true;
    return tl::unexpected(ControlFault::oversized);
  }
  auto message = parse_message(*frame);
  if (message) return std::move(*message);
  broken_ = true;
  return tl::unexpected(ControlFault::malformed);
}

}  // namespace kith::transfer
