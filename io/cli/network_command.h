#pragma once

// A command that networks: it takes the home, runs until it is done or interrupted, and takes leave
// of its peers.
//
//   run() -> Core::open -> begin() ... finish() or fail() -> Core::stop -> exit code
//                             SIGINT, SIGTERM ------------------^
//
// The first signal stops cleanly, a second one ends the program at once.

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "io/cli/arguments.h"
#include "io/cli/log.h"
#include "io/cli/output.h"
#include "io/cli/progress_filter.h"
#include "io/cli/questions.h"
#include "kith/io/core.h"

namespace kith::cli {

class NetworkCommand {
 public:
  NetworkCommand(const GlobalOptions& global, Output& output);
  virtual ~NetworkCommand() = default;
  NetworkCommand(const NetworkCommand&) = delete;
  NetworkCommand& operator=(const NetworkCommand&) = delete;

  ExitCode run();

 protected:
  // The core is open and nothing is under way yet.
  virtual void begin() = 0;
  virtual void on_event(const Event& /*event*/) {}

  // How the command ends; what comes after the first call has no effect.
  void finish();
  void fail(const Error& error, Origin origin);

  // Thinned out; the command tells when its transfers end.
  void show_progress(const TransferProgress& progress);
  void end_progress(const TransferCompleted& transfer);
  void end_progress(const TransferFailed& transfer);

  io::Core& core() { return *core_; }
  Output& output() { return output_; }
  Questions& questions() { return questions_; }
  boost::asio::io_context& context() { return context_; }
  const std::string& name_of(const DeviceId& device) { return names_[device]; }

  io::CoreOptions options_;  // may be changed until run()

 private:
  void open();
  void warn_of_recording();
  void on_recorded(const io::RecordingReport& report);
  void handle(const Event& event);
  void on_devices(const std::vector<DeviceSummary>& devices);
  void await_signal();
  void interrupt();
  void stop();
  void stop_core();
  void on_stopped(const Result<void>& stopped);

  Output& output_;
  Log log_;
  ProgressFilter progress_;
  std::map<DeviceId, std::string> names_;
  boost::asio::io_context context_;
  boost::asio::signal_set signals_{context_};
  boost::asio::steady_timer patience_{context_};
  Questions questions_{context_, output_};
  std::unique_ptr<io::Core> core_;
  io::Subscription subscription_;
  bool stopping_ = false;
  std::optional<Error> error_;
  ExitCode exit_ = kOk;
};

}  // namespace kith::cli
