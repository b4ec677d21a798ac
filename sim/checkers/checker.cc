#include "sim/checkers/checker.h"

#include <fmt/core.h>

#include "sim/checkers/amplification.h"
#include "sim/checkers/background_traffic.h"
#include "sim/checkers/bounded_retries.h"
#include "sim/checkers/durable_before_acknowledged.h"
#include "sim/checkers/fresh_dials.h"
#include "sim/checkers/fresh_nonces.h"
#include "sim/checkers/messages.h"
#include "sim/checkers/no_partial_content.h"
#include "sim/checkers/no_unauthenticated_write.h"
#include "sim/checkers/old_or_new_after_crash.h"
#include "sim/checkers/one_guess.h"
#include "sim/checkers/path_escape.h"
#include "sim/checkers/peers_are_paired.h"
#include "sim/checkers/prompt_transfers.h"
#include "sim/checkers/published_equals_source.h"
#include "sim/checkers/resources.h"
#include "sim/checkers/stream_bytes.h"
#include "sim/checkers/timers.h"
#include "sim/world/world.h"

namespace kith::sim {

void Checker::violate(const Device& device, Instant at, std::string_view what) {
  if (kept_.size() < kMostKept) kept_.push_back({at, device.index(), std::string(what)});
  if (violations_++ > 0) return;
  const std::int64_t microseconds = at.ns / 1000;
  first_ = fmt::format("at {}.{:06} s {} {}", microseconds / 1'000'000, microseconds % 1'000'000,
                       device.name(), what);
}

std::vector<std::unique_ptr<Checker>> all_checkers(World& world) {
  std::vector<std::unique_ptr<Checker>> checkers;
  checkers.push_back(std::make_unique<PublishedEqualsSource>());
  checkers.push_back(std::make_unique<NoPartialContent>());
  checkers.push_back(std::make_unique<NoUnauthenticatedWrite>());
  checkers.push_back(std::make_unique<DurableBeforeAcknowledged>());
  checkers.push_back(std::make_unique<Messages>());
  checkers.push_back(std::make_unique<Timers>(world));
  checkers.push_back(std::make_unique<OldOrNewAfterCrash>());
  checkers.push_back(std::make_unique<PeersArePaired>());
  checkers.push_back(std::make_unique<OneGuess>());
  checkers.push_back(std::make_unique<PathEscape>());
  checkers.push_back(std::make_unique<StreamBytes>());
  checkers.push_back(std::make_unique<Amplification>());
  checkers.push_back(std::make_unique<FreshDials>());
  checkers.push_back(std::make_unique<BoundedRetries>());
  checkers.push_back(std::make_unique<Resources>());
  checkers.push_back(std::make_unique<FreshNonces>());
  checkers.push_back(std::make_unique<BackgroundTraffic>());
  checkers.push_back(std::make_unique<PromptTransfers>(world));
  return checkers;
}

}  // namespace kith::sim
