#include "sim/draw/activity.h"

#include <fmt/core.h>

#include <optional>

#include "sim/draw/drawing.h"

namespace kith::sim {

using nlohmann::json;

namespace {

json content_of(std::uint64_t bytes, std::uint64_t files) {
  if (files == 1) return {{"file", "file.bin"}, {"size_bytes", bytes}};
  constexpr std::uint64_t kFilesOfADirectory = 4;
  return {{"tree", "folder"},
          {"files", files},
          {"directories", files / kFilesOfADirectory},
          {"most_bytes", 2 * bytes / files}};
}

}  // namespace

json draw_activity(JsonObject keys, const Population& population, RandomSource random) {
  const Duration pair_from = keys.seconds_or("pair_from_s", kLongestRun, std::chrono::seconds(1));
  const Duration pair_to = keys.seconds_or("pair_to_s", kLongestRun, pair_from);
  const Duration act_from = keys.seconds_or("act_from_s", kLongestRun, pair_to);
  const Duration act_to = keys.seconds_or("act_to_s", kLongestRun, act_from);
  if (pair_to < pair_from) keys.refuse("pair_to_s", "must not be before \"pair_from_s\"");
  if (act_to < act_from) keys.refuse("act_to_s", "must not be before \"act_from_s\"");
  constexpr std::uint64_t kMostMessages = 10'000;
  const std::uint64_t messages = keys.integer_or("messages", 0, kMostMessages, 0);
  constexpr std::uint64_t kMostBodyBytes = 60'000;
  const std::uint64_t body_bytes = keys.integer_or("body_bytes", 0, kMostBodyBytes, 100);
  const Duration every = keys.milliseconds_or("every_ms", kLongestRun, std::chrono::seconds(1));
  constexpr std::uint64_t kMostBytes = 1ull << 40;
  const std::uint64_t send_bytes = keys.integer_or("send_bytes", 0, kMostBytes, 0);
  constexpr std::uint64_t kMostFiles = 10'000;
  const std::uint64_t send_files = keys.integer_or("send_files", 1, kMostFiles, 1);
  std::optional<Duration> tell_again;
  if (keys.has("tell_again_s")) tell_again = keys.seconds("tell_again_s", kLongestRun);
  json patience = json::object();
  if (keys.has("retry_s"))
    patience["retry_s"] = document_seconds(keys.seconds("retry_s", kLongestRun));
  keys.done();

  json steps = json::array();
  const auto count = static_cast<std::uint64_t>(population.pairs.size());
  for (std::uint64_t i = 0; i < count; ++i) {
    const auto& [one, reachable] = population.pairs[i];
    json pair({{"kind", "pair"},
               {"at_s", draw_seconds(random, pair_from, pair_to)},
               {"initiator", reachable},
               {"joiner", one}});
    pair.update(patience);
    steps.push_back(std::move(pair));
    if (messages > 0) {
      steps.push_back({{"kind", "message"},
                       {"name", fmt::format("messages-{}", i)},
                       {"at_s", draw_seconds(random, act_from, act_to)},
                       {"from", one},
                       {"to", reachable},
                       {"count", messages},
                       {"every_ms", every.count() / 1'000'000},
                       {"body_bytes", body_bytes}});
    }
    if (tell_again) {
      steps.push_back({{"kind", "tell"},
                       {"at_s", document_seconds(*tell_again)},
                       {"device", one},
                       {"about", reachable}});
    }
    // Files are in all exactly as large as was asked for, trees on average.
    const std::uint64_t share = send_bytes / count + (i < send_bytes % count ? 1 : 0);
    if (share > 0) {
      json send({{"kind", "send"},
                 {"name", fmt::format("send-{}", i)},
                 {"at_s", draw_seconds(random, act_from, act_to)},
                 {"from", one},
                 {"to", reachable},
                 {"content", content_of(share, send_files)}});
      send.update(patience);
      steps.push_back(std::move(send));
    }
  }
  return steps;
}

}  // namespace kith::sim
