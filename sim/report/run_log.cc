#include "sim/report/run_log.h"

#include <fmt/core.h>

#include <algorithm>

#include "engine/base/text.h"
#include "sim/world/seconds.h"

namespace kith::sim {
namespace {

struct KindText {
  std::string_view name;
  std::string_view family;
};

constexpr std::array<KindText, kEntryKinds> kKinds{{
    {"fault", "fault"},
    {"started", "life"},
    {"killed", "life"},
    {"lost power", "life"},
    {"pairing began", "pairing"},
    {"paired", "pairing"},
    {"pairing failed", "pairing"},
    {"reached", "connection"},
    {"no longer reached", "connection"},
    {"connected", "connection"},
    {"connect failed", "connection"},
    {"closed", "connection"},
    {"stream", "connection"},
    {"transfer began", "transfer"},
    {"transfer offered", "transfer"},
    {"item completed", "transfer"},
    {"transfer completed", "transfer"},
    {"transfer failed", "transfer"},
    {"message queued", "message"},
    {"message delivered", "message"},
    {"message received", "message"},
    {"message trouble", "message"},
    {"listening", "other"},
    {"request failed", "other"},
}};

constexpr std::size_t kMostFaultEntries = 1000;

// Whether an entry is one of few, that should not give way to many of another kind.
bool is_milestone(EntryKind kind) {
  const std::string_view family = entry_family(kind);
  return family == "fault" || family == "life" || family == "pairing" || family == "transfer";
}

std::string_view last_component(std::string_view path) {
  return path.substr(path.rfind('/') + 1);  // the whole if there is no slash
}

std::string in_seconds(Duration duration) { return fmt::format("{} s", seconds_of(duration)); }

}  // namespace

std::string_view entry_kind_name(EntryKind kind) {
  return kKinds[static_cast<std::size_t>(kind)].name;
}

std::string_view entry_family(EntryKind kind) {
  return kKinds[static_cast<std::size_t>(kind)].family;
}

RunLog::RunLog(World& world, const RunLogLimits& limits)
    : limits_(limits),
      milestones_(limits.milestones),
      entries_(limits.entries),
      paths_(limits.paths, limits.path_spans) {
  for (DeviceIndex i = 0; i < world.device_count(); ++i) {
    device_names_.push_back(printable(world.device(i).name()));
    indices_.emplace(world.device(i).id(), i);
  }
}

DeviceIndex RunLog::index_of(const DeviceId& id) const {
  const auto found = indices_.find(id);
  return found == indices_.end() ? kNoDevice : found->second;
}

void RunLog::add(Instant at, EntryKind kind, DeviceIndex device, DeviceIndex other,
                 std::string_view text) {
  ++counts_[static_cast<std::size_t>(kind)];
  EntryLog& log = is_milestone(kind) ? milestones_ : entries_;
  log.add(at, static_cast<std::uint8_t>(kind), device, other, texts_.number(printable(text)));
}

void RunLog::on_started(Device& device, Instant at) {
  add(at, EntryKind::started, device.index(), kNoDevice, fmt::format("life {}", device.lives()));
}

void RunLog::on_stopped(Device& device, Instant at, Ending ending) {
  add(at, ending == Ending::crashed ? EntryKind::crashed : EntryKind::killed, device.index());
  forget(pairings_, device.index(), RequestId{});
  forget(shares_, device.index(), RequestId{});
  forget(asked_messages_, device.index(), RequestId{});
  forget(reached_, device.index(), DeviceId{});
  forget(wanted_, device.index(), DeviceId{});
}

void RunLog::on_fault(Instant at, const std::string& what, std::span<const DeviceIndex> devices) {
  const std::size_t entries = std::min(devices.size(), kMostFaultEntries);
  if (devices.size() <= 2) {
    add(at, EntryKind::fault, devices.empty() ? kNoDevice : devices[0],
        devices.size() < 2 ? kNoDevice : devices[1], what);
    return;
  }
  for (std::size_t i = 0; i < entries; ++i) {
    add(at, EntryKind::fault, devices[i], kNoDevice, what);
  }
  counts_[static_cast<std::size_t>(EntryKind::fault)] -= entries - 1;
}

void RunLog::on_transmit(Device& device, Instant at, const Transmit& transmit, ByteView bytes) {
  const std::size_t segment = std::max<std::size_t>(transmit.segment_size, 1);
  paths_.sent(device.index(), at, transmit.remote, (bytes.size() + segment - 1) / segment,
              bytes.size());
}

void RunLog::on_input(Device& device, Instant at, const Input& input) {
  const auto* command = std::get_if<Command>(&input);
  if (command == nullptr) return;
  std::visit([&](const auto& which) { note(device, at, which); }, *command);
}

void RunLog::on_output(Device& device, Instant at, const Output& output) {
  const auto* event = std::get_if<Event>(&output);
  if (event == nullptr) return;
  std::visit([&](const auto& which) { note(device, at, which); }, *event);
}

// --- pairing and connections --------------------------------------------------------------------

void RunLog::note(const Device& device, Instant at, const StartPairing& command) {
  keep(pairings_, DeviceRequest(device.index(), command.request), at);
  add(at, EntryKind::pairing_began, device.index(), kNoDevice, "shows the words");
}

void RunLog::note(const Device& device, Instant at, const JoinPairing& command) {
  keep(pairings_, DeviceRequest(device.index(), command.request), at);
  add(at, EntryKind::pairing_began, device.index(), kNoDevice, "joins with the words");
}

void RunLog::note(const Device& device, Instant at, const Paired& event) {
  add(at, EntryKind::paired, device.index(), index_of(event.device));
  const auto began = pairings_.find({device.index(), event.request});
  if (began == pairings_.end()) return;
  times_to_pair_.add((at - began->second).count());
  pairings_.erase(began);
}

void RunLog::note(const Device& device, Instant at, const PairingFailed& event) {
  add(at, EntryKind::pairing_failed, device.index(), kNoDevice, event.error.message);
  pairings_.erase({device.index(), event.request});
}

void RunLog::note(const Device& device, Instant at, const DeviceChanged& event) {
  const DeviceIndex other = index_of(event.device.id);
  const bool connected = event.device.state == DeviceState::connected && !event.removed;
  const std::pair key{device.index(), event.device.id};
  const auto found = reached_.find(key);
  const Reach before = found == reached_.end() ? Reach{} : found->second;
  const Reach now{connected, connected ? event.device.via : ""};
  if (before.connected == now.connected && before.via == now.via) return;
  if (connected) {
    add(at, EntryKind::reached, device.index(), other, now.via);
    const auto remote = Address::parse(now.via);
    if (remote) paths_.reached(device.index(), *remote, other);
    if (const auto wanted = wanted_.extract(key)) {
      times_to_direct_.add((at - wanted.mapped()).count());
    }
    if (found == reached_.end()) {
      keep(reached_, key, now);
    } else {
      found->second = now;
    }
  } else {
    add(at, EntryKind::unreached, device.index(), other, before.via);
    reached_.erase(found);
  }
}

void RunLog::wants(const Device& device, Instant at, const DeviceId& other) {
  const std::pair key{device.index(), other};
  if (!reached_.contains(key)) keep(wanted_, key, at);
}

void RunLog::note(const Device& device, Instant at, const PeerConnected& event) {
  add(at, EntryKind::connected, device.index(), index_of(event.peer), event.alpn);
}

void RunLog::note(const Device& device, Instant at, const ConnectFailed& event) {
  add(at, EntryKind::connect_failed, device.index(), kNoDevice, event.error.message);
}

void RunLog::note(const Device& device, Instant at, const ConnectionClosed& event) {
  add(at, EntryKind::closed, device.index(), kNoDevice, event.error.message);
}

void RunLog::note(const Device& device, Instant at, const StreamOpened&) {
  add(at, EntryKind::stream, device.index(), kNoDevice, "opened by the peer");
}

void RunLog::note(const Device& device, Instant at, const StreamReset&) {
  add(at, EntryKind::stream, device.index(), kNoDevice, "the peer gave up sending");
}

void RunLog::note(const Device& device, Instant at, const StreamStopped&) {
  add(at, EntryKind::stream, device.index(), kNoDevice, "the peer gave up receiving");
}

// --- transfers ----------------------------------------------------------------------------------

LoggedTransfer* RunLog::transfer(const TransferId& id, Instant at) {
  const auto found = transfer_numbers_.find(id);
  if (found != transfer_numbers_.end()) return &transfers_[found->second];
  if (transfers_.size() == limits_.transfers) return nullptr;
  transfer_numbers_.emplace(id, transfers_.size());
  transfers_.emplace_back().began = at;
  return &transfers_.back();
}

void RunLog::note_name(LoggedTransfer& transfer, std::string_view name, std::size_t items) {
  if (transfer.name != 0) return;
  std::string text = printable(name);
  if (items > 1) text += fmt::format(" and {} more", items - 1);
  transfer.name = texts_.number(text);
}

void RunLog::note(const Device& device, Instant at, const ShareWithDevice& command) {
  wants(device, at, command.device);
  if (command.paths.empty()) return;
  keep(shares_, DeviceRequest(device.index(), command.request),
       std::pair(std::string(last_component(command.paths.front())), command.paths.size()));
}

void RunLog::note(const Device& device, Instant at, const TransferStarted& event) {
  const DeviceIndex to = index_of(event.device);
  const auto share = shares_.find({device.index(), event.request});
  const std::string name = share == shares_.end() ? "" : share->second.first;
  add(at, EntryKind::transfer_started, device.index(), to, name);
  if (LoggedTransfer* const known = transfer(event.transfer, at)) {
    known->from = device.index();
    known->to = to;
    known->bytes_total = event.bytes_total;
    if (share != shares_.end()) note_name(*known, name, share->second.second);
  } else {
    ++transfers_left_out_;
  }
  if (share != shares_.end()) shares_.erase(share);
}

void RunLog::note(const Device& device, Instant at, const TransferOffered& event) {
  const std::string name = event.items.empty() ? "" : event.items.front().name;
  add(at, EntryKind::transfer_offered, device.index(), index_of(event.device), name);
  LoggedTransfer* const known = transfer(event.transfer, at);
  if (known == nullptr) return;
  known->from = index_of(event.device);
  known->to = device.index();
  known->bytes_total = event.bytes_total;
  note_name(*known, name, event.items.size());
}

void RunLog::note(const Device&, Instant at, const TransferProgress& event) {
  LoggedTransfer* const known = transfer(event.transfer, at);
  if (known == nullptr) return;
  const bool sending = event.direction == TransferDirection::sending;
  (sending ? known->sent : known->received).add(at, event.bytes_done);
}

void RunLog::note(const Device& device, Instant at, const ItemCompleted& event) {
  add(at, EntryKind::item_completed, device.index(), kNoDevice, last_component(event.path));
}

void RunLog::note(const Device& device, Instant at, const TransferCompleted& event) {
  const bool sending = event.direction == TransferDirection::sending;
  add(at, EntryKind::transfer_completed, device.index(), kNoDevice, sending ? "sent" : "received");
  const std::int64_t elapsed_us = event.elapsed.count() / 1000;
  if (!sending && elapsed_us > 0) {
    // In 64 bits for transfers below 16 TiB.
    goodputs_.add(static_cast<std::int64_t>(event.bytes * 1'000'000 /
                                            static_cast<std::uint64_t>(elapsed_us)));
  }
  LoggedTransfer* const known = transfer(event.transfer, at);
  if (known == nullptr) return;
  (sending ? known->sent_at : known->received_at) = at;
  (sending ? known->sent : known->received).add(at, event.bytes);
  known->outcome = LoggedTransfer::Outcome::completed;
}

void RunLog::note(const Device& device, Instant at, const TransferFailed& event) {
  add(at, EntryKind::transfer_failed, device.index(), kNoDevice, event.error.message);
  shares_.erase({device.index(), event.request});
  const auto found = transfer_numbers_.find(event.transfer);
  if (found == transfer_numbers_.end()) return;
  LoggedTransfer& known = transfers_[found->second];
  if (known.outcome == LoggedTransfer::Outcome::completed) return;
  known.outcome = LoggedTransfer::Outcome::failed;
  known.ended = at;
  known.failure = texts_.number(printable(event.error.message));
}

// --- messages -----------------------------------------------------------------------------------

void RunLog::note(const Device& device, Instant at, const SendMessage& command) {
  keep(asked_messages_, DeviceRequest(device.index(), command.request), at);
  keep(first_messages_, DevicePair(device.index(), index_of(command.device)), at);
  wants(device, at, command.device);
}

void RunLog::note(const Device& device, Instant at, const MessageQueued& event) {
  add(at, EntryKind::message_queued, device.index(), index_of(event.device));
  const auto asked = asked_messages_.find({device.index(), event.request});
  if (asked == asked_messages_.end()) return;
  keep(queued_messages_, event.message, asked->second);
  asked_messages_.erase(asked);
}

void RunLog::note(const Device& device, Instant at, const MessageDelivered& event) {
  add(at, EntryKind::message_delivered, device.index(), index_of(event.device));
}

void RunLog::note(const Device& device, Instant at, const MessageReceived& event) {
  const DeviceIndex from = index_of(event.device);
  add(at, EntryKind::message_received, device.index(), from);
  const auto queued = queued_messages_.find(event.message);
  if (queued != queued_messages_.end()) {
    message_times_.add((at - queued->second).count());
    queued_messages_.erase(queued);
  }
  const auto first = first_messages_.find({from, device.index()});
  if (first == first_messages_.end() || !first->second) return;
  times_to_first_message_.add((at - *first->second).count());
  first->second.reset();
}

void RunLog::note(const Device& device, Instant at, const MessagesDelayed& event) {
  add(at, EntryKind::message_trouble, device.index(), index_of(event.device), event.error.message);
}

void RunLog::note(const Device& device, Instant at, const MessageFailed& event) {
  add(at, EntryKind::message_trouble, device.index(), index_of(event.device), event.error.message);
  asked_messages_.erase({device.index(), event.request});
}

// --- the rest -----------------------------------------------------------------------------------

void RunLog::note(const Device& device, Instant at, const Listening& event) {
  add(at, EntryKind::listening, device.index(), kNoDevice, event.address.to_string());
}

void RunLog::note(const Device& device, Instant at, const RequestFailed& event) {
  add(at, EntryKind::request_failed, device.index(), kNoDevice, event.error.message);
  asked_messages_.erase({device.index(), event.request});
  shares_.erase({device.index(), event.request});
}

std::vector<std::string> RunLog::omissions() const {
  std::vector<std::string> said;
  const auto merged = [&said](const EntryLog& log, std::string_view which) {
    if (log.window() == Duration{}) return;
    said.push_back(fmt::format(
        "{} events ({}) are shown as {}: equal ones of a device within {} of the first became one "
        "with a count.",
        log.added(), which, log.entries().size(), in_seconds(log.window())));
  };
  merged(milestones_, "faults, lives, pairings and transfers");
  merged(entries_, "connections, messages and others");
  if (texts_.texts().size() == TextTable::kMostTexts) {
    said.push_back(fmt::format("Only the first {} different texts of events were kept.",
                               TextTable::kMostTexts));
  }
  if (paths_.pause() > PathLog::kFirstPause) {
    said.push_back(fmt::format("Uses of an address with pauses of up to {} are shown as one.",
                               in_seconds(paths_.pause())));
  }
  if (paths_.left_out() > 0) {
    said.push_back(fmt::format("{} sends to addresses beyond the first {} are not among the paths.",
                               paths_.left_out(), limits_.paths));
  }
  if (transfers_left_out_ > 0) {
    said.push_back(
        fmt::format("{} transfers after the first {} are not listed; distributions and "
                    "the timeline have them.",
                    transfers_left_out_, limits_.transfers));
  }
  for (const LoggedTransfer& each : transfers_) {
    if (!each.sent.thinned() && !each.received.thinned()) continue;
    said.push_back(fmt::format("Of the progress of a transfer at most {} points were kept.",
                               Curve::kMostPoints));
    break;
  }
  if (not_followed_ > 0) {
    said.push_back(
        fmt::format("{} commands or contacts were not followed to their end, because "
                    "{} others of their kind were under way.",
                    not_followed_, limits_.under_way));
  }
  for (const Samples* each : {&times_to_pair_, &times_to_direct_, &times_to_first_message_,
                              &message_times_, &goodputs_}) {
    if (each->stride() == 1) continue;
    said.push_back(fmt::format("A distribution of {} values has every {}th of them.", each->seen(),
                               each->stride()));
  }
  return said;
}

}  // namespace kith::sim
