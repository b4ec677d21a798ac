#pragma once

// Devices that pair, with the people before them: whoever is told twelve words types them, whoever
// is asked says yes. Engines, disks and network are those of every simulation.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sim/world/world.h"

namespace kith::sim {

// What one device holds of another.
enum class Standing : std::uint8_t { nothing, provisional, paired };
std::string_view to_string(Standing standing);

struct SceneSpec {
  std::uint64_t seed = 1;
  std::size_t devices = 2;
  LinkSpec link;                   // between any two, both ways
  std::vector<Duration> deciding;  // how long the person of each device takes; absent: no time
};

class PairingScene final : private EventTarget, private Observer {
 public:
  static constexpr std::uint16_t kPort = 4433;

  explicit PairingScene(const SceneSpec& spec);

  World& world() { return world_; }
  Device& device(DeviceIndex index) { return world_.device(index); }
  void run_for(Duration duration) { world_.run_until(world_.now() + duration); }

  // Begins a pairing: the words of one are told to the other.
  void pair(DeviceIndex shows, DeviceIndex joins);
  // Until both have announced the pairing, or for as long as given.
  bool run_until_paired(DeviceIndex one, DeviceIndex other, Duration most);
  // The words shown last, and whoever is to be told them instead of the joiner.
  const std::array<std::byte, 16>& words() const { return words_; }
  void show_only(DeviceIndex shows);
  void join(DeviceIndex joins, const std::array<std::byte, 16>& words, const Address& at);

  // One sends the other a small file, as paired devices do. Whether it arrived.
  bool contact(DeviceIndex from, DeviceIndex to);

  Standing standing(DeviceIndex of, DeviceIndex peer);
  void restart(DeviceIndex index);

  // How often a device announced this, over all lives.
  std::uint64_t paired(DeviceIndex index) const;
  const std::vector<Error>& errors(DeviceIndex index) { return people_[index].errors; }
  // Why the last contact that a device began failed.
  const Error& contact_error(DeviceIndex index) { return people_[index].contact_error; }
  // Whether commits were under way when a device ended last.
  bool ended_amid_commits(DeviceIndex index) { return people_[index].ended_amid_commits; }
  std::uint64_t counter(DeviceIndex index, std::string_view name);

 private:
  struct Person {
    Duration deciding{};
    std::uint64_t paired = 0;
    std::vector<Error> errors;  // of pairings
    std::uint64_t arrived = 0;  // files, at the sender
    std::uint64_t lost = 0;
    Error contact_error;
    std::uint64_t commits = 0;  // begun and not completed
    bool ended_amid_commits = false;
    std::map<std::uint64_t, RequestId> asked;  // by the number of the question
  };

  void on_event(Instant now, std::uint64_t argument) override;
  void on_started(Device& device, Instant at) override;
  void on_stopped(Device& device, Instant at, Ending ending) override;
  void on_input(Device& device, Instant at, const Input& input) override;
  void on_output(Device& device, Instant at, const Output& output) override;
  void on_code(Device& device, const PairingCodeReady& code);

  World world_;
  std::vector<Person> people_;
  std::array<std::byte, 16> words_{};
  DeviceIndex shows_ = 0;
  std::optional<DeviceIndex> joins_;
  std::uint64_t requests_ = 0;
};

}  // namespace kith::sim
