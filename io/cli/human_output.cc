#include "io/cli/human_output.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <ctime>

#include "engine/base/text.h"
#include "io/cli/progress_bar.h"
#include "io/cli/qr.h"

namespace kith::cli {
namespace {

constexpr std::size_t kWordRows = 3;
constexpr std::size_t kLongestWord = 8;  // of the BIP-0039 English list

std::string joined(const std::vector<Address>& addresses) {
  std::string text;
  for (const Address& address : addresses) {
    if (!text.empty()) text += ", ";
    text += address.to_string();
  }
  return text;
}

// Numbered and read row by row, so that nobody loses their place.
std::string word_grid(const std::vector<std::string>& words) {
  const std::size_t columns = (words.size() + kWordRows - 1) / kWordRows;
  std::string grid;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const bool last_of_row = (i + 1) % columns == 0 || i + 1 == words.size();
    grid += fmt::format("  {:>2} {:<{}}", i + 1, words[i], last_of_row ? 0 : kLongestWord);
    if (last_of_row) grid += '\n';
  }
  return grid;
}

std::string counted(std::int64_t count, std::string_view one, std::string_view many) {
  return fmt::format("{} {}", count, count == 1 ? one : many);
}

std::string lifetime(Duration duration) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration).count();
  return seconds % 60 == 0 ? counted(seconds / 60, "minute", "minutes")
                           : counted(seconds, "second", "seconds");
}

std::string last_seen(std::int64_t unix_ms) {
  if (unix_ms <= 0) return "never";
  return fmt::format("{:%Y-%m-%d %H:%M}", fmt::localtime(static_cast<std::time_t>(unix_ms / 1000)));
}

std::string described(const TransferItem& item) {
  std::string text = printable(item.name);
  if (item.directory)
    text += fmt::format("/ ({})", counted(static_cast<std::int64_t>(item.files), "file", "files"));
  return text + fmt::format(", {}", format_bytes(item.bytes));
}

}  // namespace

Terminal inspect_terminal(std::FILE* results, std::FILE* messages) {
  Terminal terminal{.results = isatty(fileno(results)) == 1,
                    .messages = isatty(fileno(messages)) == 1};
  winsize size{};
  if (ioctl(fileno(messages), TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    terminal.columns = size.ws_col;
  }
  return terminal;
}

void HumanOutput::identity(const DeviceId& id, std::string_view name) {
  line(fmt::format("{}  {}", id.to_hex(), printable(name)));
}

void HumanOutput::devices(const std::vector<DeviceSummary>& devices) {
  if (devices.empty()) return note("No devices yet: pair one with 'kith pair'.");
  for (const DeviceSummary& device : devices) {
    line(fmt::format("{}  {:<12}  {:<16}  {}", device.id.to_hex(), to_string(device.state),
                     last_seen(device.last_seen_ms), printable(device.name)));
  }
}

void HumanOutput::nearby(const DeviceFound& found) {
  const std::string who =
      found.device ? found.device->to_hex() : std::string("not paired with this device");
  line(fmt::format("{}  nearby        {:<16}  {}", who,
                   found.addresses.empty() ? "gone" : found.addresses.front().to_string(),
                   printable(found.name)));
}

void HumanOutput::device_removed(const DeviceSummary& device) {
  line(fmt::format("Removed {} ({}).", printable(device.name), device.id.to_hex()));
}

void HumanOutput::device_blocked(const DeviceSummary& device) {
  line(fmt::format("Blocked {} ({}).", printable(device.name), device.id.to_hex()));
}

void HumanOutput::pairing_code(const std::vector<std::string>& words, Duration expires_in,
                               const std::vector<Address>& addresses) {
  const std::string code = fmt::format("{}", fmt::join(words, " "));
  line(fmt::format("The words for the other device, valid for {}:\n\n{}", lifetime(expires_in),
                   word_grid(words)));
  if (terminal_.results) line(draw_qr(code));
  if (!addresses.empty()) {
    line(
        fmt::format("There, run\n\n  kith join --at {} {}\n", addresses.front().to_string(), code));
    if (addresses.size() > 1) line(fmt::format("This device is at {}.", joined(addresses)));
  }
}

void HumanOutput::paired(const DeviceId& id, std::string_view name) {
  line(fmt::format("Paired with {} ({}).", printable(name), id.to_hex()));
}

void HumanOutput::listening(const DeviceId& id, const std::vector<Address>& addresses,
                            std::string_view inbox) {
  line(fmt::format("Receiving into {} as {}\nat {}. Ctrl-C ends it.", printable(inbox), id.to_hex(),
                   joined(addresses)));
}

void HumanOutput::incoming(const TransferOffered& offer, std::string_view device_name) {
  constexpr std::size_t kShown = 10;
  line(fmt::format("{} offers {}:", printable(device_name), format_bytes(offer.bytes_total)));
  const std::size_t shown = std::min(offer.items.size(), kShown);
  for (std::size_t i = 0; i < shown; ++i) line("  " + described(offer.items[i]));
  if (offer.items.size() > shown) {
    line(fmt::format("  and {} more", offer.items.size() - shown));
  }
}

void HumanOutput::sending(std::uint64_t bytes, std::string_view device_name) {
  line(fmt::format("Sending {} to {}.", format_bytes(bytes), printable(device_name)));
}

void HumanOutput::progress(const TransferProgress& progress) {
  if (!terminal_.messages) return;
  // The last column stays free: some terminals wrap as soon as it is written.
  write_text(messages_, fmt::format("\r{}\x1b[K", draw_progress(progress, terminal_.columns - 1)));
  bar_shown_ = true;
}

void HumanOutput::item_completed(const ItemCompleted& item, std::string_view path) {
  ++items_[item.transfer];
  const bool sent = item.direction == TransferDirection::sending;
  line(fmt::format("{} {}: {} in {} ({}), BLAKE3 {}", sent ? "Sent" : "Received", printable(path),
                   format_bytes(item.bytes), format_duration(item.elapsed),
                   format_rate(mean_rate(item.bytes, item.elapsed)), to_hex(item.digest)));
}

void HumanOutput::transfer_completed(const TransferCompleted& transfer) {
  const auto items = items_.extract(transfer.transfer);
  if (!items.empty() && items.mapped() > 1) {
    line(fmt::format("All {} in {} ({}).", format_bytes(transfer.bytes),
                     format_duration(transfer.elapsed),
                     format_rate(mean_rate(transfer.bytes, transfer.elapsed))));
  }
  if (transfer.skipped > 0) {
    note(fmt::format("kith: Not sent: {}, which are neither files nor directories.",
                     counted(static_cast<std::int64_t>(transfer.skipped), "entry", "entries")));
  }
}

void HumanOutput::transfer_failed(const TransferFailed& transfer) {
  items_.erase(transfer.transfer);
  note(error_line(transfer.error));
}

void HumanOutput::message(const MessageReceived& message, std::string_view device_name) {
  line(fmt::format("{}: {}", printable(device_name), printable(message.body)));
}

void HumanOutput::message_queued(const MessageQueued& /*message*/) {}

void HumanOutput::message_delivered(const MessageDelivered& /*message*/) { line("Delivered."); }

void HumanOutput::error(const Error& error, ExitCode /*exit*/) { note(error_line(error)); }

void HumanOutput::note(std::string_view text) {
  clear_bar();
  write_text(messages_, fmt::format("{}\n", text));
}

void HumanOutput::question(std::string_view text) {
  clear_bar();
  write_text(messages_, fmt::format("{} ", text));
}

void HumanOutput::line(std::string_view text) {
  clear_bar();
  write_text(results_, fmt::format("{}\n", text));
}

void HumanOutput::clear_bar() {
  if (!bar_shown_) return;
  write_text(messages_, "\r\x1b[K");
  bar_shown_ = false;
}

}  // namespace kith::cli
