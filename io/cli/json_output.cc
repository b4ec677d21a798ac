#include "io/cli/json_output.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <ctime>

#include "engine/base/text.h"

namespace kith::cli {
namespace {

using Json = nlohmann::ordered_json;

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

Json texts(const std::vector<Address>& addresses) {
  Json all = Json::array();
  for (const Address& address : addresses) all.push_back(address.to_string());
  return all;
}

// Names and paths are bytes. What is not UTF-8 becomes U+FFFD when the object is written, so the
// bytes themselves go beside it.
void put_bytes(Json& object, const std::string& key, std::string_view bytes) {
  object[key] = bytes;
  if (!is_utf8(as_byte_view(bytes))) object[key + "_hex"] = to_hex(as_byte_view(bytes));
}

Json time_or_null(std::int64_t unix_ms) {
  if (unix_ms <= 0) return nullptr;
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(static_cast<std::time_t>(unix_ms / 1000)));
}

Json described(const DeviceSummary& device) {
  return {{"device_id", device.id.to_hex()},
          {"name", device.name},
          {"state", to_string(device.state)},
          {"via", device.via.empty() ? Json() : Json(device.via)},
          {"last_seen", time_or_null(device.last_seen_ms)}};
}

Json described(const TransferItem& item) {
  Json object = Json::object();
  put_bytes(object, "name", item.name);
  object["directory"] = item.directory;
  object["bytes"] = item.bytes;
  object["files"] = item.files;
  return object;
}

}  // namespace

void JsonOutput::identity(const DeviceId& id, std::string_view name) {
  write("id", {{"device_id", id.to_hex()}, {"name", name}});
}

void JsonOutput::devices(const std::vector<DeviceSummary>& devices) {
  for (const DeviceSummary& device : devices) write("device", described(device));
}

void JsonOutput::nearby(const DeviceFound& found) {
  write("nearby", {{"device_id", found.device ? Json(found.device->to_hex()) : Json()},
                   {"name", found.name},
                   {"source", to_string(found.source)},
                   {"addresses", texts(found.addresses)}});
}

void JsonOutput::device_removed(const DeviceSummary& device) {
  write("removed", {{"device_id", device.id.to_hex()}, {"name", device.name}});
}

void JsonOutput::device_blocked(const DeviceSummary& device) {
  write("blocked", {{"device_id", device.id.to_hex()}, {"name", device.name}});
}

void JsonOutput::pairing_code(const std::vector<std::string>& words, Duration expires_in,
                              const std::vector<Address>& addresses) {
  write("pairing_code", {{"words", fmt::format("{}", fmt::join(words, " "))},
                         {"expires_in_s", seconds(expires_in)},
                         {"addresses", texts(addresses)}});
}

void JsonOutput::paired(const DeviceId& id, std::string_view name) {
  write("paired", {{"device_id", id.to_hex()}, {"name", name}});
}

void JsonOutput::listening(const DeviceId& id, const std::vector<Address>& addresses,
                           std::string_view /*inbox*/) {
  write("listening", {{"device_id", id.to_hex()}, {"addresses", texts(addresses)}});
}

void JsonOutput::incoming(const TransferOffered& offer, std::string_view device_name) {
  Json items = Json::array();
  for (const TransferItem& item : offer.items) items.push_back(described(item));
  write("incoming", {{"transfer", offer.transfer.to_hex()},
                     {"device_id", offer.device.to_hex()},
                     {"name", device_name},
                     {"items", std::move(items)},
                     {"bytes_total", offer.bytes_total}});
}

void JsonOutput::sending(std::uint64_t /*bytes*/, std::string_view /*device_name*/) {}

void JsonOutput::progress(const TransferProgress& progress) {
  write("progress", {{"transfer", progress.transfer.to_hex()},
                     {"bytes_done", progress.bytes_done},
                     {"bytes_total", progress.bytes_total},
                     {"rate_bps", progress.rate_bps},
                     {"eta_s", progress.eta ? Json(seconds(*progress.eta)) : Json()}});
}

void JsonOutput::item_completed(const ItemCompleted& item, std::string_view path) {
  const bool sent = item.direction == TransferDirection::sending;
  Json fields = {{"transfer", item.transfer.to_hex()}};
  put_bytes(fields, "path", path);
  fields["bytes"] = item.bytes;
  fields["seconds"] = seconds(item.elapsed);
  fields["digest"] = to_hex(item.digest);
  write(sent ? "sent" : "received", std::move(fields));
}

void JsonOutput::transfer_completed(const TransferCompleted& transfer) {
  if (transfer.skipped == 0) return;
  write("skipped", {{"transfer", transfer.transfer.to_hex()}, {"entries", transfer.skipped}});
}

void JsonOutput::transfer_failed(const TransferFailed& transfer) {
  write("failed", {{"transfer", transfer.transfer.to_hex()},
                   {"code", to_string(transfer.error.code)},
                   {"message", transfer.error.message},
                   {"hint", transfer.error.hint}});
}

// A body is JSON by agreement; one that is not is shown as a string.
void JsonOutput::message(const MessageReceived& message, std::string_view device_name) {
  Json body = Json::parse(message.body, nullptr, false);
  if (body.is_discarded()) body = message.body;
  Json fields = {{"device_id", message.device.to_hex()},
                 {"name", device_name},
                 {"id", message.message.to_hex()},
                 {"body", std::move(body)}};
  if (message.correlation) fields["correlation"] = message.correlation->to_hex();
  write("message", std::move(fields));
}

void JsonOutput::message_queued(const MessageQueued& message) {
  write("queued", {{"device_id", message.device.to_hex()}, {"id", message.message.to_hex()}});
}

void JsonOutput::message_delivered(const MessageDelivered& message) {
  write("delivered", {{"device_id", message.device.to_hex()}, {"id", message.message.to_hex()}});
}

void JsonOutput::error(const Error& error, ExitCode exit) {
  write("error", {{"code", to_string(error.code)},
                  {"exit", static_cast<int>(exit)},
                  {"message", error.message},
                  {"hint", error.hint}});
  note(error_line(error));
}

void JsonOutput::note(std::string_view text) { write_text(messages_, fmt::format("{}\n", text)); }

void JsonOutput::question(std::string_view text) {
  write_text(messages_, fmt::format("{} ", text));
}

void write_json(std::FILE* to, std::string_view event, const Json& fields) {
  Json object = {{"event", event}};
  object.update(fields);
  write_text(to, object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace kith::cli
