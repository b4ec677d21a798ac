#pragma once

// --log: what the engine tells, as lines on standard error. No line carries a secret.

#include <chrono>
#include <cstdio>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "kith/event.h"
#include "kith/result.h"

namespace kith::cli {

// Which topics are logged: a comma-separated list of those in topics(), or "all".
class LogFilter {
 public:
  static Result<LogFilter> parse(std::string_view text);
  static std::string topics();

  bool wants(std::string_view topic) const { return topics_.contains(std::string(topic)); }

 private:
  std::set<std::string> topics_;
};

struct LogLine {
  std::string_view topic;
  std::string text;
};
LogLine describe(const Event& event);

class Log {
 public:
  Log(LogFilter filter, std::FILE* to) : filter_(std::move(filter)), to_(to) {}

  void event(const Event& event);
  bool wants_counters() const { return filter_.wants("counters"); }
  void counters(const std::map<std::string, std::uint64_t>& counters);

 private:
  void write(const LogLine& line);

  LogFilter filter_;
  std::FILE* to_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace kith::cli
