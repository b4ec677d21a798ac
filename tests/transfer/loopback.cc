#include "tests/transfer/loopback.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"

namespace kith::transfer {
namespace {

constexpr std::uint64_t kStreamWindow = 6u << 20;
constexpr std::uint64_t kConnectionWindow = 16u << 20;

bool is_unidirectional(StreamId stream) { return (stream.value & 2) != 0; }
int opener_of(StreamId stream) { return static_cast<int>(stream.value & 1); }

template <class T>
T take_at(std::deque<T>& queue, std::size_t index) {
  T taken = std::move(queue[index]);
  queue.erase(queue.begin() + static_cast<std::ptrdiff_t>(index));
  return taken;
}

}  // namespace

RandomSource test_random(std::uint64_t seed) {
  std::array<std::byte, 32> bytes{};
  for (std::size_t i = 0; i < 8; ++i) bytes[i] = static_cast<std::byte>(seed >> (8 * i));
  return RandomSource(bytes);
}

Bytes test_content(std::uint64_t seed, std::size_t size) {
  Bytes content(size);
  test_random(seed).fill(content);
  return content;
}

Loopback::Loopback(std::uint64_t seed) : random_(test_random(seed)) {
  for (int side = 0; side < 2; ++side) {
    auto& device = devices_[side];
    device.id.bytes[0] = static_cast<std::byte>(side + 1);
    device.protocol = std::make_unique<TransferProtocol>(
        EffectIds(static_cast<std::uint16_t>(side + 1)),
        random_.fork("device", static_cast<std::uint64_t>(side)));
    device.disk.add_directory("/inbox");
    device.disk.add_directory("/home");
  }
}

void Loopback::command(int side, Command command) { give(side, std::move(command)); }

void Loopback::share(std::vector<std::string> paths, std::string destination) {
  command(kBob, SetReceivePolicy{SetReceivePolicy::Accept::all, "/inbox"});
  command(kAlice, ShareWithDevice{{7}, bob().id, std::move(paths), std::move(destination)});
}

ConnectionId Loopback::connection_of(int side) const {
  return {connections_ * 10 + static_cast<std::uint64_t>(side)};
}

void Loopback::give(int side, const ProtocolInput& input) {
  devices_[side].protocol->handle(now_, input);
  drain(side);
  devices_[side].protocol->check_invariants();
}

void Loopback::drain(int side) {
  while (auto output = devices_[side].protocol->poll_output()) take(side, std::move(*output));
}

void Loopback::take(int side, ProtocolOutput output) {
  auto& device = devices_[side];
  const auto flow_of = [&](int writer, StreamId stream) -> Flow& {
    return flows_[{writer, stream}];
  };
  if (auto* event = std::get_if<Event>(&output)) {
    device.events.push_back(std::move(*event));
  } else if (auto* job = std::get_if<Compute>(&output)) {
    device.jobs.push_back(std::move(*job));
  } else if (auto* dial = std::get_if<DialDevice>(&output)) {
    dials_.push_back({side, dial->dial});
  } else if (auto* open = std::get_if<OpenStream>(&output)) {
    KITH_CHECK(connected_ && open->connection == connection_of(side));
    openings_.push_back({side, *open});
  } else if (auto* write = std::get_if<StreamWrite>(&output)) {
    KITH_CHECK(connected_ && write->connection == connection_of(side));
    auto& flow = flow_of(side, write->stream);
    KITH_CHECK(!flow.fin);
    if (flow.dead) return;
    flow.bytes.insert(flow.bytes.end(), write->data.view().begin(), write->data.view().end());
    flow.fin = write->fin;
    if (flow.bytes.size() > kStreamLowWater) flow.above_mark = true;
    std::size_t queued = 0;
    for (const auto& [key, each] : flows_) queued += key.writer == side ? each.bytes.size() : 0;
    max_queued = std::max(max_queued, queued);
  } else if (auto* credit = std::get_if<StreamCredit>(&output)) {
    auto& flow = flow_of(1 - side, credit->stream);
    KITH_CHECK_MSG(credit->bytes > 0 && credit->bytes <= flow.uncredited, "{} of {}", credit->bytes,
                   flow.uncredited);
    flow.uncredited -= credit->bytes;
    held_[side] -= credit->bytes;
  } else if (auto* reset = std::get_if<ResetStream>(&output)) {
    auto& flow = flow_of(side, reset->stream);
    if (flow.dead || flow.fin_delivered) return;
    flow.bytes.clear();
    flow.reset = reset->code;
  } else if (auto* stop = std::get_if<StopStream>(&output)) {
    auto& flow = flow_of(1 - side, stop->stream);
    if (!flow.fin_delivered && !flow.dead) flow.stop = stop->code;
  } else if (std::holds_alternative<CloseConnection>(output)) {
    cut_connection();
  } else {
    std::visit(
        [&](const auto& request) {
          if constexpr (requires {
                          device.disk.issued(request);
                          request.op;
                        }) {
            device.disk.issued(request);
          }
        },
        output);
    device.file_ops.push_back(std::move(output));
  }
}

bool Loopback::step() {
  struct Choice {
    int kind;
    Key key;
  };
  std::vector<Choice> choices;
  for (int side = 0; side < 2; ++side) {
    if (!devices_[side].file_ops.empty()) choices.push_back({0, {side, {}}});
    if (!devices_[side].jobs.empty()) choices.push_back({1, {side, {}}});
  }
  if (!dials_.empty()) choices.push_back({2, {}});
  if (!openings_.empty()) choices.push_back({3, {}});
  for (auto& [key, flow] : flows_) {
    const int reader = 1 - key.writer;
    const bool window = flow.uncredited < kStreamWindow && held_[reader] < kConnectionWindow;
    const bool bytes = !flow.bytes.empty() && window;
    const bool end = flow.bytes.empty() && flow.fin && !flow.fin_delivered;
    if (flow.dead ? false : (bytes || end || flow.reset || flow.stop)) choices.push_back({4, key});
  }
  if (slow_disk_of && choices.size() > 1) {
    std::erase_if(choices, [&](const auto& choice) {
      return choice.kind == 0 && choice.key.writer == *slow_disk_of;
    });
  }
  if (choices.empty()) return false;

  ++steps_;
  now_ = now_ + std::chrono::microseconds(random_.below(300));
  const auto choice = choices[random_.below(choices.size())];
  switch (choice.kind) {
    case 0:
      complete_file_op(choice.key.writer);
      break;
    case 1:
      complete_job(choice.key.writer);
      break;
    case 2:
      answer_dial();
      break;
    case 3:
      open_stream();
      break;
    default:
      deliver(choice.key, flows_.at(choice.key));
      break;
  }
  return true;
}

void Loopback::run(std::uint64_t steps) {
  for (std::uint64_t taken = 0; taken < steps; ++taken) {
    fire_timers();
    if (step()) continue;
    std::optional<Instant> due;
    for (const auto& device : devices_) {
      const auto wakeup = device.protocol->next_wakeup();
      if (wakeup && (!due || wakeup->at < *due)) due = wakeup->at;
    }
    const bool idle = devices_[0].protocol->transfers_in_progress() == 0 &&
                      devices_[1].protocol->transfers_in_progress() == 0;
    // What has not moved for so long does not move by itself.
    if (idle || !due || *due > now_ + std::chrono::seconds(5)) return;
    now_ = *due;
  }
}

void Loopback::fire_timers() {
  for (int side = 0; side < 2; ++side) {
    const auto wakeup = devices_[side].protocol->next_wakeup();
    if (wakeup && wakeup->at <= now_) give(side, TimerDue{});
  }
}

bool Loopback::deliver(const Key& key, Flow& flow) {
  const int reader = 1 - key.writer;
  if (!flow.opened_at_reader && opener_of(key.stream) == key.writer) {
    flow.opened_at_reader = true;
    const auto kind =
        is_unidirectional(key.stream) ? StreamKind::unidirectional : StreamKind::bidirectional;
    give(reader, StreamOpened{connection_of(reader), key.stream, kind});
    return true;
  }
  if (flow.stop) {
    const auto code = *flow.stop;
    flow.dead = true;
    flow.bytes.clear();
    give(key.writer, StreamStopped{connection_of(key.writer), key.stream, code});
  } else if (flow.reset) {
    flow.dead = true;
    give(reader, StreamReset{connection_of(reader), key.stream, *flow.reset});
  } else {
    deliver_bytes(key, flow);
  }
  return true;
}

void Loopback::deliver_bytes(const Key& key, Flow& flow) {
  const int reader = 1 - key.writer;
  const auto room = std::min(kStreamWindow - flow.uncredited, kConnectionWindow - held_[reader]);
  auto size = std::min<std::uint64_t>(room, flow.bytes.size());
  if (size > 1) size = 1 + random_.below(std::min<std::uint64_t>(size, max_cut));
  const Bytes cut(flow.bytes.begin(), flow.bytes.begin() + static_cast<std::ptrdiff_t>(size));
  flow.bytes.erase(flow.bytes.begin(), flow.bytes.begin() + static_cast<std::ptrdiff_t>(size));
  const bool fin = flow.fin && flow.bytes.empty();
  flow.fin_delivered = fin;
  flow.uncredited += size;
  held_[reader] += size;
  max_held = std::max<std::size_t>(max_held, held_[reader]);
  const bool writable = flow.above_mark && flow.bytes.size() < kStreamLowWater;
  if (writable) flow.above_mark = false;
  give(reader, StreamReceived{connection_of(reader), key.stream, cut, fin});
  if (writable && connected_) {
    give(key.writer, StreamWritable{connection_of(key.writer), key.stream});
  }
}

void Loopback::complete_file_op(int side) {
  auto& device = devices_[side];
  const auto effect = take_at(device.file_ops, random_.below(device.file_ops.size()));
  const bool fails = ++device.ops_completed == device.fail_at_op;
  FileCompleted completed;
  std::visit(
      [&](const auto& request) {
        if constexpr (requires { device.disk.run(request); }) {
          completed.op = request.op;
          completed.outcome = fails ? Result<FileOutcome>(tl::unexpected(device.fail_with))
                                    : device.disk.run(request);
          // An open or close that fails leaves nothing open.
          if constexpr (std::is_same_v<std::decay_t<decltype(request)>, FileClose>) {
            if (fails) (void)device.disk.run(request);
          }
        }
      },
      effect);
  KITH_CHECK(completed.op.value != 0);
  if (after_file_op) after_file_op(side, effect, completed.outcome.has_value());
  give(side, completed);
}

void Loopback::complete_job(int side) {
  auto& device = devices_[side];
  const auto job = take_at(device.jobs, random_.below(device.jobs.size()));
  give(side, run_compute(job));
}

void Loopback::answer_dial() {
  const auto dial = take_at(dials_, 0);
  if (!dials_succeed) {
    return give(dial.side, DialFailed{dial.dial, {ErrorCode::unreachable, "nobody there", ""}});
  }
  const bool fresh = !connected_;
  if (fresh) {
    connected_ = true;
    ++connections_;
  }
  for (const int side : {dial.side, 1 - dial.side}) {
    if (side != dial.side && !fresh) continue;
    ConnectionOpened opened;
    opened.connection = connection_of(side);
    if (side == dial.side) opened.dial = dial.dial;
    opened.peer = devices_[1 - side].id;
    opened.paired = true;
    give(side, opened);
  }
}

void Loopback::open_stream() {
  const auto opening = take_at(openings_, 0);
  const int kind = opening.request.kind == StreamKind::unidirectional ? 1 : 0;
  const StreamId stream{4 * next_stream_[opening.side][kind]++ + 2 * kind + opening.side};
  flows_[{opening.side, stream}];
  if (kind == 0) flows_[{1 - opening.side, stream}];
  give(opening.side, StreamReady{opening.request.connection, opening.request.tag, stream});
}

void Loopback::cut_connection() {
  if (!connected_) return;
  const ConnectionId ids[2] = {connection_of(0), connection_of(1)};
  connected_ = false;
  flows_.clear();
  openings_.clear();
  held_[0] = held_[1] = 0;
  for (int side = 0; side < 2; ++side) {
    give(side, ConnectionClosed{ids[side], {ErrorCode::connection_lost, "cut", ""}, 0, false});
  }
}

}  // namespace kith::transfer
