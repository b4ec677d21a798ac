#include "sim/capsule/capsule.h"

#include <fmt/core.h>

#include <algorithm>

#include "engine/base/check.h"
#include "generated/capsule_generated.h"

namespace kith::sim {
namespace {

constexpr std::size_t kChecksumBytes = 8;
// The offset of the root table, then the identifier.
constexpr std::size_t kIdentifierEnd = 8;

std::array<std::byte, kChecksumBytes> checksum_of(ByteView buffer) {
  const Digest digest = blake3(buffer);
  std::array<std::byte, kChecksumBytes> checksum{};
  std::copy_n(digest.bytes.begin(), kChecksumBytes, checksum.begin());
  return checksum;
}

auto write_failure(flatbuffers::FlatBufferBuilder& builder, const Failure& failure) {
  const auto name = builder.CreateString(failure.name);
  const auto value = builder.CreateString(failure.value);
  return fbs::CreateCapsuleFailure(builder, static_cast<fbs::CapsuleFailureKind>(failure.kind),
                                   name, value, failure.at.ns);
}

std::optional<Failure> read_failure(const fbs::CapsuleFailure& table) {
  if (table.kind() > fbs::CapsuleFailureKind::MAX) return std::nullopt;
  return Failure{static_cast<Failure::Kind>(table.kind()), table.name()->str(),
                 table.value()->str(), Instant{table.at_ns()}};
}

std::optional<Digest> read_hash(const flatbuffers::Vector<std::uint8_t>& bytes) {
  Digest digest;
  if (bytes.size() != digest.bytes.size()) return std::nullopt;
  const auto view = std::as_bytes(std::span(bytes.data(), bytes.size()));
  std::copy(view.begin(), view.end(), digest.bytes.begin());
  return digest;
}

// Nothing for what no program of this version has written.
std::optional<Capsule> read_table(const fbs::Capsule& table) {
  Capsule capsule;
  capsule.commit = table.commit()->str();
  capsule.scenario = table.scenario()->str();
  capsule.seed = table.seed();
  capsule.document = table.document()->str();
  if (table.until_ns() < 0) return std::nullopt;
  capsule.until = Duration{table.until_ns()};
  capsule.events = table.events();
  if (table.trace_hash() != nullptr) {
    capsule.trace_hash = read_hash(*table.trace_hash());
    if (!capsule.trace_hash) return std::nullopt;
  }
  for (const fbs::CapsuleFailure* each : *table.failures()) {
    auto failure = read_failure(*each);
    if (!failure) return std::nullopt;
    capsule.failures.push_back(std::move(*failure));
  }
  if (capsule.failures.empty()) return std::nullopt;
  return capsule;
}

tl::unexpected<Error> refusal(std::string clause) {
  return failure(ErrorCode::corrupt, std::move(clause));
}

}  // namespace

Bytes encode_capsule(const Capsule& capsule) {
  KITH_CHECK(!capsule.failures.empty());
  flatbuffers::FlatBufferBuilder builder;
  const auto commit = builder.CreateString(capsule.commit);
  const auto scenario = builder.CreateString(capsule.scenario);
  const auto document = builder.CreateString(capsule.document);
  flatbuffers::Offset<flatbuffers::Vector<std::uint8_t>> hash;
  if (capsule.trace_hash) {
    hash = builder.CreateVector(
        reinterpret_cast<const std::uint8_t*>(capsule.trace_hash->bytes.data()),
        capsule.trace_hash->bytes.size());
  }
  std::vector<flatbuffers::Offset<fbs::CapsuleFailure>> failures;
  for (const Failure& each : capsule.failures) failures.push_back(write_failure(builder, each));
  const auto list = builder.CreateVector(failures);
  fbs::FinishCapsuleBuffer(
      builder, fbs::CreateCapsule(builder, kCapsuleVersion, commit, scenario, capsule.seed,
                                  document, capsule.until.count(), capsule.events, hash, list));
  const auto buffer = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  Bytes file(buffer.begin(), buffer.end());
  const auto checksum = checksum_of(buffer);
  file.insert(file.end(), checksum.begin(), checksum.end());
  return file;
}

bool looks_like_capsule(ByteView beginning) {
  return beginning.size() >= kIdentifierEnd && fbs::CapsuleBufferHasIdentifier(beginning.data());
}

Result<Capsule> decode_capsule(ByteView file) {
  if (file.size() < kIdentifierEnd + kChecksumBytes) return refusal("is too short for a capsule");
  if (!looks_like_capsule(file)) return refusal("is no capsule");
  const ByteView buffer = file.first(file.size() - kChecksumBytes);
  const auto checksum = checksum_of(buffer);
  const ByteView stored = file.last(kChecksumBytes);
  if (!std::equal(checksum.begin(), checksum.end(), stored.begin())) {
    return refusal("is damaged: its checksum is wrong");
  }
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(buffer.data()),
                                 buffer.size());
  if (!fbs::VerifyCapsuleBuffer(verifier)) return refusal("is damaged: it is no whole capsule");
  const fbs::Capsule& table = *fbs::GetCapsule(buffer.data());
  if (table.version() != kCapsuleVersion) {
    return refusal(fmt::format("is a capsule of version {}; this kith-sim reads version {}",
                               table.version(), kCapsuleVersion));
  }
  auto capsule = read_table(table);
  if (!capsule) return refusal("is damaged: what it says of the run cannot be");
  return std::move(*capsule);
}

}  // namespace kith::sim
