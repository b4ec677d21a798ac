// Prints one machine's table of states in Markdown: a diagram of the moves and the whole table.
//
//   kith-tables device|pairing|outbox|sender|receiver|mdns|dht_node|dht_standing

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/discovery/dht/node_state.h"
#include "engine/discovery/dht/standing.h"
#include "engine/discovery/mdns/life.h"
#include "engine/messaging/outbox_state.h"
#include "engine/pairing/pairing_state.h"
#include "engine/registry/device_state.h"
#include "engine/transfer/receiver_state.h"
#include "engine/transfer/sender_state.h"

namespace {

// A table by its names. `next` has a row for each state and a cell for each trigger: a state's
// name, or nothing where there is no move.
struct Table {
  std::vector<std::string> states;
  std::vector<std::string> triggers;
  std::vector<std::vector<std::optional<std::string>>> next;
};

template <class State, class Trigger, class Next>
Table table_of(std::size_t states, std::size_t triggers, Next next) {
  Table table;
  for (std::size_t t = 0; t < triggers; ++t) {
    table.triggers.emplace_back(to_string(static_cast<Trigger>(t)));
  }
  for (std::size_t s = 0; s < states; ++s) {
    const auto state = static_cast<State>(s);
    table.states.emplace_back(to_string(state));
    auto& row = table.next.emplace_back();
    for (std::size_t t = 0; t < triggers; ++t) {
      const auto to = next(state, static_cast<Trigger>(t));
      row.push_back(to ? std::optional(std::string(to_string(*to))) : std::nullopt);
    }
  }
  return table;
}

Table device_table() {
  using kith::DeviceState;
  Table table;
  for (std::size_t t = 0; t < kith::kDeviceTriggers; ++t) {
    table.triggers.emplace_back(to_string(static_cast<kith::DeviceTrigger>(t)));
  }
  for (std::size_t s = 0; s < kith::kDeviceStates; ++s) {
    const auto from = s == 0 ? std::nullopt : std::optional(static_cast<DeviceState>(s - 1));
    const auto name = [](std::optional<DeviceState> state) {
      return std::string(state ? to_string(*state) : "absent");
    };
    table.states.push_back(name(from));
    auto& row = table.next.emplace_back();
    for (std::size_t t = 0; t < kith::kDeviceTriggers; ++t) {
      const auto moved = kith::device_transition(from, static_cast<kith::DeviceTrigger>(t));
      row.push_back(moved.legal ? std::optional(name(moved.to)) : std::nullopt);
    }
  }
  return table;
}

std::optional<Table> find_table(std::string_view name) {
  namespace dht = kith::dht;
  namespace messaging = kith::messaging;
  namespace pairing = kith::pairing;
  namespace transfer = kith::transfer;
  if (name == "device") return device_table();
  if (name == "pairing") {
    return table_of<pairing::Step, pairing::Trigger>(pairing::kSteps, pairing::kTriggers,
                                                     pairing::next_step);
  }
  if (name == "dht_node") {
    return table_of<dht::NodeState, dht::NodeTrigger>(
        dht::kNodeStates, dht::kNodeTriggers,
        [](auto state, auto trigger) { return dht::next_state(state, trigger); });
  }
  if (name == "dht_standing") {
    return table_of<dht::Standing, dht::StandingTrigger>(
        dht::kStandings, dht::kStandingTriggers,
        [](auto standing, auto trigger) { return dht::next_state(standing, trigger); });
  }
  if (name == "outbox") {
    return table_of<messaging::OutboxState, messaging::OutboxTrigger>(
        messaging::kOutboxStates, messaging::kOutboxTriggers, messaging::next_state);
  }
  if (name == "mdns") {
    return table_of<kith::mdns::Life, kith::mdns::LifeTrigger>(
        kith::mdns::kLives, kith::mdns::kLifeTriggers, kith::mdns::next_life);
  }
  if (name == "sender") {
    return table_of<transfer::SenderState, transfer::SenderEvent>(
        transfer::kSenderStates, transfer::kSenderEvents,
        [](auto state, auto event) { return transfer::next_state(state, event); });
  }
  if (name == "receiver") {
    return table_of<transfer::ReceiverState, transfer::ReceiverEvent>(
        transfer::kReceiverStates, transfer::kReceiverEvents,
        [](auto state, auto event) { return transfer::next_state(state, event); });
  }
  return std::nullopt;
}

std::string spaced(std::string name) {
  std::replace(name.begin(), name.end(), '_', ' ');
  return name;
}

void print_diagram(const Table& table) {
  fmt::print("```mermaid\nstateDiagram-v2\n");
  for (std::size_t s = 0; s < table.states.size(); ++s) {
    // In the order of the table, by where they lead.
    std::vector<std::pair<std::string, std::vector<std::string>>> moves;
    for (std::size_t t = 0; t < table.triggers.size(); ++t) {
      const auto& to = table.next[s][t];
      if (!to || *to == table.states[s]) continue;
      auto move = std::find_if(moves.begin(), moves.end(),
                               [&](const auto& known) { return known.first == *to; });
      if (move == moves.end()) move = moves.insert(moves.end(), {*to, {}});
      move->second.push_back(spaced(table.triggers[t]));
    }
    for (const auto& [to, triggers] : moves) {
      fmt::print("  {} --> {}: {}\n", table.states[s], to, fmt::join(triggers, ", "));
    }
  }
  fmt::print("```\n");
}

void print_table(const Table& table) {
  fmt::print("\n| |");
  for (const std::string& state : table.states) fmt::print(" {} |", spaced(state));
  fmt::print("\n|---|");
  for (std::size_t s = 0; s < table.states.size(); ++s) fmt::print("---|");
  fmt::print("\n");
  for (std::size_t t = 0; t < table.triggers.size(); ++t) {
    fmt::print("| {} |", spaced(table.triggers[t]));
    for (std::size_t s = 0; s < table.states.size(); ++s) {
      const auto& to = table.next[s][t];
      fmt::print(" {}|", !to ? "" : (*to == table.states[s] ? "stays " : spaced(*to) + " "));
    }
    fmt::print("\n");
  }
}

}  // namespace

int main(int argc, char** argv) {
  const auto table = argc == 2 ? find_table(argv[1]) : std::nullopt;
  if (!table) {
    fmt::print(stderr,
               "usage: kith-tables "
               "device|pairing|outbox|sender|receiver|mdns|dht_node|dht_standing\n");
    return 2;
  }
  print_diagram(*table);
  print_table(*table);
}
