#pragma once

// What the application asked for and the engine has not finished: matches events with completions.
//
// A pairing, a share and a message complete twice: when they have begun (a code is there, the
// transfer is on its way, the message is queued) and when they end. The end is kept until it is
// asked for.

#include <cstddef>
#include <deque>
#include <map>
#include <optional>
#include <vector>

#include "io/core/listens.h"
#include "kith/io/completion.h"
#include "kith/io/core.h"

namespace kith::io {

// What operations complete with when the core stops.
Error cancelled();

// An operation that begins and ends.
template <class Begun, class Ended>
struct TwoStep {
  Completion<Result<Begun>> begun;
  Completion<Result<Ended>> ended;
  std::optional<Result<Ended>> outcome;  // ended before it was asked for

  // A failure before the beginning is the answer to the beginning.
  void fail(const Error& error) {
    if (begun) {
      begun(tl::unexpected(error));
    } else {
      end(tl::unexpected(error));
    }
  }
  void end(const Result<Ended>& result) {
    if (ended) {
      ended(result);
    } else {
      outcome = result;
    }
  }
};

class Requests {
 public:
  // Ends nobody has asked for are kept up to this number, then the oldest are forgotten.
  static constexpr std::size_t kMaxUnclaimed = 256;

  using Pairing = TwoStep<PairingCode, PairedDevice>;
  using Share = TwoStep<StartedTransfer, FinishedTransfer>;
  using Message = TwoStep<QueuedMessage, MessageId>;

  // The commands with which it begins.
  std::vector<Command> add_listens(Listens listens);
  void add_pairing(RequestId request, Pairing pairing, bool confirm_automatically);
  void add_share(RequestId request, Share share);
  void add_message(RequestId request, Message message);

  bool listening() const { return listens_.has_value(); }
  bool has(RequestId request) const;

  void await_paired(RequestId request, Completion<Result<PairedDevice>> done);
  void await_transfer(RequestId request, Completion<Result<FinishedTransfer>> done);
  void await_delivered(RequestId request, Completion<Result<MessageId>> done);

  // Completes what the event answers. The commands that follow from it.
  std::vector<Command> on_event(const Event& event);

  // Completes everything with `cancelled`. The commands that end what must not go on: listening and
  // pairings. A transfer that is cut off and a message that waits are not cancelled: they go on
  // another time.
  std::vector<Command> cancel_all();

 private:
  struct PairingEntry {
    Pairing steps;
    bool confirm_automatically = false;
  };

  std::vector<Command> on(const Listening& event);
  std::vector<Command> on(const RequestFailed& event);
  std::vector<Command> on(const PairingCodeReady& event);
  std::vector<Command> on(const PairingConfirmationNeeded& event);
  std::vector<Command> on(const Paired& event);
  std::vector<Command> on(const PairingFailed& event);
  std::vector<Command> on(const TransferStarted& event);
  std::vector<Command> on(const TransferCompleted& event);
  std::vector<Command> on(const TransferFailed& event);
  std::vector<Command> on(const MessageQueued& event);
  std::vector<Command> on(const MessageDelivered& event);
  std::vector<Command> on(const MessageFailed& event);
  template <class Other>
  std::vector<Command> on(const Other&) {
    return {};
  }

  void fail(RequestId request, const Error& error);
  template <class Entries, class Ended>
  void await(Entries& entries, RequestId request, Completion<Result<Ended>> done);
  template <class Entries>
  void settle(Entries& entries, typename Entries::iterator entry);
  static Pairing& steps_of(PairingEntry& entry) { return entry.steps; }
  static Share& steps_of(Share& share) { return share; }
  static Message& steps_of(Message& message) { return message; }

  std::optional<Listens> listens_;
  std::map<RequestId, PairingEntry> pairings_;
  std::map<RequestId, Share> shares_;
  std::map<RequestId, Message> messages_;
  std::map<TransferId, RequestId> transfers_;  // sending
  std::deque<RequestId> unclaimed_;            // ended and kept, oldest first
};

}  // namespace kith::io
