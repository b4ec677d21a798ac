#include "engine/transfer/codec.h"

#include <flatbuffers/flatbuffers.h>

#include <algorithm>
#include <optional>

#include "engine/transfer/limits.h"
#include "engine/wire/frame.h"
#include "generated/transfer_generated.h"

namespace kith::transfer {
namespace {

using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using Parsed = Result<Message, CodecFault>;

Parsed bad_field() { return tl::unexpected(CodecFault::bad_field); }

std::string to_string(const flatbuffers::Vector<std::uint8_t>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

auto put_bytes(FlatBufferBuilder& builder, std::string_view text) {
  return builder.CreateVector(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
}

// --- parsing ------------------------------------------------------------------------------------

Parsed parse(const fbs::TransferOffer& wire) {
  Offer offer;
  if (wire.transfer()->size() != offer.transfer.bytes.size()) return bad_field();
  std::transform(wire.transfer()->begin(), wire.transfer()->end(), offer.transfer.bytes.begin(),
                 [](std::uint8_t value) { return std::byte{value}; });
  if (wire.destination() != nullptr) {
    if (wire.destination()->size() > kMaxDestinationBytes) return bad_field();
    for (const auto* name : *wire.destination()) {
      offer.destination.push_back(to_string(*name->bytes()));
    }
  }
  offer.entries = wire.entries();
  offer.files = wire.files();
  offer.bytes = wire.bytes();
  offer.skipped = wire.skipped();
  return offer;
}

Parsed parse(const fbs::TransferManifestPart& wire) {
  ManifestPart part;
  const auto count = wire.entries()->size();
  if (count == 0 || count > kMaxEntriesPerPart) return bad_field();
  part.entries.reserve(count);
  for (const auto* entry : *wire.entries()) {
    // Many entries may refer to one long name: what is copied is bounded before it is copied.
    if (entry->name()->size() > kMaxNameBytes) return bad_field();
    part.entries.push_back({.parent = entry->parent(),
                            .directory = entry->directory(),
                            .mode = entry->mode(),
                            .name = to_string(*entry->name()),
                            .size_bytes = entry->size(),
                            .modified_ns = entry->modified_ns()});
  }
  return part;
}

Parsed parse(const fbs::TransferFileHashes& wire) {
  FileHashes hashes;
  if (wire.hashes()->size() == 0) return bad_field();
  hashes.hashes.resize(wire.hashes()->size());
  for (flatbuffers::uoffset_t i = 0; i < wire.hashes()->size(); ++i) {
    const auto* hash = wire.hashes()->Get(i);
    hashes.hashes[i].entry = hash->entry();
    std::transform(hash->digest()->begin(), hash->digest()->end(),
                   hashes.hashes[i].digest.bytes.begin(),
                   [](std::uint8_t value) { return std::byte{value}; });
  }
  return hashes;
}

Parsed parse(const fbs::TransferFileFailed& wire) {
  return FileFailed{wire.entry(), code_from_wire(static_cast<std::uint64_t>(wire.code()))};
}

Parsed parse(const fbs::TransferAccept& wire) {
  if (wire.have() != nullptr && wire.have()->size() > 0) return bad_field();
  Accept accept;
  if (wire.refused_items() != nullptr) {
    accept.refused_items.reserve(std::size_t{wire.refused_items()->size()} * 8);
    for (const std::uint8_t byte : *wire.refused_items()) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        accept.refused_items.push_back(((byte >> bit) & 1u) != 0);
      }
    }
  }
  return accept;
}

Parsed parse(const fbs::TransferDecline& wire) {
  return Decline{code_from_wire(static_cast<std::uint64_t>(wire.code()))};
}
Parsed parse(const fbs::TransferWritten& wire) { return Written{wire.bytes()}; }
Parsed parse(const fbs::TransferItemDone& wire) { return ItemDone{wire.item()}; }
Parsed parse(const fbs::TransferDone&) { return Done{}; }
Parsed parse(const fbs::TransferAbort& wire) {
  return Abort{code_from_wire(static_cast<std::uint64_t>(wire.code()))};
}

// --- building -----------------------------------------------------------------------------------

fbs::TransferCode put_code(ErrorCode code) {
  return static_cast<fbs::TransferCode>(wire_code(code));
}

auto put(FlatBufferBuilder& builder, const Offer& offer) {
  std::vector<Offset<fbs::TransferName>> names;
  for (const auto& name : offer.destination) {
    names.push_back(fbs::CreateTransferName(builder, put_bytes(builder, name)));
  }
  const auto destination = builder.CreateVector(names);
  const auto transfer = put_bytes(builder, as_text(ByteView(offer.transfer.bytes)));
  return fbs::CreateTransferOffer(builder, transfer, destination, offer.entries, offer.files,
                                  offer.bytes, offer.skipped);
}

auto put(FlatBufferBuilder& builder, const ManifestPart& part) {
  std::vector<Offset<fbs::TransferEntry>> entries;
  entries.reserve(part.entries.size());
  for (const auto& entry : part.entries) {
    const auto name = put_bytes(builder, entry.name);
    entries.push_back(fbs::CreateTransferEntry(builder, entry.parent, entry.directory, entry.mode,
                                               entry.size_bytes, entry.modified_ns, name));
  }
  return fbs::CreateTransferManifestPart(builder, builder.CreateVector(entries));
}

auto put(FlatBufferBuilder& builder, const FileHashes& hashes) {
  std::vector<fbs::TransferFileHash> wire;
  wire.reserve(hashes.hashes.size());
  for (const auto& hash : hashes.hashes) {
    std::array<std::uint8_t, 32> digest{};
    std::transform(hash.digest.bytes.begin(), hash.digest.bytes.end(), digest.begin(),
                   [](std::byte value) { return std::to_integer<std::uint8_t>(value); });
    wire.emplace_back(hash.entry, flatbuffers::span<const std::uint8_t, 32>(digest));
  }
  return fbs::CreateTransferFileHashes(builder, builder.CreateVectorOfStructs(wire));
}

auto put(FlatBufferBuilder& builder, const FileFailed& failed) {
  return fbs::CreateTransferFileFailed(builder, failed.entry, put_code(failed.code));
}

auto put(FlatBufferBuilder& builder, const Accept& accept) {
  std::vector<std::uint8_t> refused((accept.refused_items.size() + 7) / 8);
  for (std::size_t i = 0; i < accept.refused_items.size(); ++i) {
    if (accept.refused_items[i]) {
      refused[i / 8] = static_cast<std::uint8_t>(refused[i / 8] | (1u << (i % 8)));
    }
  }
  return fbs::CreateTransferAccept(builder, builder.CreateVector(refused));
}

auto put(FlatBufferBuilder& builder, const Decline& decline) {
  return fbs::CreateTransferDecline(builder, put_code(decline.code));
}
auto put(FlatBufferBuilder& builder, const Written& written) {
  return fbs::CreateTransferWritten(builder, written.bytes);
}
auto put(FlatBufferBuilder& builder, const ItemDone& done) {
  return fbs::CreateTransferItemDone(builder, done.item);
}
auto put(FlatBufferBuilder& builder, const Done&) { return fbs::CreateTransferDone(builder); }
auto put(FlatBufferBuilder& builder, const Abort& abort) {
  return fbs::CreateTransferAbort(builder, put_code(abort.code));
}

// The union's number of a message is its place in the variant, counted from 1.
static_assert(static_cast<std::size_t>(fbs::TransferBody::MAX) == std::variant_size_v<Message>);

}  // namespace

Result<Message, CodecFault> parse_message(ByteView frame) {
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(frame.data()), frame.size());
  if (frame.size() < 8 || !fbs::VerifyTransferMessageBuffer(verifier)) {
    return tl::unexpected(CodecFault::not_a_message);
  }
  const auto& message = *fbs::GetTransferMessage(frame.data());
  switch (message.body_type()) {
    case fbs::TransferBody::TransferOffer:
      return parse(*message.body_as_TransferOffer());
    case fbs::TransferBody::TransferManifestPart:
      return parse(*message.body_as_TransferManifestPart());
    case fbs::TransferBody::TransferFileHashes:
      return parse(*message.body_as_TransferFileHashes());
    case fbs::TransferBody::TransferFileFailed:
      return parse(*message.body_as_TransferFileFailed());
    case fbs::TransferBody::TransferAccept:
      return parse(*message.body_as_TransferAccept());
    case fbs::TransferBody::TransferDecline:
      return parse(*message.body_as_TransferDecline());
    case fbs::TransferBody::TransferWritten:
      return parse(*message.body_as_TransferWritten());
    case fbs::TransferBody::TransferItemDone:
      return parse(*message.body_as_TransferItemDone());
    case fbs::TransferBody::TransferDone:
      return parse(*message.body_as_TransferDone());
    case fbs::TransferBody::TransferAbort:
      return parse(*message.body_as_TransferAbort());
    case fbs::TransferBody::NONE:
      break;
  }
  return tl::unexpected(CodecFault::not_a_message);
}

Bytes make_message(const Message& message) {
  FlatBufferBuilder builder;
  const auto body = std::visit(
      [&](const auto& alternative) { return put(builder, alternative).Union(); }, message);
  const auto type = static_cast<fbs::TransferBody>(message.index() + 1);
  fbs::FinishTransferMessageBuffer(builder, fbs::CreateTransferMessage(builder, type, body));
  return wire::make_frame(builder);
}

// A table with its offsets, alignment and, at worst, a vtable of its own.
std::size_t encoded_size(const ManifestEntry& entry) { return 72 + entry.name.size(); }

std::uint8_t wire_code(ErrorCode code) {
  using Wire = fbs::TransferCode;
  const auto number = [&] {
    switch (code) {
      case ErrorCode::cancelled:
        return Wire::Cancelled;
      case ErrorCode::refused:
        return Wire::Refused;
      case ErrorCode::no_space:
        return Wire::NoSpace;
      case ErrorCode::io_error:
        return Wire::IoError;
      case ErrorCode::permission_denied:
        return Wire::PermissionDenied;
      case ErrorCode::already_exists:
        return Wire::AlreadyExists;
      case ErrorCode::not_found:
        return Wire::NotFound;
      case ErrorCode::source_changed:
        return Wire::SourceChanged;
      case ErrorCode::corrupt:
        return Wire::Corrupt;
      case ErrorCode::limit_exceeded:
        return Wire::LimitExceeded;
      case ErrorCode::timed_out:
        return Wire::TimedOut;
      default:
        return Wire::Internal;
    }
  };
  return static_cast<std::uint8_t>(number());
}

ErrorCode code_from_wire(std::uint64_t number) {
  using Wire = fbs::TransferCode;
  if (number > static_cast<std::uint64_t>(Wire::MAX)) return ErrorCode::internal;
  switch (static_cast<Wire>(number)) {
    case Wire::Internal:
      return ErrorCode::internal;
    case Wire::Cancelled:
      return ErrorCode::cancelled;
    case Wire::Refused:
      return ErrorCode::refused;
    case Wire::NoSpace:
      return ErrorCode::no_space;
    case Wire::IoError:
      return ErrorCode::io_error;
    case Wire::PermissionDenied:
      return ErrorCode::permission_denied;
    case Wire::AlreadyExists:
      return ErrorCode::already_exists;
    case Wire::NotFound:
      return ErrorCode::not_found;
    case Wire::SourceChanged:
      return ErrorCode::source_changed;
    case Wire::Corrupt:
      return ErrorCode::corrupt;
    case Wire::LimitExceeded:
      return ErrorCode::limit_exceeded;
    case Wire::TimedOut:
      return ErrorCode::timed_out;
  }
  return ErrorCode::internal;
}

}  // namespace kith::transfer
