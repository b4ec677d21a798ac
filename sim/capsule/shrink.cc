#include "sim/capsule/shrink.h"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <utility>

#include "sim/capsule/ddmin.h"
#include "sim/capsule/document_edit.h"
#include "sim/capsule/groundwork.h"
#include "sim/capsule/verdict.h"
#include "sim/draw/drawing.h"

namespace kith::sim {
namespace {

using std::chrono::milliseconds;

bool is_same(const Failure& wanted, const Failure& failure) {
  return failure.kind == wanted.kind && failure.name == wanted.name;
}

// What of the wanted failure a trial shows; nothing if it fails otherwise or not at all.
std::optional<Failure> same_failure(const Failure& wanted, const Trial& trial) {
  if (wanted.kind == Failure::Kind::death || !trial.death.empty()) {
    const Failure death = death_failure(trial.death);
    if (is_same(wanted, death) && death.value == wanted.value) return death;
    return std::nullopt;
  }
  for (const Failure& failure : failures_of(trial.report)) {
    if (is_same(wanted, failure)) return failure;
  }
  return std::nullopt;
}

class Shrinker {
 public:
  Shrinker(const ShrinkTask& task, const RunTrial& run, const std::function<bool()>& goes_on)
      : task_(task), run_(run), goes_on_(goes_on) {}

  Result<Shrunk> shrink() {
    if (auto begun = begin(); !begun) return tl::unexpected(begun.error());
    Shrunk shrunk;
    shrunk.before = size();
    std::uint64_t gains = 0;
    do {
      gains = gains_;
      drop_expectations();
      cut_time();
      drop_devices();
      drop_sites();
      drop_entries("faults", faults_with_groundwork);
      drop_entries("workload", steps_with_groundwork);
      cut_time();
      reduce_amounts();
      drop_properties();
    } while (gains_ > gains && !spent_);
    shrunk.after = size();
    shrunk.document = document_.dump();
    shrunk.until = until_;
    shrunk.trial = std::move(trial_);
    shrunk.trials = trials_;
    shrunk.finished = !spent_;
    return shrunk;
  }

 private:
  bool is_missed_expectation() const { return task_.failure.kind == Failure::Kind::expectation; }

  Result<void> begin() {
    const auto scenario =
        parse_scenario("capsule.json", task_.document, task_.handlers, task_.seed);
    if (!scenario) return tl::unexpected(scenario.error());
    document_ = Document::parse(scenario->document);
    until_ = std::min(task_.until, scenario->duration);
    trial_ = run_(*scenario, task_.seed, until_);
    trials_ = 1;
    const auto found = same_failure(task_.failure, trial_);
    if (!found) {
      return failure(ErrorCode::invalid_argument,
                     fmt::format("A run of it does not fail by {}.", task_.failure.name));
    }
    failure_ = *found;
    return {};
  }

  RunSize size() const {
    const bool died = !trial_.death.empty();
    return {count_of(document_.at("topology"), "devices"), count_of(document_, "faults"),
            count_of(document_, "workload"), died ? until_ : trial_.report.virtual_time,
            died ? 0 : trial_.report.events};
  }

  // Goes on with the candidate if it fails in the same way.
  bool attempt(Document candidate, Duration until) {
    if (candidate == document_ && until == until_) return false;
    if (is_missed_expectation() && !has_subjects(candidate)) return false;
    const std::string text = candidate.dump();
    const Digest digest = blake3(as_byte_view(fmt::format("{} {}", until.count(), text)));
    if (spent_ || refuted_.contains(digest)) return false;
    const auto scenario = parse_scenario("candidate.json", text, task_.handlers, task_.seed);
    if (!scenario) return false;
    spent_ = !goes_on_();
    if (spent_) return false;
    ++trials_;
    until = std::min(until, scenario->duration);
    Trial trial = run_(*scenario, task_.seed, until);
    const auto found = same_failure(task_.failure, trial);
    if (!found) {
      refuted_.insert(digest);
      return false;
    }
    document_ = std::move(candidate);
    until_ = until;
    trial_ = std::move(trial);
    failure_ = *found;
    ++gains_;
    return true;
  }

  // Where nothing is expected a scenario still says that there shall be no violation.
  void drop_expectations() {
    Document candidate = document_;
    if (!is_missed_expectation()) {
      candidate["expectations"] = Document::array({{{"kind", "no_violations"}}});
      attempt(std::move(candidate), until_);
      return;
    }
    const Document all = document_.at("expectations");
    Kept named;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (all[i].at("kind") == task_.failure.name) named.push_back(i);
    }
    for (const std::size_t one : named) {
      if (attempt(with_entries(document_, "expectations", {one}), until_)) return;
    }
    attempt(with_entries(document_, "expectations", named), until_);
  }

  // --- time -------------------------------------------------------------------------------------

  bool end_at(milliseconds end) {
    return end < until_ && attempt(ending_at(document_, document_seconds(end)), end);
  }

  void cut_time() {
    if (is_missed_expectation()) return cut_to_deadline();
    // Violations are seen when they happen, but some only when the run is over.
    const auto seen = std::chrono::ceil<milliseconds>(failure_.at - Instant{}) + milliseconds(1);
    if (failure_.kind == Failure::Kind::violation && end_at(seen)) return;
    while (end_at(std::chrono::floor<milliseconds>(until_ / 2))) {
    }
  }

  // What comes later than all deadlines changes nothing.
  void cut_to_deadline() {
    Document latest = 0;
    for (const Document& expectation : document_.at("expectations")) {
      if (!expectation.contains("within_s")) return;
      const Document& within = expectation.at("within_s");
      if (within.get<double>() > latest.get<double>()) latest = within;
    }
    Document candidate = ending_at(document_, latest.get<double>());
    candidate["duration_s"] = latest;
    if (latest.get<double>() < document_.at("duration_s").get<double>()) {
      attempt(std::move(candidate), until_);
    }
  }

  // --- parts ------------------------------------------------------------------------------------

  // Tries what `make` makes of a choice of `count` parts.
  template <class Make>
  void choose(std::size_t count, const Make& make) {
    // A candidate costs time even if it is not run.
    ddmin(
        count, [&](const Kept& kept) { return !spent_ && attempt(make(kept), until_); },
        [this] { return spent_; });
  }

  void drop_devices() {
    const Document all = document_;
    choose(count_of(all.at("topology"), "devices"),
           [&](const Kept& kept) { return with_devices(all, devices_with_groundwork(all, kept)); });
  }

  void drop_sites() {
    const Document all = document_;
    const std::vector<std::string> unused = unused_sites(all);
    choose(unused.size(), [&](const Kept& kept) {
      std::set<std::string> gone(unused.begin(), unused.end());
      for (const std::size_t number : kept) gone.erase(unused[number]);
      return without_sites(all, gone);
    });
  }

  template <class Groundwork>
  void drop_entries(const char* list, const Groundwork& with_groundwork) {
    const Document all = document_;
    choose(count_of(all, list), [&](const Kept& kept) {
      return with_entries(all, list, is_missed_expectation() ? with_groundwork(all, kept) : kept);
    });
  }

  void drop_properties() {
    const Document all = document_;
    const auto properties = properties_of(all);
    choose(properties.size(), [&](const Kept& kept) {
      std::vector<Document::json_pointer> gone;
      for (std::size_t i = 0; i < properties.size(); ++i) {
        if (!std::binary_search(kept.begin(), kept.end(), i)) gone.push_back(properties[i]);
      }
      return without_properties(all, gone);
    });
  }

  // --- amounts ----------------------------------------------------------------------------------

  bool change_amount(const Amount& amount, std::uint64_t value) {
    Document candidate = document_;
    candidate.at(amount.where) = value;
    return attempt(std::move(candidate), until_);
  }

  void reduce_amounts() {
    for (const Amount& amount : amounts_of(document_)) {
      if (spent_) return;
      if (change_amount(amount, amount.least)) continue;
      const auto now = [&] { return document_.at(amount.where).get<std::uint64_t>(); };
      while (now() / 2 > amount.least && change_amount(amount, now() / 2)) {
      }
    }
  }

  const ShrinkTask& task_;
  const RunTrial& run_;
  const std::function<bool()>& goes_on_;

  // The smallest that fails in the same way, and how it does.
  Document document_;
  Duration until_{};
  Trial trial_;
  Failure failure_;

  std::set<Digest> refuted_;  // candidates that failed otherwise or not at all
  std::uint64_t trials_ = 0;
  std::uint64_t gains_ = 0;
  bool spent_ = false;
};

}  // namespace

Result<Shrunk> shrink(const ShrinkTask& task, const RunTrial& run,
                      const std::function<bool()>& goes_on) {
  return Shrinker(task, run, goes_on).shrink();
}

}  // namespace kith::sim
