#include "engine/transfer/effects.h"

namespace kith::transfer {
namespace {

template <class Map>
std::optional<typename Map::mapped_type> take_from(Map& map, const typename Map::key_type& key) {
  const auto found = map.find(key);
  if (found == map.end()) return std::nullopt;
  auto value = std::move(found->second);
  map.erase(found);
  return value;
}

}  // namespace

void Effects::compute(MachineId machine, std::uint64_t subject, SharedBytes data,
                      std::vector<HashPiece> pieces) {
  const auto id = ids_.compute();
  compute_tickets_.emplace(id, std::pair(machine, subject));
  outputs_.emplace_back(Compute{id, std::move(data), std::move(pieces)});
}

DialId Effects::dial(MachineId machine, const DeviceId& device) {
  const auto id = ids_.dial();
  dials_.emplace(id, machine);
  outputs_.emplace_back(DialDevice{id, device});
  return id;
}

std::uint64_t Effects::open_stream(MachineId machine, ConnectionId connection, StreamKind kind) {
  const auto tag = ++next_tag_;
  stream_tags_.emplace(tag, machine);
  outputs_.emplace_back(OpenStream{connection, kind, tag});
  return tag;
}

std::optional<Ticket> Effects::take(FileOpId op) { return take_from(file_tickets_, op); }

std::optional<std::pair<MachineId, std::uint64_t>> Effects::take(ComputeId job) {
  return take_from(compute_tickets_, job);
}

std::optional<MachineId> Effects::take(DialId dial) { return take_from(dials_, dial); }

std::optional<MachineId> Effects::take_stream(std::uint64_t tag) {
  return take_from(stream_tags_, tag);
}

void Effects::forget(MachineId machine) {
  const auto of_machine = [&](const auto& item) { return item.second == machine; };
  std::erase_if(dials_, of_machine);
  std::erase_if(stream_tags_, of_machine);
}

std::optional<ProtocolOutput> Effects::poll() {
  if (outputs_.empty()) return std::nullopt;
  std::optional<ProtocolOutput> output(std::move(outputs_.front()));
  outputs_.pop_front();
  return output;
}

}  // namespace kith::transfer
