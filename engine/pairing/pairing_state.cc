#include "engine/pairing/pairing_state.h"

namespace kith::pairing {
namespace {

using Cell = std::optional<Step>;

constexpr Cell kNone = std::nullopt;
constexpr Cell kConf = Step::awaiting_confirm;
constexpr Cell kIden = Step::awaiting_identity;
constexpr Cell kDeci = Step::deciding;
constexpr Cell kStor = Step::storing;
constexpr Cell kComm = Step::committed;
constexpr Cell kSeal = Step::sealing;
constexpr Cell kLing = Step::lingering;
constexpr Cell kDone = Step::finished;
constexpr Cell kFail = Step::failed;

// Rows: Step, columns: Trigger, each in its order. A message out of place fails the pairing, except
// that a commit may come while a person here still decides: the peer's person was faster. Once both
// commits are known nothing the peer says or leaves unsaid can undo the pairing; the person here
// can, at any time.
constexpr std::array<std::array<Cell, kTriggers>, kSteps> kTable{{
    // clang-format off
    // share, reply, confirm, identity, commit, reject, violation,
    //     accepted, declined, stored, store_failed, peer_done, lost, expired, revoked
    // awaiting_share
    {{kConf, kFail, kFail, kFail, kFail, kFail, kFail,
      kNone, kFail, kNone, kNone, kFail, kFail, kFail, kFail}},
    // awaiting_reply
    {{kFail, kIden, kFail, kFail, kFail, kFail, kFail,
      kNone, kFail, kNone, kNone, kFail, kFail, kFail, kFail}},
    // awaiting_confirm
    {{kFail, kFail, kDeci, kFail, kFail, kFail, kFail,
      kNone, kFail, kNone, kNone, kFail, kFail, kFail, kFail}},
    // awaiting_identity
    {{kFail, kFail, kFail, kDeci, kFail, kFail, kFail,
      kNone, kFail, kNone, kNone, kFail, kFail, kFail, kFail}},
    // deciding
    {{kFail, kFail, kFail, kFail, kDeci, kFail, kFail,
      kStor, kFail, kNone, kNone, kFail, kFail, kFail, kFail}},
    // storing
    {{kFail, kFail, kFail, kFail, kStor, kFail, kFail,
      kNone, kNone, kComm, kFail, kFail, kFail, kFail, kFail}},
    // committed
    {{kFail, kFail, kFail, kFail, kSeal, kFail, kFail,
      kNone, kFail, kNone, kNone, kFail, kFail, kFail, kFail}},
    // sealing
    {{kNone, kNone, kNone, kNone, kNone, kNone, kNone,
      kNone, kNone, kLing, kFail, kNone, kNone, kNone, kFail}},
    // lingering
    {{kNone, kNone, kNone, kNone, kNone, kNone, kNone,
      kNone, kNone, kNone, kNone, kDone, kDone, kDone, kFail}},
    // finished
    {{kNone, kNone, kNone, kNone, kNone, kNone, kNone,
      kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone}},
    // failed
    {{kNone, kNone, kNone, kNone, kNone, kNone, kNone,
      kNone, kNone, kNone, kNone, kNone, kNone, kNone, kNone}},
    // clang-format on
}};

}  // namespace

std::optional<Step> next_step(Step from, Trigger trigger) {
  return kTable[static_cast<std::size_t>(from)][static_cast<std::size_t>(trigger)];
}

std::string_view to_string(Step step) {
  constexpr std::array<std::string_view, kSteps> kNames{
      "awaiting_share", "awaiting_reply", "awaiting_confirm", "awaiting_identity", "deciding",
      "storing",        "committed",      "sealing",          "lingering",         "finished",
      "failed"};
  return kNames[static_cast<std::size_t>(step)];
}

std::string_view to_string(Trigger trigger) {
  constexpr std::array<std::string_view, kTriggers> kNames{
      "share",        "reply",     "confirm",  "identity", "commit",
      "reject",       "violation", "accepted", "declined", "stored",
      "store_failed", "peer_done", "lost",     "expired",  "revoked"};
  return kNames[static_cast<std::size_t>(trigger)];
}

}  // namespace kith::pairing
