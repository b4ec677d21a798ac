#include "io/cli/log.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "engine/base/text.h"
#include "io/cli/output.h"

namespace kith::cli {
namespace {

constexpr std::array<std::string_view, 7> kTopics{"network",  "discovery", "pairing", "devices",
                                                  "transfer", "messages",  "counters"};

std::string short_id(const DeviceId& id) { return id.to_hex().substr(0, 8); }

std::string said(const Error& error) {
  return fmt::format("{}: {}", to_string(error.code), printable(error.message));
}

std::string_view direction(TransferDirection direction) {
  return direction == TransferDirection::sending ? "sending" : "receiving";
}

LogLine line(const Listening& event) {
  return {"network", fmt::format("listening at {}", event.address.to_string())};
}
LogLine line(const RequestFailed& event) {
  return {"network", fmt::format("request {} failed: {}", event.request.value, said(event.error))};
}
LogLine line(const PairingCodeReady& event) {  // never the words
  return {"pairing",
          fmt::format("a code is valid for {} s", event.expires_in.count() / 1000000000)};
}
LogLine line(const PairingConfirmationNeeded& event) {
  return {"pairing",
          fmt::format("{} ({}) waits for confirmation, fingerprint {}", short_id(event.device),
                      printable(event.name), printable(event.fingerprint))};
}
LogLine line(const Paired& event) {
  return {"pairing",
          fmt::format("paired with {} ({})", short_id(event.device), printable(event.name))};
}
LogLine line(const PairingFailed& event) {
  return {"pairing", fmt::format("failed: {}", said(event.error))};
}
LogLine line(const DeviceChanged& event) {
  return {"devices",
          fmt::format("{} ({}) is {}{}{}", short_id(event.device.id), printable(event.device.name),
                      event.removed ? "removed" : to_string(event.device.state),
                      event.device.via.empty() ? "" : " via ", printable(event.device.via))};
}
LogLine line(const TransferStarted& event) {
  return {"transfer", fmt::format("{} to {} starts, {} bytes", event.transfer.to_hex(),
                                  short_id(event.device), event.bytes_total)};
}
LogLine line(const TransferOffered& event) {
  return {"transfer", fmt::format("{} offered by {}, {} items, {} bytes{}", event.transfer.to_hex(),
                                  short_id(event.device), event.items.size(), event.bytes_total,
                                  event.decision_needed ? ", waits for a decision" : "")};
}
LogLine line(const TransferProgress& event) {
  return {"transfer", fmt::format("{} {}: {} of {} bytes", event.transfer.to_hex(),
                                  direction(event.direction), event.bytes_done, event.bytes_total)};
}
LogLine line(const ItemCompleted& event) {
  return {"transfer", fmt::format("{} {}: {} is complete", event.transfer.to_hex(),
                                  direction(event.direction), printable(event.path))};
}
LogLine line(const TransferCompleted& event) {
  return {"transfer", fmt::format("{} {}: complete, {} bytes", event.transfer.to_hex(),
                                  direction(event.direction), event.bytes)};
}
LogLine line(const TransferFailed& event) {
  return {"transfer", fmt::format("{} {}: failed: {}", event.transfer.to_hex(),
                                  direction(event.direction), said(event.error))};
}
LogLine line(const PeerConnected& event) {
  return {"network",
          fmt::format("connection {} under {} with {}{}", event.connection.value,
                      printable(event.alpn), short_id(event.peer), event.paired ? ", paired" : "")};
}
LogLine line(const ConnectFailed& event) {
  return {"network", fmt::format("connect {} failed: {}", event.request.value, said(event.error))};
}
LogLine line(const ConnectionClosed& event) {
  return {"network",
          fmt::format("connection {} ended: {}", event.connection.value, said(event.error))};
}
LogLine stream_line(ConnectionId connection, StreamId stream, std::string_view what) {
  return {"network",
          fmt::format("connection {} stream {} {}", connection.value, stream.value, what)};
}
LogLine line(const StreamOpened& event) {
  return stream_line(event.connection, event.stream, "was opened by the peer");
}
LogLine line(const StreamReady& event) {
  return stream_line(event.connection, event.stream, "is open");
}
LogLine line(const BytesReceived& event) {  // never the bytes
  return stream_line(
      event.connection, event.stream,
      fmt::format("received {} bytes{}", event.bytes.size(), event.fin ? ", the last" : ""));
}
LogLine line(const StreamWritable& event) {
  return stream_line(event.connection, event.stream, "is writable");
}
LogLine line(const StreamReset& event) {
  return stream_line(event.connection, event.stream,
                     fmt::format("was reset by the peer, code {}", event.code));
}
LogLine line(const StreamStopped& event) {
  return stream_line(event.connection, event.stream,
                     fmt::format("was stopped by the peer, code {}", event.code));
}

LogLine line(const MessageQueued& event) {
  return {"messages",
          fmt::format("{} queued for {}", event.message.to_hex(), short_id(event.device))};
}
LogLine line(const MessageDelivered& event) {
  return {"messages", fmt::format("{} delivered", event.message.to_hex())};
}
LogLine line(const MessagesDelayed& event) {
  return {"messages",
          fmt::format("{} cannot be reached now: {}", short_id(event.device), said(event.error))};
}
LogLine line(const MessageFailed& event) {
  return {"messages", fmt::format("not queued: {}", said(event.error))};
}
LogLine line(const MessageReceived& event) {
  return {"messages", fmt::format("{} from {}, {} bytes", event.message.to_hex(),
                                  short_id(event.device), event.body.size())};
}
LogLine line(const DeviceFound& event) {
  const std::string who = event.device ? short_id(*event.device) : printable(event.name);
  if (event.addresses.empty())
    return {"discovery", fmt::format("{} is gone ({})", who, to_string(event.source))};
  return {"discovery", fmt::format("{} is at {} ({})", who, event.addresses.front().to_string(),
                                   to_string(event.source))};
}

}  // namespace

std::string LogFilter::topics() { return fmt::format("{}, all", fmt::join(kTopics, ", ")); }

Result<LogFilter> LogFilter::parse(std::string_view text) {
  LogFilter filter;
  while (!text.empty()) {
    const std::size_t comma = text.find(',');
    const std::string_view topic = text.substr(0, comma);
    text = comma == std::string_view::npos ? "" : text.substr(comma + 1);
    if (topic == "all") {
      filter.topics_.insert(kTopics.begin(), kTopics.end());
    } else if (std::find(kTopics.begin(), kTopics.end(), topic) != kTopics.end()) {
      filter.topics_.insert(std::string(topic));
    } else {
      return failure(ErrorCode::invalid_argument,
                     fmt::format("--log: there is no topic '{}'.", printable(topic)),
                     "Choose from " + topics() + ".");
    }
  }
  return filter;
}

LogLine describe(const Event& event) {
  return std::visit([](const auto& kind) { return line(kind); }, event);
}

void Log::event(const Event& event) {
  const LogLine described = describe(event);
  if (filter_.wants(described.topic)) write(described);
}

void Log::counters(const std::map<std::string, std::uint64_t>& counters) {
  for (const auto& [name, count] : counters) {
    if (count > 0) write({"counters", fmt::format("{} {}", name, count)});
  }
}

void Log::write(const LogLine& line) {
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start_;
  write_text(to_, fmt::format("{:9.3f} {}: {}\n", elapsed.count(), line.topic, line.text));
}

}  // namespace kith::cli
