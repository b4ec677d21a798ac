// Capsules as bytes and as files, and runs held to them.

#include "sim/capsule/capsule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "generated/capsule_generated.h"
#include "sim/capsule/capsule_file.h"
#include "sim/capsule/device_dump.h"
#include "sim/capsule/trial.h"
#include "sim/capsule/verdict.h"
#include "sim/scenario/run.h"

namespace kith::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr std::uint64_t kSeed = 7;

Capsule sample();
// With a checksum that fits.
Bytes sealed(Bytes buffer);
Bytes buffer_of(const Bytes& file);
// A capsule's table as `change` leaves it, with a checksum that fits.
using FailureOffsets = std::vector<flatbuffers::Offset<fbs::CapsuleFailure>>;
Bytes written_by_another(std::uint16_t version, std::int64_t until_ns, std::size_t hash_bytes,
                         bool with_failure, std::uint8_t kind = 0);
std::string refusal_of(ByteView file);

// Two devices and a message to one that crashes; nobody could deliver it within 1 s.
Scenario failing_scenario(const std::string& within_s = "1");
Capsule failing_capsule();

class Folder {
 public:
  Folder();
  ~Folder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  std::size_t entries() const;

 private:
  std::string path_;
};

// --- bytes --------------------------------------------------------------------------------------

TEST(CapsuleCodec, a_capsule_reads_back_as_it_was_written) {
  const Capsule capsule = sample();
  const auto read = decode_capsule(encode_capsule(capsule));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(*read, capsule);
  EXPECT_FALSE(read->died());
}

TEST(CapsuleCodec, one_of_a_death_has_no_hash) {
  Capsule capsule = sample();
  capsule.trace_hash.reset();
  capsule.failures = {death_failure("ended by signal 6 (Aborted)")};
  const auto read = decode_capsule(encode_capsule(capsule));
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(*read, capsule);
  EXPECT_TRUE(read->died());
}

RC_GTEST_PROP(CapsuleCodec, every_capsule_reads_back_as_it_was_written, ()) {
  Capsule capsule;
  capsule.commit = *rc::gen::arbitrary<std::string>();
  capsule.scenario = *rc::gen::arbitrary<std::string>();
  capsule.seed = *rc::gen::arbitrary<std::uint64_t>();
  capsule.document = *rc::gen::arbitrary<std::string>();
  capsule.until = Duration{*rc::gen::nonNegative<std::int64_t>()};
  capsule.events = *rc::gen::arbitrary<std::uint64_t>();
  if (*rc::gen::arbitrary<bool>()) {
    Digest& digest = capsule.trace_hash.emplace();
    for (std::byte& byte : digest.bytes) byte = std::byte{*rc::gen::arbitrary<std::uint8_t>()};
  }
  const auto count = *rc::gen::inRange<std::size_t>(1, 6);
  for (std::size_t i = 0; i < count; ++i) {
    capsule.failures.push_back(
        {static_cast<Failure::Kind>(*rc::gen::inRange(0, 3)), *rc::gen::arbitrary<std::string>(),
         *rc::gen::arbitrary<std::string>(), Instant{*rc::gen::arbitrary<std::int64_t>()}});
  }
  const auto read = decode_capsule(encode_capsule(capsule));
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == capsule);
}

TEST(CapsuleCodec, one_that_is_cut_anywhere_is_refused) {
  const Bytes file = encode_capsule(sample());
  for (std::size_t size = 0; size < file.size(); ++size) {
    const std::string refusal = refusal_of(ByteView(file).first(size));
    EXPECT_THAT(refusal, size < 16 ? StartsWith("is too short") : StartsWith("is damaged")) << size;
  }
}

TEST(CapsuleCodec, a_bit_that_flipped_anywhere_is_seen) {
  const Bytes file = encode_capsule(sample());
  for (std::size_t bit = 0; bit < file.size() * 8; ++bit) {
    Bytes damaged = file;
    damaged[bit / 8] ^= std::byte{1} << (bit % 8);
    EXPECT_FALSE(decode_capsule(damaged).has_value()) << "bit " << bit;
  }
}

TEST(CapsuleCodec, what_follows_the_end_is_seen) {
  Bytes file = encode_capsule(sample());
  file.push_back(std::byte{0});
  EXPECT_THAT(refusal_of(file), HasSubstr("checksum"));
}

TEST(CapsuleCodec, a_file_of_another_kind_is_no_capsule) {
  const std::string recording("KITHREC\0\0\0\0\1 and so on, for a while", 36);
  EXPECT_EQ(refusal_of(as_byte_view(recording)), "is no capsule");
  EXPECT_FALSE(looks_like_capsule(as_byte_view(recording)));
  EXPECT_TRUE(looks_like_capsule(encode_capsule(sample())));
  EXPECT_FALSE(looks_like_capsule({}));
}

// A checksum that fits protects nobody from a table that lies.
TEST(CapsuleCodec, a_damaged_table_is_refused_whatever_its_checksum) {
  const Bytes buffer = buffer_of(encode_capsule(sample()));
  std::size_t refused = 0;
  for (std::size_t i = 0; i < buffer.size(); ++i) {
    Bytes damaged = buffer;
    damaged[i] ^= std::byte{0xff};
    if (!decode_capsule(sealed(std::move(damaged))).has_value()) ++refused;
  }
  EXPECT_GT(refused, 20u);
  EXPECT_THAT(refusal_of(sealed(Bytes(buffer.begin(), buffer.begin() + 40))),
              HasSubstr("is no whole capsule"));
}

TEST(CapsuleCodec, another_version_is_named) {
  ASSERT_TRUE(decode_capsule(written_by_another(1, 5, 32, true)).has_value());
  EXPECT_EQ(refusal_of(written_by_another(2, 5, 32, true)),
            "is a capsule of version 2; this kith-sim reads version 1");
}

TEST(CapsuleCodec, what_cannot_be_of_a_run_is_refused) {
  for (const Bytes& file :
       {written_by_another(1, -1, 32, true), written_by_another(1, 5, 31, true),
        written_by_another(1, 5, 32, false), written_by_another(1, 5, 32, true, 3)}) {
    EXPECT_THAT(refusal_of(file), HasSubstr("what it says of the run cannot be"));
  }
}

// --- files --------------------------------------------------------------------------------------

TEST(CapsuleFile, is_written_once_and_whole) {
  const Folder folder;
  const std::string path = folder / "a.capsule";
  ASSERT_TRUE(check_capsule_path(path).has_value());
  ASSERT_TRUE(write_capsule(sample(), path).has_value());
  const auto read = read_capsule(path);
  ASSERT_TRUE(read.has_value()) << read.error().message;
  EXPECT_EQ(*read, sample());
  EXPECT_TRUE(is_capsule(path));

  Capsule other = sample();
  other.seed = 8;
  EXPECT_EQ(check_capsule_path(path).error().code, ErrorCode::already_exists);
  EXPECT_EQ(write_capsule(other, path).error().code, ErrorCode::already_exists);
  EXPECT_EQ(read_capsule(path)->seed, sample().seed);
  EXPECT_EQ(folder.entries(), 1u);  // and nothing temporary
}

TEST(CapsuleFile, that_cannot_be_written_or_read_says_which_and_why) {
  const Folder folder;
  const std::string nowhere = folder / "no/such/a.capsule";
  EXPECT_THAT(check_capsule_path(nowhere).error().message, HasSubstr("no/such/a.capsule"));
  EXPECT_EQ(write_capsule(sample(), nowhere).error().code, ErrorCode::io_error);
  EXPECT_EQ(read_capsule(nowhere).error().code, ErrorCode::not_found);
  EXPECT_EQ(read_capsule(folder / "").error().code, ErrorCode::invalid_argument);
  EXPECT_FALSE(is_capsule(nowhere));
  std::ofstream(folder / "short") << "KCAP";
  EXPECT_THAT(read_capsule(folder / "short").error().message,
              HasSubstr("short is too short for a capsule."));
}

// --- runs ---------------------------------------------------------------------------------------

TEST(CapsuleOfARun, run_again_gives_the_same) {
  const Capsule capsule = failing_capsule();
  ASSERT_EQ(capsule.failures.size(), 1u);
  EXPECT_EQ(capsule.failures[0].name, "messages_delivered");
  EXPECT_GT(capsule.events, 0u);
  const auto read = decode_capsule(encode_capsule(capsule));
  ASSERT_TRUE(read.has_value());
  const auto scenario =
      parse_scenario("capsule.json", read->document, built_in_handlers(), read->seed);
  ASSERT_TRUE(scenario.has_value()) << scenario.error().message;
  EXPECT_THAT(differences(*read, run_here(*scenario, read->seed, read->until).report), IsEmpty());
}

TEST(CapsuleOfARun, notices_a_document_that_was_changed) {
  Capsule capsule = failing_capsule();
  const std::string text = capsule.document;
  const auto replace = [&](const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << text;
    Capsule changed = capsule;
    changed.document.replace(at, from.size(), to);
    const auto scenario =
        parse_scenario("changed.json", changed.document, built_in_handlers(), changed.seed);
    return differences(changed, run_here(*scenario, changed.seed, changed.until).report);
  };
  EXPECT_THAT(replace("\"delay_ms\":20", "\"delay_ms\":21"),
              ::testing::Contains(HasSubstr("the trace hash is")));
  EXPECT_THAT(replace("\"within_s\":1", "\"within_s\":9"),
              ElementsAre(HasSubstr("failed then and not now: expectation messages_delivered")));
}

TEST(CapsuleOfARun, notices_another_seed_and_another_end) {
  const Capsule capsule = failing_capsule();
  const Scenario scenario = failing_scenario();
  EXPECT_THAT(differences(capsule, run_here(scenario, kSeed + 1, capsule.until).report),
              ::testing::Contains(HasSubstr("the trace hash is")));
  EXPECT_FALSE(differences(capsule, run_here(scenario, kSeed, capsule.until / 100).report).empty());
}

TEST(CapsuleOfARun, keeps_when_a_violation_was_first_seen) {
  Report report;
  report.violations = {{"messages", false, "first"}, {"timers", false, "second"}};
  report.sightings = {{"timers", Instant{3}, 0, "x"},
                      {"messages", Instant{5}, 0, "y"},
                      {"messages", Instant{9}, 0, "z"}};
  report.expectations = {{"paired", true, "met"}, {"all_paired", false, "missed"}};
  EXPECT_THAT(failures_of(report),
              ElementsAre(Failure{Failure::Kind::violation, "messages", "first", Instant{5}},
                          Failure{Failure::Kind::violation, "timers", "second", Instant{3}},
                          Failure{Failure::Kind::expectation, "all_paired", "missed", {}}));
}

TEST(CapsuleOfARun, a_death_is_compared_by_how_the_process_ended) {
  const Scenario scenario = failing_scenario();
  const Capsule capsule = capsule_of_death(scenario, kSeed, Duration::max(), "ended by signal 6");
  EXPECT_EQ(capsule.until, scenario.duration);
  EXPECT_TRUE(capsule.died());
  EXPECT_THAT(differences_of_death(capsule, "ended by signal 6"), IsEmpty());
  EXPECT_EQ(differences_of_death(capsule, "ended by signal 11").size(), 2u);
  EXPECT_THAT(differences_of_death(capsule, ""), ElementsAre(HasSubstr("failed then and not now")));
}

TEST(CapsuleOfARun, a_run_in_a_process_of_its_own_says_how_that_ended) {
  const Scenario scenario = failing_scenario();
  const auto alive = run_apart(scenario, kSeed, scenario.duration, /*quiet=*/true);
  ASSERT_TRUE(alive.has_value());
  EXPECT_EQ(alive->death, "");
  Handlers handlers = built_in_handlers();
  struct Dies : WorkloadStep {
    void begin(Stage&) override { std::abort(); }
  };
  handlers.steps["die"] = [](JsonObject&, const Names&) {
    return [] { return std::make_unique<Dies>(); };
  };
  nlohmann::json document = nlohmann::json::parse(scenario.document);
  document["workload"].push_back({{"kind", "die"}, {"at_s", 2}});
  const auto deadly = parse_scenario("deadly.json", document.dump(), handlers, kSeed);
  ASSERT_TRUE(deadly.has_value()) << deadly.error().message;
  const auto died = run_apart(*deadly, kSeed, deadly->duration, /*quiet=*/true);
  ASSERT_TRUE(died.has_value());
  EXPECT_THAT(died->death, HasSubstr("signal 6"));
  EXPECT_EQ(run_apart(*deadly, kSeed, std::chrono::seconds(1), true)->death, "");
}

// --- devices ------------------------------------------------------------------------------------

TEST(DeviceDump, shows_what_a_device_has_come_to) {
  const Scenario scenario = failing_scenario();
  sim::Run run(scenario, kSeed);
  Device* const bob = find_device(run.world(), "bob");
  ASSERT_EQ(bob, find_device(run.world(), "1"));
  EXPECT_EQ(find_device(run.world(), "carol"), nullptr);
  DeviceHistory history(bob->index());
  run.world().add_observer(history);
  run.execute();
  const nlohmann::json dump = dump_device(run.world(), *bob, history);
  EXPECT_EQ(dump["device"], "bob");
  EXPECT_EQ(dump["running"], true);
  EXPECT_EQ(dump["lives"], 2);
  EXPECT_EQ(dump["id"], bob->id().to_hex());
  EXPECT_EQ(dump["sockets"].size(), 1u) << dump;
  EXPECT_EQ(dump["addresses"], nlohmann::json::array({"10.0.0.2:4433"}));
  EXPECT_GT(dump["effects"]["store_commit"], 0);
  EXPECT_GT(dump["effects"]["datagram_received"], 0);
  EXPECT_GT(dump["store"]["keys"], 0);
  EXPECT_TRUE(dump["paired"].contains("alice")) << dump;
  EXPECT_EQ(dump["devices"].size(), 1u);
  EXPECT_EQ(dump["devices"][0]["name"], "alice");
  EXPECT_EQ(dump["messages"]["received"], 1);
  EXPECT_EQ(dump["disk"]["inbox"], nlohmann::json::object({{"a", 100}}));
  ASSERT_EQ(dump["transfers"].size(), 1u);
  EXPECT_EQ(dump["transfers"].front()["direction"], "receiving");
  EXPECT_TRUE(dump["transfers"].front()["completed_s"].is_number());
}

TEST(DeviceDump, of_one_that_is_down_has_no_engine_to_ask) {
  const Scenario scenario = failing_scenario();
  sim::Run run(scenario, kSeed);
  Device* const bob = find_device(run.world(), "bob");
  DeviceHistory history(bob->index());
  run.world().add_observer(history);
  run.execute(std::chrono::milliseconds(4'100));
  const nlohmann::json dump = dump_device(run.world(), *bob, history);
  EXPECT_EQ(dump["running"], false);
  EXPECT_EQ(dump["next_wakeup"], nullptr);
  EXPECT_EQ(dump["sockets"], nlohmann::json::array());
  EXPECT_EQ(dump["at_s"], 4.1);
}

TEST(DeviceDump, changes_nothing_of_the_run) {
  const Capsule capsule = failing_capsule();
  const Scenario scenario = failing_scenario();
  sim::Run run(scenario, kSeed);
  DeviceHistory history(0);
  run.world().add_observer(history);
  const Report report = run.execute();
  dump_device(run.world(), run.world().device(0), history);
  EXPECT_THAT(differences(capsule, report), IsEmpty());
}

// --- helpers ------------------------------------------------------------------------------------

Capsule sample() {
  Capsule capsule{"abc123",
                  "pair-and-send",
                  42,
                  R"({"version": 1})",
                  Duration{123'456'789},
                  1'000,
                  blake3(as_byte_view("a run")),
                  {}};
  capsule.failures = {
      {Failure::Kind::violation, "messages", "bob was given a message twice", Instant{99}},
      {Failure::Kind::expectation, "all_paired", "1 of 2 not", {}}};
  return capsule;
}

Bytes sealed(Bytes buffer) {
  const Digest digest = blake3(buffer);
  buffer.insert(buffer.end(), digest.bytes.begin(), digest.bytes.begin() + 8);
  return buffer;
}

Bytes buffer_of(const Bytes& file) { return Bytes(file.begin(), file.end() - 8); }

Bytes written_by_another(std::uint16_t version, std::int64_t until_ns, std::size_t hash_bytes,
                         bool with_failure, std::uint8_t kind) {
  flatbuffers::FlatBufferBuilder builder;
  const auto text = builder.CreateString("text");
  const auto hash = builder.CreateVector(std::vector<std::uint8_t>(hash_bytes));
  FailureOffsets failures;
  if (with_failure) {
    failures.push_back(fbs::CreateCapsuleFailure(
        builder, static_cast<fbs::CapsuleFailureKind>(kind), text, text, 0));
  }
  const auto list = builder.CreateVector(failures);
  fbs::FinishCapsuleBuffer(
      builder, fbs::CreateCapsule(builder, version, text, text, 1, text, until_ns, 1, hash, list));
  const auto bytes = std::as_bytes(std::span(builder.GetBufferPointer(), builder.GetSize()));
  return sealed(Bytes(bytes.begin(), bytes.end()));
}

std::string refusal_of(ByteView file) {
  const auto capsule = decode_capsule(file);
  return capsule ? "was read" : capsule.error().message;
}

Scenario failing_scenario(const std::string& within_s) {
  const std::string text = R"({
    "version": 1, "duration_s": 12,
    "topology": { "devices": [{ "name": "alice" }, { "name": "bob" }],
                  "links": [{ "between": ["alice", "bob"], "delay_ms": 20 }] },
    "workload": [
      { "kind": "pair", "at_s": 1, "initiator": "alice", "joiner": "bob" },
      { "kind": "message", "name": "hello", "at_s": 2, "from": "alice", "to": "bob" },
      { "kind": "send", "name": "file", "at_s": 2, "from": "alice", "to": "bob",
        "content": { "file": "a", "size_bytes": 100 } }],
    "faults": [{ "kind": "kill", "at_s": 4, "device": "bob", "down_s": 1 }],
    "expectations": [{ "kind": "messages_delivered", "messages": "hello", "within_s": )" +
                           within_s + "}]}";
  auto scenario = parse_scenario("failing.json", text, built_in_handlers(), kSeed);
  EXPECT_TRUE(scenario.has_value()) << scenario.error().message;
  return std::move(*scenario);
}

Capsule failing_capsule() {
  const Scenario scenario = failing_scenario();
  return capsule_of(scenario, kSeed, Duration::max(),
                    run_here(scenario, kSeed, Duration::max()).report);
}

Folder::Folder() {
  std::string pattern = ::testing::TempDir() + "capsule-XXXXXX";
  path_ = ::mkdtemp(pattern.data());
}

std::size_t Folder::entries() const {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(path_), {}));
}

}  // namespace
}  // namespace kith::sim
