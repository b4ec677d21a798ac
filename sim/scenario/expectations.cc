#include "sim/scenario/expectations.h"

#include <fmt/core.h>

#include <algorithm>

#include "engine/base/text.h"
#include "sim/checkers/tree_snapshot.h"
#include "sim/world/reachability.h"
#include "sim/world/world.h"

namespace kith::sim {
namespace {

// A verdict and what it rests on.
struct Verdict {
  bool ok = false;
  std::string value;
};

std::string seconds(Instant at) {
  const std::int64_t milliseconds = at.ns / 1'000'000;
  return fmt::format("{}.{:03} s", milliseconds / 1000, milliseconds % 1000);
}

Verdict by_then(Instant happened, Duration within) {
  const Instant latest = Instant{} + within;
  if (happened <= latest) return {true, fmt::format("at {}", seconds(happened))};
  return {false, fmt::format("at {}, later than {}", seconds(happened), seconds(latest))};
}

// What the network would have let two devices do, as their places are now.
std::string by_the_network(World& world, DeviceIndex one, DeviceIndex other) {
  const Device& first = world.device(one);
  const Device& second = world.device(other);
  std::optional<Reachability> best;
  for (std::size_t i = 0; i < first.attachment_count(); ++i) {
    for (std::size_t k = 0; k < second.attachment_count(); ++k) {
      const Reachability found =
          can_be_direct(world.topology(), first.attachment(i), second.attachment(k));
      if (!best || found.how < best->how) best = found;
    }
  }
  return best ? fmt::format("; by the network: {}", best->reason) : "";
}

// Why two who should have come together have not: what stands in their way at the end.
std::string obstacles(World& world, DeviceIndex one, DeviceIndex other) {
  std::string text;
  for (const DeviceIndex index : {one, other}) {
    const Device& device = world.device(index);
    if (!device.running()) text += fmt::format("; {} is down", device.name());
    if (device.paused()) text += fmt::format("; {} stands still", device.name());
  }
  return text + by_the_network(world, one, other);
}

Verdict judge_paired(const PairedExpectation& wanted, World& world, const Facts& facts) {
  const Device& first = world.device(wanted.first);
  const Device& second = world.device(wanted.second);
  const auto one = facts.paired_at(wanted.first, second.id());
  const auto other = facts.paired_at(wanted.second, first.id());
  if (one && other) return by_then(std::max(*one, *other), wanted.within);
  std::string why = "never";
  for (const DeviceIndex index : {wanted.first, wanted.second}) {
    const std::string failure = facts.pairing_failure(index);
    if (!failure.empty()) why += fmt::format("; {}: {}", world.device(index).name(), failure);
  }
  return {false, why + obstacles(world, wanted.first, wanted.second)};
}

Verdict judge_transfer(const TransferExpectation& wanted, World& world, const Facts& facts) {
  const SendFacts* const send = facts.find_send(wanted.send);
  if (send == nullptr || send->request.value == 0) {
    const bool strangers =
        send != nullptr && !facts.are_paired(world.device(send->from), world.device(send->to));
    return {false, strangers ? "never begun; they are not paired" : "never begun"};
  }
  if (send->sent_at && send->received_at) {
    return by_then(std::max(*send->sent_at, *send->received_at), wanted.within);
  }
  std::string why = send->received_at ? "the sender was never told" : "never completed";
  if (send->asked > 1) why += fmt::format(", asked for {} times", send->asked);
  if (!send->last_failure.empty()) why += fmt::format("; last: {}", send->last_failure);
  return {false, why + obstacles(world, send->from, send->to)};
}

Verdict judge_digest(const DigestExpectation& wanted, World& world, const Facts& facts) {
  const SendFacts* const send = facts.find_send(wanted.send);
  if (send == nullptr || send->sent.size() != 1 || send->received.size() != 1) {
    return {false, "not announced by both sides"};
  }
  const ItemCompleted& sent = send->sent.front();
  const ItemCompleted& received = send->received.front();
  if (sent.digest != received.digest) return {false, "the two sides announced different digests"};
  const TreeSnapshot source = snapshot(world.device(send->from).disk(), send->source);
  const TreeSnapshot published = snapshot(world.device(send->to).disk(), received.path);
  if (const auto different = difference(source, published, /*attributes=*/true)) {
    return {false, *different};
  }
  return {true, to_hex(received.digest)};
}

Verdict judge_messages(const MessagesExpectation& wanted, World& world, const Facts& facts) {
  const MessageFacts* const messages = facts.find_messages(wanted.messages);
  if (messages == nullptr) return {false, "never begun"};
  if (messages->delivered.size() >= messages->wanted &&
      messages->received.size() >= messages->wanted) {
    return by_then(messages->last, wanted.within);
  }
  return {false, fmt::format("of {}, {} were queued, {} received and {} known to be delivered",
                             messages->wanted, messages->queued.size(), messages->received.size(),
                             messages->delivered.size()) +
                     obstacles(world, messages->from, messages->to)};
}

// That all of them are met, or how many failed and the first of them.
class AllOf {
 public:
  // Of what, in the plural.
  explicit AllOf(std::string_view what) : what_(what) {}

  void add(const std::string& name, const Verdict& verdict) {
    ++count_;
    if (verdict.ok) return;
    if (failed_++ == 0) first_ = fmt::format("{}: {}", name, verdict.value);
  }
  Verdict verdict() const {
    if (count_ == 0) return {false, fmt::format("there are no {}", what_)};
    if (failed_ == 0) return {true, fmt::format("all {} {}", count_, what_)};
    return {false, fmt::format("{} of {} {} not; {}", failed_, count_, what_, first_)};
  }

 private:
  std::string what_;
  std::size_t count_ = 0;
  std::size_t failed_ = 0;
  std::string first_;
};

Verdict judge_all_paired(const AllPairedExpectation& wanted, World& world, const Facts& facts) {
  AllOf all("pairs");
  for (const auto& [first, second] : facts.wanted_pairs()) {
    all.add(fmt::format("{} and {}", world.device(first).name(), world.device(second).name()),
            judge_paired({first, second, wanted.within}, world, facts));
  }
  return all.verdict();
}

Verdict judge_all_transfers(const AllTransfersExpectation& wanted, World& world,
                            const Facts& facts) {
  AllOf all("transfers");
  for (const auto& [name, send] : facts.sends()) {
    if (!send.sent_at) {
      all.add(name, judge_transfer({name, wanted.within}, world, facts));
    } else if (send.received.empty()) {
      // The receiver died between making it durable and saying so: it will not say it again.
      all.add(name, by_then(*send.sent_at, wanted.within));
    } else {
      all.add(name, judge_digest({name}, world, facts));
    }
  }
  return all.verdict();
}

Verdict judge_all_messages(const AllMessagesExpectation& wanted, World& world, const Facts& facts) {
  AllOf all("steps");
  std::size_t count = 0;
  for (const auto& [name, messages] : facts.all_messages()) {
    all.add(name, judge_messages({name, wanted.within}, world, facts));
    count += messages.wanted;
  }
  Verdict verdict = all.verdict();
  if (verdict.ok) verdict.value += fmt::format(" ({} messages)", count);
  return verdict;
}

Verdict judge_violations(const std::vector<std::unique_ptr<Checker>>& checkers) {
  const auto violated =
      std::count_if(checkers.begin(), checkers.end(), [](const auto& each) { return !each->ok(); });
  return {violated == 0, fmt::format("{} of {} checkers", violated, checkers.size())};
}

// When it must have come true.
Instant latest(const Expectation& expectation, Duration duration) {
  return std::visit(
      [&]<class T>(const T& wanted) {
        if constexpr (requires { wanted.within; }) {
          return Instant{} + wanted.within;
        } else if constexpr (std::is_same_v<T, NoViolationsExpectation>) {
          return Instant{};
        } else {
          return Instant{} + duration;
        }
      },
      expectation.what);
}

}  // namespace

Finding judge(const Expectation& expectation, Duration duration, World& world, const Facts& facts,
              const std::vector<std::unique_ptr<Checker>>& checkers) {
  const Verdict verdict = std::visit(
      [&]<class T>(const T& wanted) {
        if constexpr (std::is_same_v<T, PairedExpectation>) {
          return judge_paired(wanted, world, facts);
        } else if constexpr (std::is_same_v<T, TransferExpectation>) {
          return judge_transfer(wanted, world, facts);
        } else if constexpr (std::is_same_v<T, DigestExpectation>) {
          return judge_digest(wanted, world, facts);
        } else if constexpr (std::is_same_v<T, MessagesExpectation>) {
          return judge_messages(wanted, world, facts);
        } else if constexpr (std::is_same_v<T, AllPairedExpectation>) {
          return judge_all_paired(wanted, world, facts);
        } else if constexpr (std::is_same_v<T, AllTransfersExpectation>) {
          return judge_all_transfers(wanted, world, facts);
        } else if constexpr (std::is_same_v<T, AllMessagesExpectation>) {
          return judge_all_messages(wanted, world, facts);
        } else {
          return judge_violations(checkers);
        }
      },
      expectation.what);
  const bool ended_early =
      world.now() < latest(expectation, duration) && !world.timeline().halted();
  return {expectation.name, verdict.ok, verdict.value, !verdict.ok && ended_early};
}

}  // namespace kith::sim
