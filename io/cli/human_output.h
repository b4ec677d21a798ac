#pragma once

// Results as lines for a person. Nothing that came from elsewhere reaches the terminal unless it is
// printable.

#include <cstddef>
#include <cstdio>
#include <map>

#include "io/cli/output.h"

namespace kith::cli {

struct Terminal {
  bool results = false;      // standard output is one: a QR code can be drawn
  bool messages = false;     // standard error is one: a progress bar can be drawn
  std::size_t columns = 80;  // of the latter
};
Terminal inspect_terminal(std::FILE* results, std::FILE* messages);

class HumanOutput final : public Output {
 public:
  HumanOutput(std::FILE* results, std::FILE* messages, Terminal terminal)
      : results_(results), messages_(messages), terminal_(terminal) {}

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
  void line(std::string_view text);  // on standard output
  void clear_bar();

  std::FILE* results_;
  std::FILE* messages_;
  Terminal terminal_;
  bool bar_shown_ = false;
  std::map<TransferId, std::size_t> items_;  // told of each transfer that has not ended
};

}  // namespace kith::cli
