#pragma once

// What `kith pair` and `kith join` have in common: the person confirms who is on the other side.

#include <optional>

#include "io/cli/network_command.h"

namespace kith::cli {

class PairingCommand : public NetworkCommand {
 protected:
  PairingCommand(const GlobalOptions& global, bool yes, Output& output)
      : NetworkCommand(global, output), yes_(yes) {}

  io::PairingOptions pairing_options() const {
    return {.confirm_automatically = yes_, .request = {}};
  }

  // Says early what a missing terminal will mean.
  void warn_if_nobody_can_confirm();

  void on_paired(const Result<io::PairedDevice>& paired);

 private:
  void on_event(const Event& event) override;
  void answer(RequestId request, const std::optional<Error>& refusal);

  bool yes_;
  std::optional<Error> refusal_;  // why this side said no
};

}  // namespace kith::cli
