#pragma once

// What kith-echo says: JSON objects for programs, or lines for a person.

#include <cstdint>
#include <memory>
#include <vector>

#include "io/cli/output.h"
#include "kith/address.h"
#include "kith/ids.h"
#include "kith/time.h"

namespace kith::echo {

// Bytes that came back, or were sent back.
struct Echoed {
  std::uint64_t bytes = 0;
  DeviceId peer;
  Duration elapsed{};  // from the beginning of the stream to its end
};
// Dialling only: counted from the beginning of the attempt.
struct DialTimes {
  Duration connected{};
  Duration first_byte{};  // zero if none came back
};

class EchoOutput {
 public:
  explicit EchoOutput(bool json);

  void listening(const DeviceId& id, const std::vector<Address>& addresses);
  void accepted(const DeviceId& peer);
  void echoed(const Echoed& echoed);
  void echoed(const Echoed& echoed, const DialTimes& times);

  // For what it has in common with kith: errors and notes.
  cli::Output& common() { return *common_; }

 private:
  bool json_;
  std::unique_ptr<cli::Output> common_;
};

}  // namespace kith::echo
