#pragma once

// Sees everything that passes between devices and their world, in order. Checkers judge it,
// applications answer events with commands (Device::submit, carried out after the step).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "engine/trace/recorder.h"
#include "kith/engine.h"
#include "sim/disk/file_request.h"

namespace kith::sim {

class Device;
using trace::DeviceIndex;

// How an engine ended.
enum class Ending : std::uint8_t {
  killed,   // the process died: the disk keeps all that completed
  crashed,  // power was lost: the disk keeps what was synced, and some of the rest
};

// One turn of the run loop: an input, what came of it, and when the engine wants to be woken.
struct Step {
  bool timer = false;           // the input was TimerFired
  std::string_view asked_by{};  // then, the component that wanted to be woken
  std::size_t outputs = 0;
  std::size_t transmits = 0;  // polls that gave datagrams
  std::optional<Wakeup> wakeup{};
};

class Observer {
 public:
  virtual ~Observer() = default;

  virtual void on_started(Device&, Instant) {}
  virtual void on_stopped(Device&, Instant, Ending) {}
  virtual void on_input(Device&, Instant, const Input&) {}
  virtual void on_output(Device&, Instant, const Output&) {}
  virtual void on_transmit(Device&, Instant, const Transmit&, ByteView) {}
  virtual void on_step(Device&, Instant, const Step&) {}

  // The disk has carried out a request, or failed to; the engine is told afterwards, if it lives.
  virtual void on_file_done(Device&, Instant, const FileRequest&, const Result<FileOutcome>&) {}

  // Something goes wrong that the scenario asked for, and is about to take effect. `what` is a
  // sentence for people without its full stop; `devices` are those that it strikes.
  virtual void on_fault(Instant, const std::string& /*what*/, std::span<const DeviceIndex>) {}
  // Nothing that the scenario asked for goes wrong from now on, and nobody is cut off.
  virtual void on_healed(Instant) {}
  // A bit of the file at this absolute path flipped by itself.
  virtual void on_rot(Device&, Instant, const std::string&) {}
};

}  // namespace kith::sim
