#pragma once

// What every machine of this protocol acts through: it numbers effects, remembers who asked, keeps
// the outputs in order, tells the time of the input being handled and counts what was refused.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string_view>
#include <type_traits>
#include <utility>

#include "engine/registry/protocol.h"

namespace kith::transfer {

// A sender or receiver of one transfer.
using MachineId = NumericId<struct MachineTag>;

// The part of a machine that asked for a file effect.
enum class Part : std::uint8_t { walk, reader, tree, writer, publisher, cleaner };

// What a completion means to who asked: `step` and `subject` are the asking part's own.
struct Ticket {
  MachineId machine;
  Part part = Part::walk;
  std::uint8_t step = 0;
  std::uint64_t subject = 0;
};

class Effects {
 public:
  explicit Effects(EffectIds ids) : ids_(ids) {}

  Instant now() const { return now_; }
  void set_now(Instant now) { now_ = now; }

  template <class Request>
  void file(const Ticket& ticket, Request request) {
    request.op = ids_.file_op();
    file_tickets_.emplace(request.op, ticket);
    outputs_.emplace_back(std::move(request));
  }
  void compute(MachineId machine, std::uint64_t subject, SharedBytes data,
               std::vector<HashPiece> pieces);
  DialId dial(MachineId machine, const DeviceId& device);
  // Returns the tag by which StreamReady answers.
  std::uint64_t open_stream(MachineId machine, ConnectionId connection, StreamKind kind);
  FileHandle file_handle() { return ids_.file_handle(); }

  template <class Output>
  void emit(Output output) {
    if constexpr (std::is_constructible_v<Event, Output>) {
      outputs_.emplace_back(Event(std::move(output)));
    } else {
      outputs_.emplace_back(std::move(output));
    }
  }

  // Who asked; forgotten by asking. Empty for what was never asked.
  std::optional<Ticket> take(FileOpId op);
  std::optional<std::pair<MachineId, std::uint64_t>> take(ComputeId job);
  std::optional<MachineId> take(DialId dial);
  std::optional<MachineId> take_stream(std::uint64_t tag);

  // Dials and streams that this machine waits for are nobody's from now on.
  void forget(MachineId machine);

  std::optional<ProtocolOutput> poll();

  // Reasons are literals.
  void count(std::string_view reason) { ++counters_[reason]; }
  const std::map<std::string_view, std::uint64_t>& counters() const { return counters_; }

 private:
  EffectIds ids_;
  Instant now_;
  std::uint64_t next_tag_ = 0;
  std::deque<ProtocolOutput> outputs_;
  std::map<FileOpId, Ticket> file_tickets_;
  std::map<ComputeId, std::pair<MachineId, std::uint64_t>> compute_tickets_;
  std::map<DialId, MachineId> dials_;
  std::map<std::uint64_t, MachineId> stream_tags_;
  std::map<std::string_view, std::uint64_t> counters_;
};

}  // namespace kith::transfer
