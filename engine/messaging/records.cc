#include "engine/messaging/records.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "generated/messaging_generated.h"

namespace kith::messaging {
namespace {

constexpr std::uint16_t kVersion = 1;
constexpr std::string_view kCounterName = "next";
constexpr std::size_t kNumberDigits = 16;

std::string prefix_of(Box box) { return box == Box::out ? "message/out/" : "message/in/"; }

std::string key_of(Box box, const DeviceId& device, std::string_view last) {
  return prefix_of(box) + device.to_hex() + "/" + std::string(last);
}

std::string name_of(std::uint64_t number) { return fmt::format("{:016x}", number); }

std::optional<std::uint64_t> number_of(std::string_view name) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number, 16);
  if (name.size() != kNumberDigits || error != std::errc() || end != name.data() + name.size()) {
    return std::nullopt;
  }
  return number;
}

using ByteVector = flatbuffers::Vector<std::uint8_t>;

flatbuffers::Offset<ByteVector> vector_of(flatbuffers::FlatBufferBuilder& builder, ByteView bytes) {
  return builder.CreateVector(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

Bytes finished(const flatbuffers::FlatBufferBuilder& builder) {
  return to_bytes(std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize())));
}

bool copy_exactly(const ByteVector& field, std::array<std::byte, 16>& out) {
  if (field.size() != out.size()) return false;
  std::transform(field.begin(), field.end(), out.begin(),
                 [](std::uint8_t b) { return std::byte{b}; });
  return true;
}

template <class Table>
const Table* verified_root(ByteView bytes) {
  flatbuffers::Verifier verifier(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  if (!verifier.VerifyBuffer<Table>(nullptr)) return nullptr;
  const auto* table = flatbuffers::GetRoot<Table>(bytes.data());
  return table->version() == kVersion ? table : nullptr;
}

bool read_counter(ByteView value, Counter& counter) {
  const auto* stored = verified_root<fbs::MessageCounterRecord>(value);
  if (stored == nullptr || !copy_exactly(*stored->epoch(), counter.epoch)) return false;
  counter.sequence = stored->sequence();
  counter.arrivals = stored->arrivals();
  return true;
}

bool read_message(ByteView value, StoredMessage& message) {
  const auto* stored = verified_root<fbs::MessageRecord>(value);
  if (stored == nullptr || !copy_exactly(*stored->id(), message.id.bytes)) return false;
  if (stored->correlation() != nullptr &&
      !copy_exactly(*stored->correlation(), message.correlation.emplace().bytes)) {
    return false;
  }
  message.body.assign(stored->body()->begin(), stored->body()->end());
  return true;
}

}  // namespace

StoreChange change_to(Box box, const DeviceId& device, const Counter& counter) {
  flatbuffers::FlatBufferBuilder builder;
  const auto epoch = vector_of(builder, counter.epoch);
  builder.Finish(fbs::CreateMessageCounterRecord(builder, kVersion, epoch, counter.sequence,
                                                 counter.arrivals));
  return {key_of(box, device, kCounterName), finished(builder)};
}

StoreChange change_to(Box box, const DeviceId& device, std::uint64_t number,
                      const StoredMessage& message) {
  flatbuffers::FlatBufferBuilder builder;
  const auto id = vector_of(builder, message.id.bytes);
  flatbuffers::Offset<ByteVector> correlation;
  if (message.correlation) correlation = vector_of(builder, message.correlation->bytes);
  const auto body = vector_of(builder, as_byte_view(message.body));
  builder.Finish(fbs::CreateMessageRecord(builder, kVersion, id, correlation, body));
  return {key_of(box, device, name_of(number)), finished(builder)};
}

StoreChange removal_of(Box box, const DeviceId& device, std::uint64_t number) {
  return {key_of(box, device, name_of(number)), std::nullopt};
}

StoreChange removal_of_counter(Box box, const DeviceId& device) {
  return {key_of(box, device, kCounterName), std::nullopt};
}

RestoredBoxes restore(Box box, const RestoredState& restored, std::size_t& unreadable) {
  constexpr std::size_t kIdDigits = 64;
  const std::string prefix = prefix_of(box);
  RestoredBoxes boxes;
  for (auto at = restored.lower_bound(prefix);
       at != restored.end() && at->first.starts_with(prefix); ++at) {
    const std::string_view rest = std::string_view(at->first).substr(prefix.size());
    const auto device = DeviceId::parse(rest.substr(0, kIdDigits));
    if (!device || rest.size() <= kIdDigits) {
      ++unreadable;
      continue;
    }
    const std::string_view name = rest.substr(kIdDigits + 1);
    RestoredBox& found = boxes[*device];
    if (name == kCounterName) {
      found.has_counter = read_counter(at->second, found.counter);
      if (!found.has_counter) ++unreadable;
      continue;
    }
    const auto number = number_of(name);
    StoredMessage message;
    if (number && read_message(at->second, message)) {
      found.messages.emplace(*number, std::move(message));
    } else {
      ++unreadable;
    }
  }
  return boxes;
}

}  // namespace kith::messaging
