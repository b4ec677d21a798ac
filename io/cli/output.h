#pragma once

// Where results go: JSON objects for programs, or lines for a person. Commands say what happened
// once, and the output decides how it looks.

#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "io/cli/exit_code.h"
#include "kith/address.h"
#include "kith/event.h"
#include "kith/ids.h"
#include "kith/result.h"
#include "kith/time.h"

namespace kith::cli {

class Output {
 public:
  virtual ~Output() = default;

  virtual void identity(const DeviceId& id, std::string_view name) = 0;
  virtual void devices(const std::vector<DeviceSummary>& devices) = 0;
  // Seen on the local network, or no longer there.
  virtual void nearby(const DeviceFound& found) = 0;
  virtual void device_removed(const DeviceSummary& device) = 0;
  virtual void device_blocked(const DeviceSummary& device) = 0;

  virtual void pairing_code(const std::vector<std::string>& words, Duration expires_in,
                            const std::vector<Address>& addresses) = 0;
  virtual void paired(const DeviceId& id, std::string_view name) = 0;

  virtual void listening(const DeviceId& id, const std::vector<Address>& addresses,
                         std::string_view inbox) = 0;
  virtual void incoming(const TransferOffered& offer, std::string_view device_name) = 0;
  virtual void sending(std::uint64_t bytes, std::string_view device_name) = 0;
  virtual void progress(const TransferProgress& progress) = 0;
  // `path` as it is to be shown; bytes, not necessarily UTF-8.
  virtual void item_completed(const ItemCompleted& item, std::string_view path) = 0;
  virtual void transfer_completed(const TransferCompleted& transfer) = 0;
  // One transfer of several failed; the program goes on.
  virtual void transfer_failed(const TransferFailed& transfer) = 0;

  virtual void message(const MessageReceived& message, std::string_view device_name) = 0;
  virtual void message_queued(const MessageQueued& message) = 0;
  virtual void message_delivered(const MessageDelivered& message) = 0;

  // The end of the program. Told once, last.
  virtual void error(const Error& error, ExitCode exit) = 0;

  // On standard error, whatever the form of the results.
  virtual void note(std::string_view text) = 0;      // one line
  virtual void question(std::string_view text) = 0;  // the cursor stays behind it

  // Whether all that was written arrived.
  virtual bool good() const = 0;
};

// Writes and flushes; a failure is left in the stream's error flag, where good() finds it.
void write_text(std::FILE* to, std::string_view text);

// An error as a person reads it: "kith: Message. Hint.", one line, safe for a terminal.
std::string error_line(const Error& error);

}  // namespace kith::cli
