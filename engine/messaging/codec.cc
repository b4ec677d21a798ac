#include "engine/messaging/codec.h"

#include <algorithm>

#include "engine/base/text.h"
#include "engine/messaging/limits.h"
#include "engine/wire/frame.h"
#include "generated/messaging_generated.h"

namespace kith::messaging {
namespace {

using ByteVector = flatbuffers::Vector<std::uint8_t>;

ByteView view_of(const ByteVector* field) {
  if (field == nullptr) return {};
  return std::as_bytes(std::span(field->data(), field->size()));
}

bool copy_exactly(const ByteVector* field, std::array<std::byte, 16>& out) {
  const ByteView bytes = view_of(field);
  if (bytes.size() != out.size()) return false;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return true;
}

struct Encoder {
  flatbuffers::FlatBufferBuilder builder{};

  flatbuffers::Offset<ByteVector> vector_of(ByteView bytes) {
    return builder.CreateVector(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  Bytes finish(flatbuffers::Offset<fbs::MessagingMessage> message) {
    builder.Finish(message);
    return wire::make_frame(builder);
  }

  Bytes operator()(const Greeting& m) {
    const auto epoch = vector_of(m.epoch);
    return finish(fbs::CreateMessagingMessage(builder, fbs::MessagingKind::Greeting, epoch));
  }
  Bytes operator()(const Resume& m) {
    return finish(fbs::CreateMessagingMessage(builder, fbs::MessagingKind::Resume, 0, m.sequence));
  }
  Bytes operator()(const Envelope& m) {
    const auto id = vector_of(m.id.bytes);
    flatbuffers::Offset<ByteVector> correlation;
    if (m.correlation) correlation = vector_of(m.correlation->bytes);
    const auto body = vector_of(as_byte_view(m.body));
    return finish(fbs::CreateMessagingMessage(builder, fbs::MessagingKind::Envelope, 0, m.sequence,
                                              id, correlation, body));
  }
  Bytes operator()(const Stored& m) {
    return finish(fbs::CreateMessagingMessage(builder, fbs::MessagingKind::Stored, 0, m.sequence));
  }
};

std::optional<Message> envelope_of(const fbs::MessagingMessage& fields) {
  Envelope m;
  m.sequence = fields.sequence();
  if (m.sequence == 0 || !copy_exactly(fields.id(), m.id.bytes)) return std::nullopt;
  if (fields.correlation() != nullptr &&
      !copy_exactly(fields.correlation(), m.correlation.emplace().bytes)) {
    return std::nullopt;
  }
  const ByteView body = view_of(fields.body());
  if (body.size() > kMaxBodyBytes || !is_utf8(body)) return std::nullopt;
  m.body = as_text(body);
  return m;
}

}  // namespace

Bytes encode(const Message& message) { return std::visit(Encoder{}, message); }

std::optional<Message> decode(ByteView payload) {
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(payload.data()),
                                 payload.size());
  if (!fbs::VerifyMessagingMessageBuffer(verifier)) return std::nullopt;
  const auto& fields = *fbs::GetMessagingMessage(payload.data());
  switch (fields.kind()) {
    case fbs::MessagingKind::Greeting: {
      Greeting m;
      if (!copy_exactly(fields.epoch(), m.epoch)) return std::nullopt;
      return m;
    }
    case fbs::MessagingKind::Resume:
      return Resume{fields.sequence()};
    case fbs::MessagingKind::Envelope:
      return envelope_of(fields);
    case fbs::MessagingKind::Stored:
      return Stored{fields.sequence()};
  }
  return std::nullopt;
}

}  // namespace kith::messaging
