#include "sim/draw/activity.h"

#include <fmt/core.h>

#include <algorithm>
#include <string_view>

#include "sim/draw/drawing.h"
#include "sim/scenario/content.h"
#include "sim/scenario/step_limits.h"

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

// What was read already, for a step to hold it as exactly.
json as_written(JsonObject& keys, std::string_view key, const json& fallback) {
  return keys.has(key) ? keys.at(key).json() : fallback;
}

}  // namespace

json draw_activity(JsonObject keys, const Population& population, Duration duration,
                   RandomSource random) {
  const auto moment = [&](std::string_view key, Duration fallback) {
    return keys.seconds_or(key, duration, fallback, "duration_s");
  };
  const Duration pair_from =
      moment("pair_from_s", std::min<Duration>(std::chrono::seconds(1), duration));
  const Duration pair_to = moment("pair_to_s", pair_from);
  const Duration act_from = moment("act_from_s", pair_to);
  const Duration act_to = moment("act_to_s", act_from);
  if (pair_to < pair_from) keys.refuse("pair_to_s", "must not be before \"pair_from_s\"");
  if (act_to < act_from) keys.refuse("act_to_s", "must not be before \"act_from_s\"");
  const std::uint64_t messages = keys.integer_or("messages", 0, kMostMessages, 0);
  const std::uint64_t body_bytes = keys.integer_or("body_bytes", 0, kMostBodyBytes, 100);
  keys.milliseconds_or("every_ms", kLongestPause, {});
  const json every = as_written(keys, "every_ms", 1'000u);
  constexpr std::uint64_t kMostFiles = 10'000;
  const std::uint64_t send_files = keys.integer_or("send_files", 1, kMostFiles, 1);
  const auto count = static_cast<std::uint64_t>(population.pairs.size());
  // A tree may come out twice as large as it is on average.
  const std::uint64_t most_bytes = count * kMostContentBytes / (send_files == 1 ? 1 : 2);
  const std::uint64_t send_bytes = keys.integer_or("send_bytes", 0, most_bytes, 0);
  moment("tell_again_s", {});
  const json tell_again = as_written(keys, "tell_again_s", nullptr);
  json patience = json::object();
  if (keys.has("retry_s")) {
    keys.seconds("retry_s", kLongestRetry);
    patience["retry_s"] = keys.at("retry_s").json();
  }
  keys.done();

  json steps = json::array();
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
                       {"every_ms", every},
                       {"body_bytes", body_bytes}});
    }
    if (!tell_again.is_null()) {
      steps.push_back(
          {{"kind", "tell"}, {"at_s", tell_again}, {"device", one}, {"about", reachable}});
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
