#pragma once

// What happened in a run, for its page (page.h): collected by watching, in bounded memory however
// long the run and however many its devices. What does not fit is merged, by rules that depend on
// nothing but what happened, and the page says so.

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sim/report/curve.h"
#include "sim/report/entry_log.h"
#include "sim/report/path_log.h"
#include "sim/report/samples.h"
#include "sim/world/world.h"

namespace kith::sim {

// Kinds of entries; entry_kind_name and entry_family name them on the page.
enum class EntryKind : std::uint8_t {
  fault,
  started,
  killed,
  crashed,
  pairing_began,
  paired,
  pairing_failed,
  reached,
  unreached,
  connected,
  connect_failed,
  closed,
  stream,
  transfer_started,
  transfer_offered,
  item_completed,
  transfer_completed,
  transfer_failed,
  message_queued,
  message_delivered,
  message_received,
  message_trouble,
  listening,
  request_failed,
};
inline constexpr std::size_t kEntryKinds = static_cast<std::size_t>(EntryKind::request_failed) + 1;
std::string_view entry_kind_name(EntryKind kind);
std::string_view entry_family(EntryKind kind);

// How much is kept.
struct RunLogLimits {
  std::size_t milestones = 60'000;  // lives, faults, pairings, transfers
  std::size_t entries = 100'000;    // all others
  std::size_t paths = 20'000;
  std::size_t path_spans = 100'000;
  std::size_t transfers = 4'000;
  std::size_t under_way = 30'000;  // of each: pairings, messages and reachable devices
};

struct LoggedTransfer {
  enum class Outcome : std::uint8_t { running, completed, failed };

  DeviceIndex from = kNoDevice;
  DeviceIndex to = kNoDevice;
  std::uint32_t name = 0;  // in texts()
  std::uint64_t bytes_total = 0;
  Instant began;
  std::optional<Instant> sent_at;  // when the sender, and the receiver, knew all to be done
  std::optional<Instant> received_at;
  Instant ended;  // of one that failed
  Outcome outcome = Outcome::running;
  std::uint32_t failure = 0;  // in texts()
  Curve sent;                 // bytes, as the sender says
  Curve received;             // as the receiver says
};

class RunLog final : public Observer {
 public:
  // The world has all its devices, and outlives the log.
  explicit RunLog(World& world, const RunLogLimits& limits = {});

  void on_started(Device& device, Instant at) override;
  void on_stopped(Device& device, Instant at, Ending ending) override;
  void on_input(Device& device, Instant at, const Input& input) override;
  void on_output(Device& device, Instant at, const Output& output) override;
  void on_transmit(Device& device, Instant at, const Transmit& transmit, ByteView bytes) override;
  void on_fault(Instant at, const std::string& what, std::span<const DeviceIndex> devices) override;

  const std::vector<std::string>& device_names() const { return device_names_; }
  const EntryLog& milestones() const { return milestones_; }
  const EntryLog& entries() const { return entries_; }
  const std::vector<std::string>& texts() const { return texts_.texts(); }
  const std::vector<LoggedTransfer>& transfers() const { return transfers_; }
  const PathLog& paths() const { return paths_; }
  std::uint64_t count(EntryKind kind) const { return counts_[static_cast<std::size_t>(kind)]; }

  // Nanoseconds from the command to the event on the same device.
  const Samples& times_to_pair() const { return times_to_pair_; }
  // Nanoseconds from when a device wants something of another that it does not reach until it does,
  // with nobody between them.
  const Samples& times_to_direct() const { return times_to_direct_; }
  // Nanoseconds from the first command to send a message to another device until that one has any.
  const Samples& times_to_first_message() const { return times_to_first_message_; }
  // Nanoseconds from the command to the receiver's application, for every message.
  const Samples& message_times() const { return message_times_; }
  // Bytes per second of completed transfers, as the receiver says.
  const Samples& goodputs() const { return goodputs_; }

  // Sentences about what was merged or left out; none if the log has everything.
  std::vector<std::string> omissions() const;

 private:
  using DevicePair = std::pair<DeviceIndex, DeviceIndex>;
  using DeviceRequest = std::pair<DeviceIndex, RequestId>;
  struct Reach {
    bool connected = false;
    std::string via;
  };

  DeviceIndex index_of(const DeviceId& id) const;
  void add(Instant at, EntryKind kind, DeviceIndex device, DeviceIndex other = kNoDevice,
           std::string_view text = {});
  // Keeps what is under way while there is room.
  template <class Map, class Key, class Value>
  void keep(Map& map, const Key& key, Value&& value) {
    if (map.contains(key)) return;
    if (map.size() < limits_.under_way) {
      map.try_emplace(key, std::forward<Value>(value));
    } else {
      ++not_followed_;
    }
  }
  // Forgets what the device was about to do.
  template <class Map, class Least>
  static void forget(Map& map, DeviceIndex device, const Least& least) {
    map.erase(map.lower_bound({device, least}), map.lower_bound({device + 1, least}));
  }
  LoggedTransfer* transfer(const TransferId& id, Instant at);
  void note_name(LoggedTransfer& transfer, std::string_view name, std::size_t items);

  void note(const Device& device, Instant at, const StartPairing& command);
  void note(const Device& device, Instant at, const JoinPairing& command);
  void note(const Device& device, Instant at, const ShareWithDevice& command);
  void note(const Device& device, Instant at, const SendMessage& command);
  void note(const Device& device, Instant at, const Listening& event);
  void note(const Device& device, Instant at, const RequestFailed& event);
  void note(const Device& device, Instant at, const Paired& event);
  void note(const Device& device, Instant at, const PairingFailed& event);
  void note(const Device& device, Instant at, const DeviceChanged& event);
  void wants(const Device& device, Instant at, const DeviceId& other);
  void note(const Device& device, Instant at, const TransferStarted& event);
  void note(const Device& device, Instant at, const TransferOffered& event);
  void note(const Device& device, Instant at, const TransferProgress& event);
  void note(const Device& device, Instant at, const ItemCompleted& event);
  void note(const Device& device, Instant at, const TransferCompleted& event);
  void note(const Device& device, Instant at, const TransferFailed& event);
  void note(const Device& device, Instant at, const MessageQueued& event);
  void note(const Device& device, Instant at, const MessageDelivered& event);
  void note(const Device& device, Instant at, const MessagesDelayed& event);
  void note(const Device& device, Instant at, const MessageFailed& event);
  void note(const Device& device, Instant at, const MessageReceived& event);
  void note(const Device& device, Instant at, const PeerConnected& event);
  void note(const Device& device, Instant at, const ConnectFailed& event);
  void note(const Device& device, Instant at, const ConnectionClosed& event);
  void note(const Device& device, Instant at, const StreamOpened& event);
  void note(const Device& device, Instant at, const StreamReset& event);
  void note(const Device& device, Instant at, const StreamStopped& event);
  template <class Other>
  void note(const Device&, Instant, const Other&) {}

  RunLogLimits limits_;
  std::vector<std::string> device_names_;
  std::map<DeviceId, DeviceIndex> indices_;
  TextTable texts_;
  EntryLog milestones_;
  EntryLog entries_;
  PathLog paths_;
  std::array<std::uint64_t, kEntryKinds> counts_{};

  std::vector<LoggedTransfer> transfers_;
  std::map<TransferId, std::size_t> transfer_numbers_;
  std::uint64_t transfers_left_out_ = 0;

  std::map<DeviceRequest, Instant> pairings_;
  std::map<DeviceRequest, std::pair<std::string, std::size_t>> shares_;  // first name, how many
  std::map<DeviceRequest, Instant> asked_messages_;
  std::map<MessageId, Instant> queued_messages_;
  std::map<DevicePair, std::optional<Instant>> first_messages_;  // asked at, until one has come
  std::map<std::pair<DeviceIndex, DeviceId>, Reach> reached_;
  std::map<std::pair<DeviceIndex, DeviceId>, Instant> wanted_;  // and not reached
  std::uint64_t not_followed_ = 0;

  Samples times_to_pair_;
  Samples times_to_direct_;
  Samples times_to_first_message_;
  Samples message_times_;
  Samples goodputs_;
};

}  // namespace kith::sim
