#include "sim/checkers/one_guess.h"

#include <fmt/core.h>
#include <fmt/ranges.h>

#include "sim/checkers/transfer_watch.h"

namespace kith::sim {

void OneGuess::on_input(Device& device, Instant, const Input& input) {
  const auto* join = command_in<JoinPairing>(input);
  if (join == nullptr) return;
  ++codes_[join->code_entropy].guesses;
  attempts_[{device.index(), join->request}].words = join->code_entropy;
}

void OneGuess::on_output(Device& device, Instant at, const Output& output) {
  if (const auto* ready = event_in<PairingCodeReady>(output)) {
    const auto words = parse_pairing_words(fmt::format("{}", fmt::join(ready->words, " ")));
    if (!words) return violate(device, at, "shows words that nobody can type");
    if (codes_[*words].shown) violate(device, at, "shows words that were shown before");
    codes_[*words].shown = true;
    Attempt& attempt = attempts_[{device.index(), ready->request}];
    attempt.words = *words;
    attempt.shows = true;
  } else if (const auto* needed = event_in<PairingConfirmationNeeded>(output)) {
    on_asked(device, at, needed->request);
  } else if (const auto* paired = event_in<Paired>(output)) {
    on_over(device, at, paired->request, /*paired=*/true);
  } else if (const auto* failed = event_in<PairingFailed>(output)) {
    on_over(device, at, failed->request, /*paired=*/false);
  }
}

OneGuess::Attempt* OneGuess::attempt_of(const Device& device, RequestId request) {
  const auto found = attempts_.find({device.index(), request});
  return found == attempts_.end() ? nullptr : &found->second;
}

void OneGuess::on_asked(const Device& device, Instant at, RequestId request) {
  Attempt* const attempt = attempt_of(device, request);
  if (attempt == nullptr) return violate(device, at, "asks about a pairing that nobody began");
  const Code& code = codes_[attempt->words];
  if (!code.shown) violate(device, at, "asks about a pairing by words that nobody shows");
  if (attempt->over) violate(device, at, "asks about a pairing that is over");
  const std::uint64_t most = attempt->shows ? code.guesses : 1;
  if (++attempt->asked > most) {
    violate(device, at, fmt::format("asks {} times after {} guesses", attempt->asked, most));
  }
}

// A pairing that was left half done in an earlier life ends without an attempt in this one.
void OneGuess::on_over(const Device& device, Instant at, RequestId request, bool paired) {
  Attempt* const attempt = attempt_of(device, request);
  if (attempt == nullptr) return;
  if (paired && !codes_[attempt->words].shown) {
    violate(device, at, "is paired by words that nobody shows");
  }
  if (paired && attempt->asked == 0) violate(device, at, "is paired, and nobody was asked");
  if (attempt->over) violate(device, at, "ends a pairing that is over");
  attempt->over = true;
}

}  // namespace kith::sim
