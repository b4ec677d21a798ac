#include "io/cli/pairing_command.h"

#include <fmt/format.h>

#include "engine/base/text.h"

namespace kith::cli {
namespace {

constexpr const char* kUseYes = "Run it on a terminal, or with --yes to confirm without asking.";

}  // namespace

void PairingCommand::warn_if_nobody_can_confirm() {
  if (yes_ || somebody_is_there()) return;
  output().note("kith: There is no terminal to confirm the other device on: it will be refused. " +
                std::string(kUseYes));
}

void PairingCommand::on_event(const Event& event) {
  const auto* needed = std::get_if<PairingConfirmationNeeded>(&event);
  if (needed == nullptr || yes_) return;
  const RequestId request = needed->request;
  if (!somebody_is_there()) {
    return answer(request,
                  Error{ErrorCode::refused,
                        fmt::format("'{}' was refused: there is no terminal to confirm on.",
                                    printable(needed->name)),
                        kUseYes});
  }
  questions().ask(fmt::format("Pair with '{}', fingerprint {} on both screens?",
                              printable(needed->name), printable(needed->fingerprint)),
                  [this, request](bool yes) {
                    answer(request, yes ? std::optional<Error>()
                                        : Error{ErrorCode::refused, "You refused the device.", ""});
                  });
}

void PairingCommand::answer(RequestId request, const std::optional<Error>& refusal) {
  refusal_ = refusal;
  core().confirm_pairing(request, !refusal);
}

void PairingCommand::on_paired(const Result<io::PairedDevice>& paired) {
  if (!paired) return fail(refusal_.value_or(paired.error()), Origin::peer);
  output().paired(paired->device, paired->name);
  finish();
}

}  // namespace kith::cli
