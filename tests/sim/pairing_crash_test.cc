// Pairing under crashes: each side dies before, during and after every store commit, and before and
// after every datagram it sends and receives. Restarted, and after one contact between the two,
// either both are paired or neither is, and then new words pair them.

#include <fmt/core.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <ostream>
#include <string>
#include <vector>

#include "tests/sim/pairing_scene.h"

namespace kith::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr DeviceIndex kShows = 0;
constexpr DeviceIndex kJoins = 1;
// By then the words have expired too (Config::pairing_code_lifetime).
constexpr Duration kLate = seconds(310);
// Longer than people take here.
constexpr Duration kDecidedBy = milliseconds(400);

// How fast the two people are and what the link does: it decides which messages cross.
struct Pace {
  const char* name;
  std::vector<Duration> deciding;
  Ppm loss;

  friend void PrintTo(const Pace& pace, std::ostream* out) { *out << pace.name; }
};

// When the contact follows the restart.
enum class When : std::uint8_t {
  at_once,  // the person of the other device may still decide: a second contact follows soon
  soon,     // after both people have decided
  late,     // after all that was under way has timed out, and the words have expired
};
constexpr std::array kWhens{When::at_once, When::soon, When::late};

// Where a device dies or its store fails, and what follows.
struct Case {
  DeviceIndex victim = kShows;
  std::optional<Crash> crash;
  std::optional<std::pair<std::uint64_t, ErrorCode>> failed_commit;
  std::optional<std::uint64_t> forgotten_commit;  // a planted bug: reported durable, and is not
  DeviceIndex caller = kShows;                    // begins the contact
  When when = When::soon;

  std::string name() const;
};

using Counts = std::array<std::array<std::uint64_t, kEffectKinds>, 2>;  // by device, by kind

enum class Outcome : std::uint8_t {
  paired_before_contact,
  paired_by_contact,
  neither_with_leftover,  // and new words paired them
  neither,                // and new words paired them
  half_paired,            // which must not be
};
std::string_view to_string(Outcome outcome);

struct Tally {
  std::uint64_t points = 0;
  std::uint64_t runs = 0;
  std::map<Outcome, std::uint64_t> outcomes{{Outcome::half_paired, 0}};
  std::vector<std::string> violations;  // each names its case

  void require(bool holds, const std::string& violation);
  // Prints it, and records it with the test.
  void report(const std::string& what) const;
};

// The effects of a pairing, and of the contact after it if asked.
Counts effects_of_clean_run(const Pace& pace, bool with_contact);
std::vector<Crash> crashes_at(const std::array<std::uint64_t, kEffectKinds>& effects);
// Runs a case and judges it. Whether a commit was under way when the victim died.
bool run_case(const Pace& pace, const Case& wanted, Tally& tally);
void judge(PairingScene& scene, const Case& wanted, const std::string& what, Tally& tally);
// Every crash of either side, contact from either side, soon and late.
void for_every_crash(const Counts& counts, const Pace& pace, Tally& tally);
// Every crash of one side with commits under way kept, contact from either side.
void for_every_crash_of(DeviceIndex victim, std::optional<std::uint64_t> forgotten_commit,
                        Tally& tally);
SceneSpec scene_of(const Pace& pace);
void require_paired_for_good(PairingScene& scene, const std::string& what, Tally& tally);

class PairingCrash : public ::testing::TestWithParam<Pace> {};

TEST_P(PairingCrash, at_any_effect_of_either_side_leaves_nobody_half_paired) {
  const Counts counts = effects_of_clean_run(GetParam(), false);
  Tally tally;
  for_every_crash(counts, GetParam(), tally);
  tally.report(fmt::format("crashes, {}", GetParam().name));
  EXPECT_GE(tally.points, 100u);
  // The crashes reached every way in which a pairing may be left.
  EXPECT_EQ(tally.outcomes.size(), 5u);
  EXPECT_EQ(tally.outcomes[Outcome::half_paired], 0u);
  EXPECT_THAT(tally.violations, IsEmpty());
}

TEST_P(PairingCrash, a_store_that_fails_any_commit_of_either_side_leaves_nobody_half_paired) {
  const Counts counts = effects_of_clean_run(GetParam(), true);
  Tally tally;
  for (const DeviceIndex victim : {kShows, kJoins}) {
    const auto commits = counts[victim][static_cast<std::size_t>(EffectKind::store_commit)];
    for (std::uint64_t nth = 1; nth <= commits; ++nth) {
      for (const ErrorCode code : {ErrorCode::io_error, ErrorCode::no_space}) {
        ++tally.points;
        for (const DeviceIndex caller : {kShows, kJoins}) {
          for (const When when : kWhens) {
            run_case(GetParam(), {victim, {}, {{nth, code}}, {}, caller, when}, tally);
          }
        }
      }
    }
  }
  tally.report(fmt::format("failed commits, {}", GetParam().name));
  EXPECT_GE(tally.points, 12u);
  EXPECT_EQ(tally.outcomes[Outcome::half_paired], 0u);
  EXPECT_THAT(tally.violations, IsEmpty());
}

// The enumeration can fail: without the durable provisional record of a side it sees half a
// pairing.
TEST(PairingCrashPlanted, a_provisional_record_that_is_not_durable_is_found) {
  for (const DeviceIndex victim : {kShows, kJoins}) {
    constexpr std::uint64_t kProvisional = 1;
    Tally planted;
    for_every_crash_of(victim, kProvisional, planted);
    planted.report(fmt::format("planted bug, device {}", victim));
    EXPECT_GT(planted.outcomes[Outcome::half_paired], 0u);
    EXPECT_THAT(planted.violations, Contains(HasSubstr("half paired")));

    Tally sound;
    for_every_crash_of(victim, std::nullopt, sound);
    EXPECT_EQ(sound.points, planted.points);
    EXPECT_THAT(sound.violations, IsEmpty());
  }
}

INSTANTIATE_TEST_SUITE_P(
    Paces, PairingCrash,
    ::testing::Values(Pace{"both_at_once", {}, {}},
                      Pace{"the_shower_decides_later", {milliseconds(300), {}}, {}},
                      Pace{"the_joiner_decides_later", {{}, milliseconds(300)}, {}},
                      Pace{"one_datagram_in_five_is_lost", {}, Ppm{200'000}}),
    [](const auto& paces) { return paces.param.name; });

// --- helpers ------------------------------------------------------------------------------------

SceneSpec scene_of(const Pace& pace) {
  SceneSpec spec;
  spec.link.delay = milliseconds(5);
  spec.link.loss = pace.loss;
  spec.deciding = pace.deciding;
  return spec;
}

std::array<std::uint64_t, kEffectKinds> effects_of(const Device& device) {
  std::array<std::uint64_t, kEffectKinds> effects{};
  for (std::size_t i = 0; i < kEffectKinds; ++i) {
    effects[i] = device.effects(static_cast<EffectKind>(i));
  }
  return effects;
}

Counts effects_of_clean_run(const Pace& pace, bool with_contact) {
  PairingScene scene(scene_of(pace));
  Counts counts;
  for (const DeviceIndex i : {kShows, kJoins}) counts[i] = effects_of(scene.device(i));
  scene.pair(kShows, kJoins);
  scene.run_for(seconds(10));
  EXPECT_EQ(scene.paired(kShows), 1u);
  EXPECT_EQ(scene.paired(kJoins), 1u);
  if (with_contact) {
    EXPECT_TRUE(scene.contact(kShows, kJoins));
  }
  for (const DeviceIndex i : {kShows, kJoins}) {
    const auto all = effects_of(scene.device(i));
    for (std::size_t kind = 0; kind < kEffectKinds; ++kind) {
      counts[i][kind] = all[kind] - counts[i][kind];
    }
  }
  return counts;
}

std::vector<Crash> crashes_at(const std::array<std::uint64_t, kEffectKinds>& effects) {
  std::vector<Crash> crashes;
  for (const EffectKind kind :
       {EffectKind::store_commit, EffectKind::datagram_sent, EffectKind::datagram_received}) {
    for (std::uint64_t nth = 1; nth <= effects[static_cast<std::size_t>(kind)]; ++nth) {
      for (const Moment moment : {Moment::before, Moment::during, Moment::after}) {
        if (moment == Moment::during && kind != EffectKind::store_commit) continue;
        crashes.push_back({.effect = kind,
                           .nth = nth,
                           .moment = moment,
                           .ending = Ending::crashed,
                           .unfinished = Unfinished::lost,
                           .down = milliseconds(50)});
      }
    }
  }
  return crashes;
}

void for_every_crash(const Counts& counts, const Pace& pace, Tally& tally) {
  for (const DeviceIndex victim : {kShows, kJoins}) {
    for (Crash crash : crashes_at(counts[victim])) {
      ++tally.points;
      for (const DeviceIndex caller : {kShows, kJoins}) {
        for (const When when : kWhens) {
          // Without time to decide there is nothing between the two.
          if (when == When::at_once && pace.deciding.empty()) continue;
          crash.unfinished = Unfinished::lost;
          if (!run_case(pace, {victim, crash, {}, {}, caller, when}, tally)) continue;
          crash.unfinished = Unfinished::kept;
          run_case(pace, {victim, crash, {}, {}, caller, when}, tally);
        }
      }
    }
  }
}

void for_every_crash_of(DeviceIndex victim, std::optional<std::uint64_t> forgotten_commit,
                        Tally& tally) {
  const Pace pace{"both_at_once", {}, {}};
  for (Crash crash : crashes_at(effects_of_clean_run(pace, false)[victim])) {
    ++tally.points;
    crash.unfinished = Unfinished::kept;
    for (const DeviceIndex caller : {kShows, kJoins}) {
      run_case(pace, {victim, crash, {}, forgotten_commit, caller, When::soon}, tally);
    }
  }
}

bool run_case(const Pace& pace, const Case& wanted, Tally& tally) {
  const std::string what = fmt::format("{}, {}", pace.name, wanted.name());
  PairingScene scene(scene_of(pace));
  Device& victim = scene.device(wanted.victim);
  if (wanted.crash) victim.crash_at(*wanted.crash);
  if (wanted.failed_commit) {
    victim.store().fail_commit(wanted.failed_commit->first, wanted.failed_commit->second);
  }
  if (wanted.forgotten_commit) victim.store().forget_commit(*wanted.forgotten_commit);
  scene.pair(kShows, kJoins);
  if (wanted.crash) {
    for (int i = 0; i < 1000 && victim.lives() == 1; ++i) scene.run_for(milliseconds(20));
    tally.require(victim.lives() == 2, what + ": it never died");
  } else {
    scene.run_for(milliseconds(200));
  }
  const bool amid_commits = wanted.crash && scene.ended_amid_commits(wanted.victim);
  if (wanted.when == When::at_once) {
    scene.contact(wanted.caller, 1 - wanted.caller);
    scene.run_for(kDecidedBy);
  } else {
    scene.run_for(wanted.when == When::late ? kLate : kDecidedBy);
  }
  judge(scene, wanted, what, tally);
  ++tally.runs;
  return amid_commits;
}

void judge(PairingScene& scene, const Case& wanted, const std::string& what, Tally& tally) {
  const auto both = [&](Standing standing) {
    return scene.standing(kShows, kJoins) == standing && scene.standing(kJoins, kShows) == standing;
  };
  const auto either = [&](Standing standing) {
    return scene.standing(kShows, kJoins) == standing || scene.standing(kJoins, kShows) == standing;
  };
  const bool paired_before = both(Standing::paired);
  const bool reached = scene.contact(wanted.caller, 1 - wanted.caller);
  scene.run_for(milliseconds(100));
  if (both(Standing::paired)) {
    tally.require(reached, what + ": " + scene.contact_error(wanted.caller).message);
    ++tally.outcomes[paired_before ? Outcome::paired_before_contact : Outcome::paired_by_contact];
    return require_paired_for_good(scene, what, tally);
  }
  if (either(Standing::paired)) {
    ++tally.outcomes[Outcome::half_paired];
    return tally.require(false, fmt::format("{}: half paired, {} and {}", what,
                                            to_string(scene.standing(kShows, kJoins)),
                                            to_string(scene.standing(kJoins, kShows))));
  }
  tally.require(!reached, what + ": not paired, and a file arrived");
  ++tally.outcomes[either(Standing::provisional) ? Outcome::neither_with_leftover
                                                 : Outcome::neither];
  // Who survived may still wait for the other and can join meanwhile; later anyone can begin.
  const DeviceIndex shows = wanted.when == When::late ? kShows : wanted.victim;
  scene.pair(shows, 1 - shows);
  if (!scene.run_until_paired(kShows, kJoins, seconds(20))) {
    return tally.require(false, what + ": new words failed");
  }
  scene.run_for(seconds(4));
  require_paired_for_good(scene, what + ", new words", tally);
}

// Both hold the same secret, durably: they reach each other from either side after a power loss.
void require_paired_for_good(PairingScene& scene, const std::string& what, Tally& tally) {
  for (const DeviceIndex i : {kShows, kJoins}) scene.restart(i);
  for (const DeviceIndex caller : {kShows, kJoins}) {
    const bool reached = scene.contact(caller, 1 - caller);
    tally.require(reached, what + ", again: " + scene.contact_error(caller).message);
    tally.require(scene.standing(caller, 1 - caller) == Standing::paired, what + ": not for good");
  }
}

std::string Case::name() const {
  std::string text = victim == kShows ? "the shower" : "the joiner";
  if (crash) {
    static constexpr std::array kKinds{"commit", "file", "datagram sent", "datagram received"};
    static constexpr std::array kMoments{"before", "during", "after"};
    text += fmt::format(" dies {} {} {}, unfinished {}",
                        kMoments[static_cast<std::size_t>(crash->moment)],
                        kKinds[static_cast<std::size_t>(crash->effect)], crash->nth,
                        crash->unfinished == Unfinished::kept ? "kept" : "lost");
  }
  if (failed_commit) {
    text += fmt::format(" fails commit {} with {}", failed_commit->first,
                        to_string(failed_commit->second));
  }
  if (forgotten_commit) text += fmt::format(", commit {} forgotten", *forgotten_commit);
  return text + fmt::format(", {} calls {}", caller == kShows ? "shower" : "joiner",
                            when == When::late   ? "late"
                            : when == When::soon ? "soon"
                                                 : "at once");
}

std::string_view to_string(Outcome outcome) {
  switch (outcome) {
    case Outcome::paired_before_contact:
      return "paired before the contact";
    case Outcome::paired_by_contact:
      return "paired by the contact";
    case Outcome::neither_with_leftover:
      return "neither, a leftover, paired by new words";
    case Outcome::neither:
      return "neither, paired by new words";
    case Outcome::half_paired:
      return "half paired";
  }
  return "?";
}

void Tally::require(bool holds, const std::string& violation) {
  if (!holds) violations.push_back(violation);
}

void Tally::report(const std::string& what) const {
  fmt::print("{}: {} points, {} runs", what, points, runs);
  for (const auto& [outcome, count] : outcomes) fmt::print("; {} {}", count, to_string(outcome));
  fmt::print("\n");
  ::testing::Test::RecordProperty("crash_points", static_cast<int>(points));
  ::testing::Test::RecordProperty("runs", static_cast<int>(runs));
  ::testing::Test::RecordProperty("violations", static_cast<int>(violations.size()));
}

}  // namespace
}  // namespace kith::sim
