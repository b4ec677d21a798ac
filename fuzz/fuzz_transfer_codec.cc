// Control messages of kith/transfer/1, and the manifest their parts make: what reads must write and
// read the same again, and a manifest that was accepted is one that both sides cut alike.

#include "engine/base/check.h"
#include "engine/transfer/chunks.h"
#include "engine/transfer/codec.h"
#include "engine/transfer/limits.h"
#include "engine/transfer/manifest.h"
#include "engine/transfer/names.h"
#include "engine/wire/frame.h"

namespace kith::transfer {
namespace {

void check_round_trip(const Message& message) {
  wire::FrameReader reader(64 * kMaxFrameBytes);
  reader.push(make_message(message));
  const auto again = parse_message(reader.pop().value());
  KITH_CHECK(again && *again == message);
}

void check_manifest(const ManifestPart& part) {
  Manifest manifest;
  for (const auto& entry : part.entries) (void)manifest.add(entry);
  std::uint64_t bytes = 0;
  for (std::uint32_t i = 0; i < manifest.entries().size(); ++i) {
    const auto path = manifest.path(i);
    KITH_CHECK(!path.empty() && path.front() != '/' && path.size() <= kMaxPathBytes);
    KITH_CHECK(!check_name(manifest.entries()[i].name));
    bytes += manifest.entries()[i].size_bytes;
  }
  KITH_CHECK(bytes == manifest.bytes() && bytes <= kMaxTransferBytes);
  const ChunkLayout layout(manifest);
  for (const std::uint32_t chunk : {0u, layout.count() / 2, layout.count() - 1}) {
    if (chunk >= layout.count()) continue;
    const auto pieces = layout.pieces(chunk);
    KITH_CHECK(pieces.back().offset + pieces.back().length == layout.length(chunk));
    KITH_CHECK(layout.length(chunk) <= kChunkBytes && pieces.size() <= kMaxPiecesPerChunk);
  }
}

}  // namespace
}  // namespace kith::transfer

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kith;
  // As a frame arrives: at an address that is aligned.
  const Bytes frame = to_bytes(std::as_bytes(std::span(data, size)));
  const auto message = transfer::parse_message(frame);
  if (!message) return 0;
  transfer::check_round_trip(*message);
  if (const auto* part = std::get_if<transfer::ManifestPart>(&*message)) {
    transfer::check_manifest(*part);
  }
  return 0;
}
