// Recordings of simulated devices, executed again; and what a timeline of one may not hold.

#include "sim/replay/replay.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "engine/base/byte_reader.h"
#include "engine/base/byte_writer.h"
#include "engine/base/text.h"
#include "engine/trace/recording_writer.h"
#include "generated/trace_generated.h"
#include "sim/replay/redact.h"
#include "sim/scenario/run.h"

namespace kith::sim {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr std::uint64_t kNoLimit = ~std::uint64_t{0};
constexpr std::string_view kSecretName = "planted-file-name";
constexpr std::string_view kSecretDestination = "planted-destination";

struct Collecting : trace::Sink {
  void append(ByteView piece) override { pieces.push_back(to_bytes(piece)); }
  std::vector<Bytes> pieces;  // the head of the file, then frames
};

class Memory : public trace::ByteSource {
 public:
  explicit Memory(const std::vector<Bytes>& pieces) {
    for (const Bytes& piece : pieces) bytes_.insert(bytes_.end(), piece.begin(), piece.end());
  }
  std::size_t read(std::span<std::byte> into) override {
    const std::size_t count = std::min(into.size(), bytes_.size() - at_);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(at_), count, into.begin());
    at_ += count;
    return count;
  }

 private:
  Bytes bytes_;
  std::size_t at_ = 0;
};

// What alice and bob did: they pair, she sends, and his power fails meanwhile.
struct Recorded {
  std::vector<Bytes> alice;
  std::vector<Bytes> bob;
  std::vector<std::string> words;
  Bytes content;
};
const Recorded& recorded();
ReplayReport replay_of(const std::vector<Bytes>& pieces);
std::string timeline_of(const std::vector<Bytes>& pieces);

// The bodies of a recording in their order; index 0 is the head of the file.
const fbs::TraceRecord& record_at(const std::vector<Bytes>& pieces, std::size_t index);
// The first step from `from` on that `wanted` says yes to.
std::size_t find_step(const std::vector<Bytes>& pieces, std::size_t from,
                      const std::function<bool(const fbs::TraceRecord&)>& wanted);
void fix_checksum(Bytes& frame);

TEST(Replay, gives_the_same_steps_and_the_same_hash) {
  for (const auto* pieces : {&recorded().alice, &recorded().bob}) {
    const ReplayReport report = replay_of(*pieces);
    EXPECT_FALSE(report.divergence) << report.divergence->expected << report.divergence->actual;
    EXPECT_FALSE(report.fault);
    EXPECT_EQ(report.end, trace::RecordingEnd::stopped);
    EXPECT_EQ(report.steps, pieces->size() - 2);
    EXPECT_GT(report.inputs, 100u);
    EXPECT_GT(report.outputs, 20u);
    const auto* ended = record_at(*pieces, pieces->size() - 1).body_as_TraceEnded();
    ASSERT_NE(ended, nullptr);
    EXPECT_EQ(to_hex(std::as_bytes(std::span(ended->hash()->data(), ended->hash()->size()))),
              report.trace_hash.to_hex());
  }
  EXPECT_NE(replay_of(recorded().alice).trace_hash, replay_of(recorded().bob).trace_hash);
}

TEST(Replay, covers_every_life_of_a_device) {
  std::size_t lives = 0;
  for (std::size_t i = 1; i < recorded().bob.size(); ++i) {
    lives += record_at(recorded().bob, i).body_as_TraceStarted() != nullptr;
  }
  EXPECT_EQ(lives, 2u);
}

TEST(Replay, of_one_flipped_bit_names_the_step_at_which_it_was_delivered) {
  const auto& pieces = recorded().bob;
  for (const std::size_t from : {std::size_t{2}, pieces.size() / 3, pieces.size() / 2}) {
    const std::size_t step = find_step(pieces, from, [](const fbs::TraceRecord& record) {
      const auto* input = record.body_as_TraceInput();
      return input != nullptr && input->input()->size() > 1000;
    });
    std::vector<Bytes> altered = pieces;
    altered[step][altered[step].size() - 100] ^= std::byte{1};  // among the datagram's bytes
    const ReplayReport damaged = replay_of(altered);
    ASSERT_TRUE(damaged.fault);
    EXPECT_EQ(damaged.fault->kind, trace::RecordingFault::Kind::damaged);
    fix_checksum(altered[step]);
    const ReplayReport report = replay_of(altered);
    ASSERT_TRUE(report.divergence);
    EXPECT_EQ(report.divergence->step, step);
    EXPECT_EQ(report.steps, step - 1);
    EXPECT_THAT(report.divergence->expected, HasSubstr("DatagramsReceived"));
    EXPECT_THAT(report.divergence->actual, HasSubstr("altered"));
  }
}

TEST(Replay, of_a_changed_start_is_refused_before_an_engine_is_made_of_it) {
  std::vector<Bytes> altered = recorded().alice;
  const auto* started = record_at(altered, 1).body_as_TraceStarted();
  ASSERT_NE(started, nullptr);
  const auto* seed = reinterpret_cast<const std::byte*>(started->seed()->data());
  altered[1][static_cast<std::size_t>(seed - altered[1].data())] ^= std::byte{1};
  fix_checksum(altered[1]);
  const ReplayReport report = replay_of(altered);
  ASSERT_TRUE(report.divergence);
  EXPECT_EQ(report.divergence->step, 1u);
}

TEST(Replay, of_a_step_left_out_or_repeated_is_refused_there) {
  const auto& pieces = recorded().bob;
  for (std::size_t step = 1; step < pieces.size(); step += 37) {
    std::vector<Bytes> without = pieces;
    without.erase(without.begin() + static_cast<std::ptrdiff_t>(step));
    const ReplayReport left_out = replay_of(without);
    ASSERT_TRUE(left_out.divergence || left_out.fault) << step;
    EXPECT_LE(left_out.steps, step) << step;

    std::vector<Bytes> repeated = pieces;
    repeated.insert(repeated.begin() + static_cast<std::ptrdiff_t>(step), pieces[step]);
    const ReplayReport twice = replay_of(repeated);
    ASSERT_TRUE(twice.divergence || twice.fault) << step;
    EXPECT_EQ(twice.steps, step) << step;
  }
}

// As a kith that behaves otherwise would look: the recording promises other outputs.
TEST(Replay, says_which_output_was_expected_and_which_came) {
  const auto& pieces = recorded().alice;
  const std::size_t step = find_step(pieces, 1, [](const fbs::TraceRecord& record) {
    const auto* outputs = record.body_as_TraceOutputs();
    return outputs != nullptr && outputs->outputs()->size() > 1;
  });
  std::vector<Bytes> altered = pieces;
  const auto* outputs = record_at(altered, step).body_as_TraceOutputs()->outputs();
  const auto* second = reinterpret_cast<const std::byte*>(outputs->Get(1));
  const auto offset = static_cast<std::size_t>(second - altered[step].data());
  altered[step][offset] = std::byte{68};  // the tag of FileSync
  const auto* hash = record_at(altered, step).hash()->bytes()->data();
  const auto at =
      static_cast<std::size_t>(reinterpret_cast<const std::byte*>(hash) - altered[step].data());
  altered[step][at] ^= std::byte{1};
  fix_checksum(altered[step]);
  const ReplayReport report = replay_of(altered);
  ASSERT_TRUE(report.divergence);
  EXPECT_EQ(report.divergence->step, step);
  EXPECT_THAT(report.divergence->expected, HasSubstr("output 2: FileSync"));
  EXPECT_THAT(report.divergence->actual, HasSubstr("output 2: "));
  EXPECT_THAT(report.divergence->actual, Not(HasSubstr("FileSync")));
}

TEST(Replay, of_a_recording_cut_short_goes_up_to_the_cut) {
  const auto& pieces = recorded().alice;
  std::vector<Bytes> cut(pieces.begin(), pieces.begin() + 50);
  cut.back().pop_back();
  const ReplayReport report = replay_of(cut);
  EXPECT_FALSE(report.divergence);
  EXPECT_FALSE(report.end);
  ASSERT_TRUE(report.fault);
  EXPECT_EQ(report.fault->kind, trace::RecordingFault::Kind::truncated);
  EXPECT_EQ(report.steps, 48u);
}

TEST(Replay, stops_when_it_is_told_to_and_looks_into_the_engine_there) {
  const auto& pieces = recorded().alice;
  const ReplayReport whole = replay_of(pieces);
  std::size_t before = 0;
  for (const int share : {1, 2, 3}) {
    const Duration until = whole.span * share / 4;
    Memory source(pieces);
    trace::RecordingReader reader(source);
    std::vector<Instant> looks;
    const auto look = [&](const Engine&, Instant now) { looks.push_back(now); };
    const ReplayReport report = replay(reader, until, look);
    EXPECT_TRUE(report.stopped);
    EXPECT_FALSE(report.divergence || report.fault || report.end);
    EXPECT_LE(report.span, until);
    EXPECT_GT(report.steps, before);
    EXPECT_LT(report.steps, whole.steps);
    EXPECT_EQ(looks.size(), 1u);
    before = report.steps;
  }
  EXPECT_FALSE(whole.stopped);
}

TEST(Replay, looks_into_an_engine_before_each_of_its_ends) {
  Memory source(recorded().bob);
  trace::RecordingReader reader(source);
  std::vector<std::size_t> known;
  const auto look = [&](const Engine& engine, Instant) {
    known.push_back(engine.devices().size());
  };
  EXPECT_FALSE(replay(reader, Duration::max(), look).stopped);
  // His power failed once.
  EXPECT_THAT(known, testing::ElementsAre(1u, 1u));
}

TEST(RedactedTimeline, tells_what_happened_and_when) {
  const std::string timeline = timeline_of(recorded().bob);
  EXPECT_EQ(std::count(timeline.begin(), timeline.end(), '\n'),
            static_cast<std::ptrdiff_t>(recorded().bob.size()) - 1);
  for (const char* said : {"\"DatagramsReceived\"", "\"address 1\"", "\"JoinPairing\"",
                           "\"Paired\"", "\"FileWrite\"", "\"stopped\"", "\"bytes\":1200"}) {
    EXPECT_THAT(timeline, HasSubstr(said));
  }
  EXPECT_THAT(timeline_of(recorded().alice), HasSubstr("\"device 1\""));
}

TEST(RedactedTimeline, holds_no_secret_in_any_form) {
  std::vector<std::string> secrets{"planted", "alice", "bob", "inbox", "10.0.0", "::", "192."};
  const auto add = [&secrets](ByteView bytes) {
    if (bytes.size() < 8) return;
    secrets.push_back(to_hex(bytes.first(8)));
    secrets.push_back(to_zbase32(bytes.first(8)));
    secrets.emplace_back(as_text(bytes.first(8)));
  };
  for (const auto* pieces : {&recorded().alice, &recorded().bob}) {
    Memory source(*pieces);
    trace::RecordingReader reader(source);
    for (auto record = reader.next(); record && *record; record = reader.next()) {
      add((*record)->hash);
      if (const auto* started = std::get_if<trace::StartedRecord>(&(*record)->body)) {
        add(started->key.bytes);
        add(started->seed);
        add(device_id_of(started->key).bytes);
        secrets.push_back(std::to_string(started->unix_ms));
        for (const auto& [key, value] : started->restored) {
          secrets.push_back(key);
          add(value);
        }
      } else if (const auto* given = std::get_if<trace::InputRecord>(&(*record)->body)) {
        if (const auto* datagrams = std::get_if<DatagramsReceived>(&given->input)) {
          secrets.push_back(datagrams->remote.to_string());
          secrets.push_back(datagrams->local.to_string());
          add(datagrams->bytes);
        }
      }
    }
  }
  add(recorded().content);
  ASSERT_EQ(recorded().words.size(), 12u);
  for (std::size_t i = 0; i + 1 < recorded().words.size(); ++i) {
    secrets.push_back(recorded().words[i] + " " + recorded().words[i + 1]);
  }
  for (const auto* pieces : {&recorded().alice, &recorded().bob}) {
    std::string whole;
    for (const Bytes& piece : *pieces) whole += as_text(piece);
    const std::string timeline = timeline_of(*pieces);
    for (const std::string& secret : secrets) {
      EXPECT_EQ(timeline.find(secret), std::string::npos) << printable(secret);
    }
  }
  // The search would find them: the recording does hold them.
  std::string alice;
  for (const Bytes& piece : recorded().alice) alice += as_text(piece);
  for (const std::string_view planted : {kSecretName, kSecretDestination}) {
    EXPECT_NE(alice.find(planted), std::string::npos);
  }
  EXPECT_NE(alice.find(as_text(ByteView(recorded().content).first(8))), std::string::npos);
}

// --- helpers ------------------------------------------------------------------------------------

class Watcher : public Observer {
 public:
  void on_output(Device&, Instant, const Output& output) override {
    const auto* event = std::get_if<Event>(&output);
    const auto* code = event == nullptr ? nullptr : std::get_if<PairingCodeReady>(event);
    if (code != nullptr) words = code->words;
  }
  void on_input(Device&, Instant, const Input& input) override {
    const auto* completed = std::get_if<FileCompleted>(&input);
    if (completed == nullptr || !completed->outcome || !content.empty()) return;
    if (const auto* read = std::get_if<SharedBytes>(&*completed->outcome)) {
      content = to_bytes(read->view());
    }
  }
  std::vector<std::string> words;
  Bytes content;
};

const Recorded& recorded() {
  static const Recorded kRecorded = [] {
    const std::string text = R"({
      "version": 1, "duration_s": 12,
      "topology": {
        "devices": [{ "name": "alice" }, { "name": "bob" }],
        "links": [{ "between": ["alice", "bob"], "rate_mbps": 20, "delay_ms": 10 }]
      },
      "workload": [
        { "kind": "pair", "at_s": 1, "initiator": "alice", "joiner": "bob" },
        { "kind": "send", "name": "it", "at_s": 2, "from": "alice", "to": "bob",
          "destination": "planted-destination",
          "content": { "file": "planted-file-name", "size_bytes": 262144 } }
      ],
      "faults": [{ "kind": "crash", "at_s": 5, "device": "bob", "down_s": 1 }],
      "expectations": [{ "kind": "no_violations" }]
    })";
    const auto scenario = parse_scenario("recorded.json", text, built_in_handlers(), 1);
    KITH_CHECK_MSG(scenario.has_value(), "{}", scenario.error().message);
    Collecting alice;
    Collecting bob;
    trace::RecordingWriter alice_writer(alice, kNoLimit);
    trace::RecordingWriter bob_writer(bob, kNoLimit);
    Watcher watcher;
    sim::Run run(*scenario, 1);
    run.world().device(0).record_to(alice_writer);
    run.world().device(1).record_to(bob_writer);
    run.world().add_observer(watcher);
    run.execute();
    alice_writer.end();
    bob_writer.end();
    return Recorded{alice.pieces, bob.pieces, watcher.words, watcher.content};
  }();
  return kRecorded;
}

ReplayReport replay_of(const std::vector<Bytes>& pieces) {
  Memory source(pieces);
  trace::RecordingReader reader(source);
  return replay(reader);
}

std::string timeline_of(const std::vector<Bytes>& pieces) {
  Memory source(pieces);
  trace::RecordingReader reader(source);
  Redactor redactor;
  std::string timeline;
  for (auto record = reader.next(); record && *record; record = reader.next()) {
    timeline += redactor.line(**record) + "\n";
  }
  return timeline;
}

const fbs::TraceRecord& record_at(const std::vector<Bytes>& pieces, std::size_t index) {
  return *fbs::GetTraceRecord(pieces[index].data() + trace::kRecordHeadBytes);
}

std::size_t find_step(const std::vector<Bytes>& pieces, std::size_t from,
                      const std::function<bool(const fbs::TraceRecord&)>& wanted) {
  for (std::size_t i = from; i < pieces.size(); ++i) {
    if (wanted(record_at(pieces, i))) return i;
  }
  ADD_FAILURE() << "no such step";
  return 1;
}

void fix_checksum(Bytes& frame) {
  const auto checksum = trace::checksum_of(ByteView(frame).subspan(trace::kRecordHeadBytes));
  std::copy(checksum.begin(), checksum.end(), frame.begin() + 4);
}

}  // namespace
}  // namespace kith::sim
