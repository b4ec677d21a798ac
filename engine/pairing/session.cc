#include "engine/pairing/session.h"

#include <utility>

#include "engine/base/check.h"

namespace kith::pairing {
namespace {

constexpr std::string_view kTryAgain = "start a new pairing with new words";

Error error_of(Rejection reason) {
  switch (reason) {
    case Rejection::declined:
      return {ErrorCode::refused, "the other device declined the pairing", ""};
    case Rejection::code_used:
      return {ErrorCode::refused, "these words were used already", std::string(kTryAgain)};
    case Rejection::busy:
      return {ErrorCode::refused, "the other device is busy with other attempts",
              "try again in a moment"};
    case Rejection::too_many_devices:
      return {ErrorCode::refused, "the other device knows as many devices as it can",
              "remove one there"};
    case Rejection::done:
    case Rejection::protocol:
      return {ErrorCode::refused, "the other device did not accept the words",
              "compare the words, or start a new pairing"};
  }
  return {ErrorCode::internal, "an unknown rejection", ""};
}

Instant deadline_of(Step step, Instant now) {
  switch (step) {
    case Step::awaiting_share:
    case Step::awaiting_reply:
    case Step::awaiting_confirm:
    case Step::awaiting_identity:
      return now + kExchangeTimeout;
    case Step::deciding:
      return now + kDecisionTimeout;
    case Step::committed:
      return now + kCommitTimeout;
    case Step::lingering:
      return now + kLingerTimeout;
    case Step::storing:  // the store always answers
    case Step::sealing:
    case Step::finished:
    case Step::failed:
      return Instant::never();
  }
  return Instant::never();
}

}  // namespace

Session::Session(Instant now, CPaceRole role, const Channel& channel, const SecretKey& password,
                 const LocalDevice& self, const DeviceRegistry& registry, RandomSource& random)
    : role_(role),
      self_(self),
      registry_(registry),
      exchange_(role, channel, password, random),
      step_(role == CPaceRole::initiator ? Step::awaiting_reply : Step::awaiting_share),
      deadline_(deadline_of(step_, now)) {
  if (role == CPaceRole::initiator) outputs_.push_back(Send{exchange_.share()});
}

struct Session::OnMessage {
  Session& session;
  Instant now;

  bool expects(Trigger trigger) const {
    return next_step(session.step_, trigger) != Step::failed && !session.over();
  }

  void operator()(const Share& message) const {
    if (!expects(Trigger::share)) return session.violate(now, "a share out of place");
    if (session.step_ != Step::awaiting_share) return;
    auto reply = session.exchange_.accept_share(message);
    if (!reply) return session.violate(now, "an invalid share");
    session.outputs_.push_back(Send{*reply});
    session.advance(now, Trigger::share);
  }

  void operator()(const Reply& message) const {
    if (!expects(Trigger::reply)) return session.violate(now, "a reply out of place");
    if (session.step_ != Step::awaiting_reply) return;
    auto confirm = session.exchange_.accept_reply(message, session.self_);
    if (!confirm) return session.violate(now, "the words do not match");
    session.outputs_.push_back(Send{std::move(*confirm)});
    session.advance(now, Trigger::reply);
  }

  void operator()(const Confirm& message) const {
    if (!expects(Trigger::confirm)) return session.violate(now, "a confirmation out of place");
    if (session.step_ != Step::awaiting_confirm) return;
    auto accepted = session.exchange_.accept_confirm(message, session.self_);
    if (!accepted) return session.violate(now, "the words do not match");
    session.outputs_.push_back(Send{std::move(accepted->answer)});
    session.reach_peer(now, Trigger::confirm, std::move(accepted->peer));
  }

  void operator()(const Identify& message) const {
    if (!expects(Trigger::identity)) return session.violate(now, "an identity out of place");
    if (session.step_ != Step::awaiting_identity) return;
    auto peer = session.exchange_.accept_identity(message);
    if (!peer) return session.violate(now, "an identity that does not verify");
    session.reach_peer(now, Trigger::identity, std::move(*peer));
  }

  void operator()(const Commit& message) const {
    if (!expects(Trigger::commit)) return session.violate(now, "a commit out of place");
    if (!next_step(session.step_, Trigger::commit)) return;
    if (!session.exchange_.verify_commit(message.tag)) {
      return session.violate(now, "a commit that does not verify");
    }
    session.peer_committed_ = true;
    session.advance(now, Trigger::commit);
    session.seal_if_both_committed(now);
  }
};

void Session::receive(Instant now, const Message& message) {
  std::visit(OnMessage{*this, now}, message);
}

void Session::receive_garbage(Instant now) { violate(now, "a malformed message"); }

void Session::decide(Instant now, bool accept) {
  if (accept) {
    if (!advance(now, Trigger::accepted)) return;
    DeviceRecord record;
    if (const DeviceRecord* known = registry_.find(peer_->device)) record = known->clone();
    record.id = peer_->device;
    record.name = peer_->name;
    record.visibility_key = peer_->visibility_key;
    record.provisional = exchange_.secret();
    record_ = record.clone();
    outputs_.push_back(Write{std::move(record)});
    return;
  }
  if (!next_step(step_, Trigger::declined)) return;
  fail(now, Trigger::declined, {ErrorCode::cancelled, "the pairing was declined here", ""},
       Rejection::declined);
}

void Session::stored(Instant now, std::int64_t unix_ms) {
  if (step_ == Step::storing) {
    advance(now, Trigger::stored);
    outputs_.push_back(Send{Commit{exchange_.own_commit()}});
    record_->paired_at_ms = unix_ms;
    seal_if_both_committed(now);
  } else if (step_ == Step::sealing) {
    advance(now, Trigger::stored);
    // The end of the acceptor's stream tells the joiner that its commit has arrived.
    if (role_ == CPaceRole::responder) outputs_.push_back(EndStream{});
  }
}

void Session::store_failed(Instant now, const Error& error) {
  fail(now, Trigger::store_failed,
       {error.code, "the pairing could not be stored: " + error.message, error.hint});
}

void Session::peer_done(Instant now) {
  if (step_ == Step::lingering) {
    advance(now, Trigger::peer_done);
    return;
  }
  fail(now, Trigger::peer_done,
       {ErrorCode::connection_lost, "the other device ended the pairing early",
        std::string(kTryAgain)});
}

void Session::connection_lost(Instant now, const Error& error) {
  if (step_ == Step::lingering) {
    advance(now, Trigger::lost);
    return;
  }
  fail(now, Trigger::lost,
       {ErrorCode::connection_lost, "the connection to the other device was lost: " + error.message,
        "try again"});
}

void Session::rejected(Instant now, Rejection reason) {
  if (reason == Rejection::done) return peer_done(now);
  peer_declined_ = reason == Rejection::declined;
  fail(now, Trigger::reject, error_of(reason));
}

void Session::expire(Instant now) {
  if (step_ == Step::lingering) {
    advance(now, Trigger::expired);
    return;
  }
  if (step_ == Step::deciding) {
    // The peer may have agreed and wait: it has to know that nothing was stored here.
    return fail(now, Trigger::expired,
                {ErrorCode::timed_out, "nobody confirmed the pairing in time", "try again"},
                Rejection::declined);
  }
  fail(now, Trigger::expired,
       {ErrorCode::timed_out, "the other device did not answer in time", "try again"});
}

void Session::revoke(Instant now) {
  fail(now, Trigger::revoked,
       {ErrorCode::cancelled, "the other device was removed or blocked here", ""},
       Rejection::declined);
}

std::optional<SessionOutput> Session::poll_output() {
  if (outputs_.empty()) return std::nullopt;
  std::optional<SessionOutput> output(std::move(outputs_.front()));
  outputs_.pop_front();
  return output;
}

bool Session::advance(Instant now, Trigger trigger) {
  const auto next = next_step(step_, trigger);
  if (!next) return false;
  const bool moved = *next != step_;
  step_ = *next;
  if (moved) deadline_ = deadline_of(step_, now);
  if (step_ == Step::finished) outputs_.push_back(Finished{*peer_});
  return true;
}

void Session::reach_peer(Instant now, Trigger trigger, Peer peer) {
  if (peer.device == self_.identity.id()) return violate(now, "a device cannot pair with itself");
  const DeviceRecord* known = registry_.find(peer.device);
  if (known == nullptr && registry_.size() >= DeviceRegistry::kMaxDevices) {
    return fail(now, Trigger::declined,
                {ErrorCode::limit_exceeded, "this device knows as many devices as it can",
                 "remove one first"},
                Rejection::too_many_devices);
  }
  if (known != nullptr && known->blocked) {
    return fail(now, Trigger::declined,
                {ErrorCode::permission_denied, "the other device is blocked here",
                 "remove it from the devices first"},
                Rejection::declined);
  }
  peer_ = std::move(peer);
  advance(now, trigger);
  outputs_.push_back(AskPerson{*peer_, exchange_.fingerprint()});
}

void Session::fail(Instant now, Trigger trigger, Error error, Rejection tell) {
  if (next_step(step_, trigger) != Step::failed) return;
  const Leftover what = leftover(trigger);
  advance(now, trigger);
  if (what == Leftover::kept) {
    error.hint = "the next contact with that device completes the pairing";
  }
  outputs_.push_back(Failed{std::move(error), what, tell});
}

Leftover Session::leftover(Trigger failure) const {
  if (failure == Trigger::revoked) return Leftover::removed;
  switch (step_) {
    case Step::storing:
      return Leftover::withdrawn;
    case Step::committed:
      return peer_declined_ ? Leftover::withdrawn : Leftover::kept;
    case Step::sealing:
      return Leftover::kept;
    default:
      return Leftover::none;
  }
}

void Session::violate(Instant now, std::string_view what) {
  fail(now, Trigger::violation,
       {ErrorCode::refused, "the pairing failed: " + std::string(what), std::string(kTryAgain)});
}

void Session::seal_if_both_committed(Instant now) {
  if (!peer_committed_) return;
  // The peer's commit may have come before ours was durable: then the table is entered here.
  if (step_ == Step::committed) advance(now, Trigger::commit);
  if (step_ != Step::sealing) return;
  DeviceRecord record = record_->clone();
  record.secret = std::move(record.provisional);
  record.provisional.reset();
  outputs_.push_back(Write{std::move(record)});
}

}  // namespace kith::pairing
