#include "engine/pairing/messages.h"

#include <algorithm>

#include "engine/registry/device_record.h"
#include "engine/wire/frame.h"
#include "generated/pairing_generated.h"

namespace kith::pairing {
namespace {

using ByteVector = flatbuffers::Vector<std::uint8_t>;

ByteView view_of(const ByteVector* field) {
  if (field == nullptr) return {};
  return std::as_bytes(std::span(field->data(), field->size()));
}

template <std::size_t N>
bool copy_exactly(const ByteVector* field, std::array<std::byte, N>& out) {
  const ByteView bytes = view_of(field);
  if (bytes.size() != N) return false;
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return true;
}

flatbuffers::Offset<ByteVector> vector_of(flatbuffers::FlatBufferBuilder& builder, ByteView bytes) {
  return builder.CreateVector(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

Bytes finish(flatbuffers::FlatBufferBuilder& builder, fbs::PairingKind kind, ByteView share,
             ByteView tag, ByteView sealed) {
  const auto share_field = vector_of(builder, share);
  const auto tag_field = vector_of(builder, tag);
  const auto sealed_field = vector_of(builder, sealed);
  builder.Finish(fbs::CreatePairingMessage(builder, kind, share_field, tag_field, sealed_field));
  return wire::make_frame(builder);
}

struct Encoder {
  flatbuffers::FlatBufferBuilder builder{};

  Bytes operator()(const Share& m) {
    return finish(builder, fbs::PairingKind::Share, m.share, {}, {});
  }
  Bytes operator()(const Reply& m) {
    return finish(builder, fbs::PairingKind::Reply, m.share, m.tag, {});
  }
  Bytes operator()(const Confirm& m) {
    return finish(builder, fbs::PairingKind::Confirm, {}, m.tag, m.sealed_identity);
  }
  Bytes operator()(const Identify& m) {
    return finish(builder, fbs::PairingKind::Identity, {}, {}, m.sealed_identity);
  }
  Bytes operator()(const Commit& m) {
    return finish(builder, fbs::PairingKind::Commit, {}, m.tag, {});
  }
};

std::optional<Message> decode_fields(const fbs::PairingMessage& fields) {
  switch (fields.kind()) {
    case fbs::PairingKind::Share: {
      Share m;
      if (!copy_exactly(fields.share(), m.share)) return std::nullopt;
      return m;
    }
    case fbs::PairingKind::Reply: {
      Reply m;
      if (!copy_exactly(fields.share(), m.share) || !copy_exactly(fields.tag(), m.tag)) {
        return std::nullopt;
      }
      return m;
    }
    case fbs::PairingKind::Confirm: {
      Confirm m{{}, to_bytes(view_of(fields.sealed()))};
      if (!copy_exactly(fields.tag(), m.tag)) return std::nullopt;
      return m;
    }
    case fbs::PairingKind::Identity:
      return Identify{to_bytes(view_of(fields.sealed()))};
    case fbs::PairingKind::Commit: {
      Commit m;
      if (!copy_exactly(fields.tag(), m.tag)) return std::nullopt;
      return m;
    }
  }
  return std::nullopt;
}

template <class Table>
const Table* verified_root(ByteView bytes) {
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (!verifier.VerifyBuffer<Table>(nullptr)) return nullptr;
  return flatbuffers::GetRoot<Table>(bytes.data());
}

}  // namespace

Rejection rejection_of_code(std::uint64_t application_code) {
  constexpr auto kLast = static_cast<std::uint64_t>(Rejection::protocol);
  return application_code > kLast ? Rejection::protocol : static_cast<Rejection>(application_code);
}

Bytes encode(const Message& message) { return std::visit(Encoder{}, message); }

std::optional<Message> decode(ByteView frame) {
  const auto* fields = verified_root<fbs::PairingMessage>(frame);
  return fields == nullptr ? std::nullopt : decode_fields(*fields);
}

Bytes encode(const DeviceIntroduction& introduction) {
  flatbuffers::FlatBufferBuilder builder;
  const auto device = vector_of(builder, introduction.device.bytes);
  const auto name = builder.CreateString(introduction.name);
  const auto signature = vector_of(builder, introduction.signature);
  const auto visibility_key = vector_of(builder, introduction.visibility_key);
  builder.Finish(fbs::CreatePairingIdentity(builder, device, name, signature, visibility_key));
  return to_bytes(std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())));
}

std::optional<DeviceIntroduction> decode_introduction(ByteView bytes) {
  const auto* fields = verified_root<fbs::PairingIdentity>(bytes);
  DeviceIntroduction introduction;
  if (fields == nullptr || !copy_exactly(fields->device(), introduction.device.bytes) ||
      !copy_exactly(fields->signature(), introduction.signature) ||
      !copy_exactly(fields->visibility_key(), introduction.visibility_key) ||
      fields->name() == nullptr || fields->name()->size() > kMaxDeviceNameBytes) {
    return std::nullopt;
  }
  introduction.name = fields->name()->str();
  return introduction;
}

}  // namespace kith::pairing
