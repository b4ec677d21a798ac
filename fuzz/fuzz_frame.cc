// A stream of frames cut at places the input chooses: the cuts must not matter.

#include <vector>

#include "engine/base/check.h"
#include "engine/wire/frame.h"

namespace {

constexpr std::size_t kLimit = 64;

std::vector<kith::Bytes> read_all(kith::ByteView stream, std::size_t cut) {
  kith::wire::FrameReader reader(kLimit);
  std::vector<kith::Bytes> frames;
  for (std::size_t at = 0; at < stream.size(); at += cut) {
    reader.push(stream.subspan(at, std::min(cut, stream.size() - at)));
    while (auto frame = reader.pop()) frames.push_back(std::move(*frame));
  }
  KITH_CHECK(reader.pending_bytes() <= kLimit + kith::wire::kFrameHeaderBytes);
  return frames;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const kith::ByteView stream = std::as_bytes(std::span(data + 1, size - 1));
  KITH_CHECK(read_all(stream, std::size_t{1} + data[0]) == read_all(stream, 1));
  return 0;
}
