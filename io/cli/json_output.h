#pragma once

// Results as JSON objects on standard output, one per line, each with the key `event`.

#include <cstdio>
#include <nlohmann/json.hpp>

#include "io/cli/output.h"

namespace kith::cli {

// One such object, flushed. What is not UTF-8 in it becomes U+FFFD.
void write_json(std::FILE* to, std::string_view event, const nlohmann::ordered_json& fields);

class JsonOutput final : public Output {
 public:
  JsonOutput(std::FILE* results, std::FILE* messages) : results_(results), messages_(messages) {}

  void identity(const DeviceId& id, std::string_view name) override;
  void devices(const std::vector<DeviceSummary>& devices) override;
  void nearby(const DeviceFound& found) override;
  void device_removed(const DeviceSummary& device) override;
  void device_blocked(const DeviceSummary& device) override;
  void pairing_code(const std::vector<std::string>& words, Duration expires_in,
                    const std::vector<Address>& addresses) override;
  void paired(const DeviceId& id, std::string_view name) override;
  void listening(const DeviceId& id, const std::vector<Address>& addresses,
                 std::string_view inbox) override;
  void incoming(const TransferOffered& offer, std::string_view device_name) override;
  void sending(std::uint64_t bytes, std::string_view device_name) override;
  void progress(const TransferProgress& progress) override;
  void item_completed(const ItemCompleted& item, std::string_view path) override;
  void transfer_completed(const TransferCompleted& transfer) override;
  void transfer_failed(const TransferFailed& transfer) override;
  void message(const MessageReceived& message, std::string_view device_name) override;
  void message_queued(const MessageQueued& message) override;
  void message_delivered(const MessageDelivered& message) override;
  void error(const Error& error, ExitCode exit) override;
  void note(std::string_view text) override;
  void question(std::string_view text) override;
  bool good() const override { return std::ferror(results_) == 0; }

 private:
  void write(std::string_view event, const nlohmann::ordered_json& fields) {
    write_json(results_, event, fields);
  }

  std::FILE* results_;
  std::FILE* messages_;
};

}  // namespace kith::cli
