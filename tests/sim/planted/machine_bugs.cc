#include "tests/sim/planted/machine_bugs.h"

#include <memory>

#include "tests/sim/planted/victims.h"

namespace kith::sim {

void another_body(World& world) {
  receiver(world).set_output_tap([](Output& output) {
    auto* event = std::get_if<Event>(&output);
    auto* received = event == nullptr ? nullptr : std::get_if<MessageReceived>(event);
    if (received != nullptr) received->body += " ";
  });
}

void another_byte_of_a_stream(World& world) {
  receiver(world).set_output_tap([](Output& output) {
    auto* event = std::get_if<Event>(&output);
    auto* received = event == nullptr ? nullptr : std::get_if<BytesReceived>(event);
    if (received == nullptr || received->bytes.empty()) return;
    Bytes bytes = to_bytes(received->bytes.view());
    bytes.back() ^= std::byte{1};
    received->bytes = SharedBytes(std::move(bytes));
  });
}

// The store says that the first commit is durable, and the device dies before it commits again.
void a_commit_forgotten(World& world) {
  Device& device = receiver(world);
  device.store().forget_commit(1);
  device.crash_at({.effect = EffectKind::store_commit,
                   .nth = 2,
                   .moment = Moment::before,
                   .down = std::chrono::milliseconds(50)});
}

void a_timer_that_circles(World& world) {
  const Instant from = world.now() + std::chrono::minutes(2);
  sender(world).set_wakeup_tap([from](Instant now, std::optional<Wakeup>& wakeup) {
    if (wakeup && now >= from) wakeup->at = now;
  });
}

// A machine whose state is put back to what it was before, and what it draws with it.
void restored_with_its_randomness(World& world) {
  Device& device = receiver(world);
  const auto first = std::make_shared<std::optional<Seed>>();
  device.set_seed_tap([first](Seed& seed) {
    if (!*first) *first = seed;
    seed = **first;
  });
  device.crash_at({.effect = EffectKind::store_commit,
                   .nth = 2,
                   .moment = Moment::after,
                   .down = std::chrono::milliseconds(50)});
}

void a_transfer_offered_again(World& world) {
  const auto last = std::make_shared<std::optional<TransferOffered>>();
  receiver(world).set_output_tap([last](Output& output) {
    auto* event = std::get_if<Event>(&output);
    if (event == nullptr) return;
    if (const auto* offered = std::get_if<TransferOffered>(event)) {
      *last = *offered;
    } else if (std::holds_alternative<TransferProgress>(*event) && *last) {
      *event = **last;
    }
  });
}

}  // namespace kith::sim
