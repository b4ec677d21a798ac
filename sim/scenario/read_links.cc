#include "sim/scenario/read_links.h"

namespace kith::sim {
namespace {

constexpr Duration kLongestDelay = std::chrono::minutes(1);
constexpr Duration kLongestReplay = std::chrono::hours(24);
constexpr std::uint64_t kFastestBps = 1'000'000'000'000;  // 1 Tbit/s
// IPv6 needs 1280 bytes (RFC 8200 section 5); an IP packet has no more than 65,535.
constexpr std::uint64_t kSmallestMtu = 1280;
constexpr std::uint64_t kLargestMtu = 65535;

void read_direction(JsonObject& keys, LinkSpec& spec) {
  if (keys.has("rate_mbps")) spec.rate_bps = read_rate(keys.at("rate_mbps"));
  spec.queue_bytes = keys.integer_or("queue_bytes", 1, kLargestQueueBytes, spec.queue_bytes);
  spec.delay = keys.milliseconds_or("delay_ms", kLongestDelay, spec.delay);
  spec.jitter = keys.milliseconds_or("jitter_ms", kLongestDrawnRange, spec.jitter);
  spec.loss = keys.percent_or("loss_percent", spec.loss);
  spec.burst_begin = keys.percent_or("burst_begin_percent", spec.burst_begin);
  spec.burst_length = keys.milliseconds_or("burst_ms", kLongestDrawnRange, spec.burst_length);
  spec.burst_loss = keys.percent_or("burst_loss_percent", spec.burst_loss);
  if (keys.has("police_mbps")) spec.police_bps = read_rate(keys.at("police_mbps"));
  spec.police_bytes = keys.integer_or("police_bytes", 1, kLargestQueueBytes, spec.police_bytes);
  spec.duplicate = keys.percent_or("duplicate_percent", spec.duplicate);
  spec.reorder = keys.percent_or("reorder_percent", spec.reorder);
  spec.reorder_delay =
      keys.milliseconds_or("reorder_delay_ms", kLongestDrawnRange, spec.reorder_delay);
  spec.corrupt = keys.percent_or("corrupt_percent", spec.corrupt);
  spec.replay = keys.percent_or("replay_percent", spec.replay);
  spec.replay_delay = keys.seconds_or("replay_delay_s", kLongestReplay, spec.replay_delay);
  spec.truncate = keys.percent_or("truncate_percent", spec.truncate);
  spec.bleach_ecn = keys.boolean_or("bleach_ecn", spec.bleach_ecn);
  spec.mtu_bytes = static_cast<std::size_t>(
      keys.integer_or("mtu_bytes", kSmallestMtu, kLargestMtu, spec.mtu_bytes));
  spec.up = keys.boolean_or("up", spec.up);
  if (spec.reorder.value > 0 && spec.reorder_delay == Duration{}) {
    keys.refuse("reorder_percent", "means nothing without \"reorder_delay_ms\"");
  }
  if (spec.burst_begin.value > 0 && spec.burst_length == Duration{}) {
    keys.refuse("burst_begin_percent", "means nothing without \"burst_ms\"");
  }
  if (spec.replay.value > 0 && spec.replay_delay == Duration{}) {
    keys.refuse("replay_percent", "means nothing without \"replay_delay_s\"");
  }
}

}  // namespace

std::uint64_t read_rate(const JsonValue& value) {
  const std::uint64_t rate_bps = value.decimal(6, kFastestBps);
  if (rate_bps == 0) value.refuse("must be above 0; leave it out for an unlimited rate");
  return rate_bps;
}

void read_link_properties(JsonObject& keys, LinkSpec& there, LinkSpec& back) {
  read_direction(keys, there);
  read_direction(keys, back);
  if (!keys.has("back")) return;
  JsonObject only_back = keys.at("back").object();
  read_direction(only_back, back);
  only_back.done();
}

void read_link_object(const JsonValue& value, LinkSpec& there, LinkSpec& back) {
  JsonObject keys = value.object();
  read_link_properties(keys, there, back);
  keys.done();
}

std::pair<DeviceIndex, DeviceIndex> read_between(const JsonValue& between, const Names& names) {
  const std::vector<JsonValue> both = between.array(2, 2);
  return names.two_devices(both[0], both[1]);
}

FoundLink find_link(const JsonValue& between, const Names& names,
                    const std::vector<WireSpec>& wires) {
  const auto [first, second] = read_between(between, names);
  for (std::size_t i = 0; i < wires.size(); ++i) {
    if (wires[i].from == first && wires[i].to == second) return {i, false};
    if (wires[i].from == second && wires[i].to == first) return {i, true};
  }
  between.refuse("these two devices have no link");
}

}  // namespace kith::sim
