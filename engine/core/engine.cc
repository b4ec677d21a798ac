#include "kith/engine.h"

#include <algorithm>

#include "engine/base/check.h"
#include "engine/core/core.h"
#include "engine/crypto/blake3.h"
#include "engine/words/bip39.h"

namespace kith {

Result<Engine> Engine::make(const Config& config, const MasterKey& key,
                            const RestoredState& restored, const Seed& seed, Instant now,
                            std::int64_t unix_ms) {
  auto core = std::make_unique<Core>(config, key, restored, seed, now, unix_ms);
  if (!core->registered()) return tl::unexpected(core->registered().error());
  return Engine(std::move(core));
}

Engine::Engine(const Config& config, const MasterKey& key, const RestoredState& restored,
               const Seed& seed, Instant now, std::int64_t unix_ms)
    : core_(std::make_unique<Core>(config, key, restored, seed, now, unix_ms)) {
  KITH_CHECK_MSG(core_->registered().has_value(), "the application's protocols: {}",
                 core_->registered().error().message);
}
Engine::Engine(std::unique_ptr<Core> core) : core_(std::move(core)) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;
Engine& Engine::operator=(Engine&&) noexcept = default;

void Engine::handle(Instant now, const Input& input) { core_->handle(now, input); }
std::optional<Output> Engine::poll_output() { return core_->poll_output(); }
std::optional<Transmit> Engine::poll_datagrams(Instant now, SocketId socket,
                                               std::span<std::byte> out, std::size_t max_segments) {
  return core_->poll_datagrams(now, socket, out, max_segments);
}
std::optional<Wakeup> Engine::next_wakeup() const { return core_->next_wakeup(); }
DeviceId Engine::id() const { return core_->id(); }
std::vector<DeviceSummary> Engine::devices() const { return core_->devices(); }
std::map<std::string_view, std::uint64_t> Engine::counters() const { return core_->counters(); }
void Engine::check_invariants() const { core_->check_invariants(); }

DeviceId device_id_of(const MasterKey& key) { return Identity(SecretKey::copy_of(key.bytes)).id(); }

Result<std::array<std::byte, 16>> parse_pairing_words(std::string_view words) {
  const auto entropy = words::to_entropy(words, words::kPairingWords);
  if (!entropy) return tl::unexpected(words::to_error(entropy.error()));
  std::array<std::byte, 16> code{};
  std::copy(entropy->view().begin(), entropy->view().end(), code.begin());
  return code;
}

ComputeCompleted run_compute(const Compute& job) {
  ComputeCompleted completed{job.id, {}};
  completed.hashes.reserve(job.pieces.size());
  for (const HashPiece& piece : job.pieces) {
    completed.hashes.push_back(hash_piece(job.data.view().subspan(piece.offset, piece.length),
                                          piece.piece_index, piece.whole_file));
  }
  return completed;
}

std::string_view to_string(DeviceState state) {
  switch (state) {
    case DeviceState::discovered:
      return "discovered";
    case DeviceState::pairing:
      return "pairing";
    case DeviceState::provisional:
      return "provisional";
    case DeviceState::paired:
      return "paired";
    case DeviceState::connected:
      return "connected";
    case DeviceState::disconnected:
      return "disconnected";
    case DeviceState::blocked:
      return "blocked";
  }
  return "unknown";
}

std::string_view to_string(AddressSource source) {
  switch (source) {
    case AddressSource::manual:
      return "manual";
    case AddressSource::mdns:
      return "mdns";
    case AddressSource::dht:
      return "dht";
    case AddressSource::connection:
      return "connection";
  }
  return "unknown";
}

}  // namespace kith
