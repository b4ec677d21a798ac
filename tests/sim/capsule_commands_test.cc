// What kith-sim and swarms do with capsules that no scenario of files alone brings about: processes
// that die, and runs that come out otherwise. capsule_cli_test.sh has the rest.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <vector>

#include "sim/capsule/capsule_file.h"
#include "sim/cli/cli.h"
#include "sim/swarm/swarm.h"

namespace kith::sim {
namespace {

using ::testing::HasSubstr;

class CapsuleCommands : public ::testing::Test {
 protected:
  void SetUp() override;
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // kith-sim with these arguments: its exit code.
  static int kith_sim(const Handlers& handlers, std::vector<std::string> arguments);
  std::vector<SwarmOutcome> swarm(const Handlers& handlers) const;

  std::string folder_;
};

// People who never pair, and people at whose first step the process ends.
Handlers idle_people();
Handlers deadly_people();

TEST_F(CapsuleCommands, a_swarm_writes_one_for_every_seed_that_fails) {
  const Handlers handlers = idle_people();
  for (const SwarmOutcome& outcome : swarm(handlers)) {
    EXPECT_FALSE(outcome.ok);
    EXPECT_EQ(outcome.capsule, folder_ + "/seed-" + std::to_string(outcome.seed) + ".capsule");
    const auto capsule = read_capsule(outcome.capsule);
    ASSERT_TRUE(capsule.has_value()) << capsule.error().message;
    EXPECT_EQ(capsule->seed, outcome.seed);
    EXPECT_EQ(capsule->trace_hash->to_hex(), outcome.trace_hash);
    EXPECT_EQ(capsule->failures.size(), outcome.failures.size());
    EXPECT_EQ(kith_sim(handlers, {"replay", outcome.capsule}), 0);
  }
  // They stand there now, and stay.
  for (const SwarmOutcome& outcome : swarm(handlers)) {
    EXPECT_EQ(outcome.capsule, "");
    EXPECT_THAT(outcome.capsule_fault, HasSubstr("File exists"));
  }
}

TEST_F(CapsuleCommands, a_swarm_writes_one_for_a_process_that_died) {
  const Handlers handlers = deadly_people();
  for (const SwarmOutcome& outcome : swarm(handlers)) {
    EXPECT_THAT(outcome.death, HasSubstr("signal 6"));
    const auto capsule = read_capsule(outcome.capsule);
    ASSERT_TRUE(capsule.has_value()) << capsule.error().message;
    EXPECT_TRUE(capsule->died());
    EXPECT_EQ(capsule->failures.at(0).value, outcome.death);
    EXPECT_EQ(kith_sim(handlers, {"replay", outcome.capsule}), 0);
    EXPECT_EQ(kith_sim(idle_people(), {"replay", outcome.capsule}), 1);
    // Before it dies it can be looked at.
    EXPECT_EQ(kith_sim(handlers, {"replay", outcome.capsule, "--until", "0.5", "--dump", "0"}), 0);
  }
}

TEST_F(CapsuleCommands, a_death_is_shrunk_in_processes_of_its_own) {
  const Handlers handlers = deadly_people();
  const std::string path = swarm(handlers).at(0).capsule;
  const std::string small = folder_ + "/small.capsule";
  EXPECT_EQ(kith_sim(handlers, {"shrink", path, "--out", small}), 0);
  const auto before = read_capsule(path);
  const auto after = read_capsule(small);
  ASSERT_TRUE(after.has_value()) << after.error().message;
  EXPECT_EQ(after->failures, before->failures);
  EXPECT_EQ(after->seed, before->seed);
  EXPECT_LT(after->document.size() * 2, before->document.size());
  EXPECT_LT(after->until, before->until);
  EXPECT_EQ(kith_sim(handlers, {"replay", small}), 0);
}

TEST_F(CapsuleCommands, a_run_that_comes_out_otherwise_is_told_by_the_exit_code) {
  const Handlers handlers = idle_people();
  auto capsule = read_capsule(swarm(handlers).at(0).capsule);
  ASSERT_TRUE(capsule.has_value());
  ++capsule->events;
  const std::string other = folder_ + "/other.capsule";
  ASSERT_TRUE(write_capsule(*capsule, other).has_value());
  EXPECT_EQ(kith_sim(handlers, {"replay", other}), 1);
  EXPECT_EQ(kith_sim(handlers, {"replay", other, "--until", "1"}), 0);  // nothing is compared

  capsule->failures = {{Failure::Kind::violation, "messages", "never seen", {}}};
  const std::string healthy = folder_ + "/healthy.capsule";
  ASSERT_TRUE(write_capsule(*capsule, healthy).has_value());
  EXPECT_EQ(kith_sim(handlers, {"shrink", healthy}), 1);

  capsule->document = "{}";
  const std::string unusable = folder_ + "/unusable.capsule";
  ASSERT_TRUE(write_capsule(*capsule, unusable).has_value());
  EXPECT_EQ(kith_sim(handlers, {"replay", unusable}), 2);
  EXPECT_EQ(kith_sim(handlers, {"shrink", unusable}), 2);
}

TEST_F(CapsuleCommands, a_swarm_says_of_every_seed_that_fails_how_to_see_it_again) {
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(kith_sim(idle_people(), {"swarm", "--seeds", "1-2", "--devices", "4"}), 1);
  const std::string text = ::testing::internal::GetCapturedStderr();
  for (const std::string seed : {"1", "2"}) {
    EXPECT_THAT(text, HasSubstr("failed: seed " + seed + ", commit "));
    EXPECT_THAT(text, HasSubstr("run swarm:4 --seed " + seed + "\n"));
  }
  EXPECT_THAT(text, HasSubstr("  all_paired: there are no pairs\n"));
}

TEST_F(CapsuleCommands, a_program_without_its_steps_names_them) {
  Handlers handlers = idle_people();
  const std::string path = swarm(handlers).at(0).capsule;
  handlers.steps.erase("pair");
  for (const std::string command : {"replay", "shrink"}) {
    ::testing::internal::CaptureStderr();
    EXPECT_EQ(kith_sim(handlers, {command, path}), 2);
    EXPECT_THAT(::testing::internal::GetCapturedStderr(),
                HasSubstr("was written by a program with steps of its own: pair."));
  }
  // What it holds can be read all the same.
  EXPECT_EQ(kith_sim(handlers, {"expand", path}), 0);
}

// --- helpers ------------------------------------------------------------------------------------

struct Idle : WorkloadStep {
  void begin(Stage&) override {}
};
struct Deadly : WorkloadStep {
  void begin(Stage&) override { std::abort(); }
};

template <class Step>
Handlers people_who_pair_by() {
  Handlers handlers = built_in_handlers();
  handlers.steps["pair"] = [](JsonObject& keys, const Names& names) {
    read_pair_step(keys, names);  // takes the keys
    return [] { return std::make_unique<Step>(); };
  };
  return handlers;
}

Handlers idle_people() { return people_who_pair_by<Idle>(); }
Handlers deadly_people() { return people_who_pair_by<Deadly>(); }

void CapsuleCommands::SetUp() {
  folder_ = ::testing::TempDir() + "commands-XXXXXX";
  ASSERT_NE(::mkdtemp(folder_.data()), nullptr);
}

int CapsuleCommands::kith_sim(const Handlers& handlers, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), "kith-sim");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  return sim::main(static_cast<int>(argv.size()), argv.data(), handlers);
}

std::vector<SwarmOutcome> CapsuleCommands::swarm(const Handlers& handlers) const {
  SwarmSpec spec;
  spec.first_seed = 1;
  spec.last_seed = 2;
  spec.scenario = [&](std::uint64_t seed) { return swarm_scenario(seed, 4, handlers); };
  spec.capsules = folder_;
  std::vector<SwarmOutcome> outcomes;
  const auto ran =
      run_swarm(spec, [&](const SwarmOutcome& outcome) { outcomes.push_back(outcome); });
  EXPECT_TRUE(ran.has_value());
  EXPECT_EQ(outcomes.size(), 2u);
  return outcomes;
}

}  // namespace
}  // namespace kith::sim
