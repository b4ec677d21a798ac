#include "io/cli/network_command.h"

#include <fmt/core.h>
#include <unistd.h>

#include <csignal>
#include <utility>

#include "engine/base/text.h"

namespace kith::cli {
namespace {

// For taking leave and storing records. Peers notice silence by themselves, and records are stored
// as they come, so what is cut off by it is only courtesy.
constexpr std::chrono::seconds kStopPatience{5};

}  // namespace

NetworkCommand::NetworkCommand(const GlobalOptions& global, Output& output)
    : output_(output), log_(global.log, stderr) {
  options_.home = global.home;
  options_.effects = global.effects;
  options_.engine.discovery = global.discovery;
  if (!global.record) return;
  io::RecordingOptions record;
  record.path = global.record->path;
  record.limit_bytes = global.record->limit_bytes;
  record.on_ended = [this](const io::RecordingReport& report) { on_recorded(report); };
  options_.record = std::move(record);
}

ExitCode NetworkCommand::run() {
  await_signal();
  open();
  context_.run();
  subscription_ = {};
  core_.reset();
  if (error_) output_.error(*error_, exit_);
  return exit_;
}

void NetworkCommand::open() {
  auto opened = io::Core::open(context_, options_);
  if (!opened) return fail(opened.error(), Origin::device);
  core_ = std::move(*opened);
  warn_of_recording();
  subscription_ = core_->events([this](const Event& event) { handle(event); });
  core_->devices([this](const std::vector<DeviceSummary>& devices) { on_devices(devices); });
}

void NetworkCommand::warn_of_recording() {
  if (!options_.record) return;
  output_.note(
      "kith: Recording to " + printable(options_.record->path) +
      ": this device's keys and every byte it reads or receives. Whoever has that file can be this "
      "device.");
}

void NetworkCommand::on_recorded(const io::RecordingReport& report) {
  if (report.early) output_.note(error_line(*report.early));
  if (report.early && report.early->code != ErrorCode::limit_exceeded) return;
  output_.note(fmt::format("kith: Recorded {} steps, trace hash {}", report.steps,
                           to_hex(report.trace_hash)));
}

void NetworkCommand::on_devices(const std::vector<DeviceSummary>& devices) {
  for (const DeviceSummary& device : devices) names_[device.id] = device.name;
  if (!stopping_) begin();
}

void NetworkCommand::handle(const Event& event) {
  log_.event(event);
  if (const auto* changed = std::get_if<DeviceChanged>(&event)) {
    names_[changed->device.id] = changed->device.name;
  }
  if (!stopping_) on_event(event);
}

void NetworkCommand::finish() {
  if (!stopping_) stop();
}

void NetworkCommand::fail(const Error& error, Origin origin) {
  if (stopping_) return;
  error_ = error;
  exit_ = exit_code(error.code, origin);
  stop();
}

void NetworkCommand::show_progress(const TransferProgress& progress) {
  const auto shown = progress_.offer(progress, std::chrono::steady_clock::now());
  if (shown) output_.progress(*shown);
}

void NetworkCommand::end_progress(const TransferCompleted& transfer) {
  const auto last = progress_.complete(transfer.transfer, transfer.direction, transfer.bytes);
  if (last) output_.progress(*last);
}

void NetworkCommand::end_progress(const TransferFailed& transfer) {
  if (const auto last = progress_.abandon(transfer.transfer)) output_.progress(*last);
}

void NetworkCommand::await_signal() {
  boost::system::error_code ignored;
  signals_.add(SIGINT, ignored);
  signals_.add(SIGTERM, ignored);
  signals_.async_wait([this](const boost::system::error_code& error, int) {
    if (error) return;
    await_signal();
    interrupt();
  });
}

void NetworkCommand::interrupt() {
  if (exit_ == kInterrupted) ::_exit(kInterrupted);
  exit_ = kInterrupted;
  error_ = Error{ErrorCode::cancelled, "Interrupted.", ""};
  if (!stopping_) stop();
}

void NetworkCommand::stop() {
  stopping_ = true;
  questions_.cancel();
  if (!core_) return context_.stop();
  patience_.expires_after(kStopPatience);
  patience_.async_wait([this](const boost::system::error_code& error) {
    if (!error) context_.stop();
  });
  if (!log_.wants_counters()) return stop_core();
  core_->counters([this](const io::Counters& counters) {
    log_.counters(counters);
    stop_core();
  });
}

void NetworkCommand::stop_core() {
  core_->stop([this](const Result<void>& stopped) { on_stopped(stopped); });
}

void NetworkCommand::on_stopped(const Result<void>& stopped) {
  if (!stopped && exit_ == kOk) {
    error_ = stopped.error();
    exit_ = exit_code(stopped.error().code, Origin::device);
  }
  context_.stop();
}

}  // namespace kith::cli
