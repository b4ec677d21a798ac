// How a connection ends, and what is said about it.

#include <ngtcp2/ngtcp2.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/base/sodium.h"
#include "engine/quic/connection.h"
#include "engine/quic/timestamp.h"

namespace kith::quic {
namespace {

// Late packets are answered for three times the probe timeout (RFC 9000 section 10.2).
constexpr int kLingerProbeTimeouts = 3;

// Reasons of CONNECTION_CLOSE are shown to people and cut to this.
constexpr std::size_t kMaxReasonBytes = 64;

std::string printable(const std::uint8_t* text, std::size_t size) {
  std::string out(reinterpret_cast<const char*>(text), std::min(size, kMaxReasonBytes));
  for (char& c : out) {
    if (c < ' ' || c > '~') c = '?';
  }
  return out;
}

ngtcp2_ccerr transport_error(std::uint64_t code) {
  ngtcp2_ccerr error;
  ngtcp2_ccerr_set_transport_error(&error, code, nullptr, 0);
  return error;
}

CloseReason reason_of_transport_code(std::uint64_t code, std::string text) {
  const bool tls = code >= kCryptoError && code <= kCryptoError + 0xff;
  CloseReason reason;
  reason.kind = tls ? CloseReason::Kind::tls_alert : CloseReason::Kind::peer_transport;
  reason.code = tls ? code - kCryptoError : code;
  reason.text = std::move(text);
  return reason;
}

}  // namespace

void Connection::settle(Instant now, int error) {
  if (error != 0) return end(now, error);
  if (session_over_) {
    // The session held 10 KB and is of no more use: there are no tickets to receive.
    ngtcp2_conn_set_tls_native_handle(conn(), nullptr);
    tls_.reset();
    session_over_ = false;
  }
  if (limit_grew_ && connected_) {
    limit_grew_ = false;
    open_pending_streams();
  }
}

void Connection::end(Instant now, int error) {
  ngtcp2_ccerr answer;
  ngtcp2_ccerr_default(&answer);
  bool answer_wanted = true;
  CloseReason reason = reason_for(error, answer, answer_wanted);
  const bool retry = error == NGTCP2_ERR_RETRY;
  finish(now, std::move(reason), answer_wanted ? &answer : nullptr);
  ending_->retry_wanted = retry;
  ending_->nothing_began = retry || error == NGTCP2_ERR_DROP_CONN;
}

CloseReason Connection::reason_for(int error, ngtcp2_ccerr& answer, bool& answer_wanted) const {
  CloseReason reason;
  reason.text = ngtcp2_strerror(error);
  answer_wanted = false;
  switch (error) {
    case NGTCP2_ERR_DRAINING: {
      if (was_reset_) {
        reason.kind = CloseReason::Kind::stateless_reset;
        reason.text = "the peer has lost the connection";
        return reason;
      }
      const ngtcp2_ccerr& said = *ngtcp2_conn_get_ccerr(conn());
      std::string text = printable(said.reason, said.reasonlen);
      if (said.type != NGTCP2_CCERR_TYPE_APPLICATION) {
        return reason_of_transport_code(said.error_code, std::move(text));
      }
      reason.kind = CloseReason::Kind::peer_application;
      reason.code = said.error_code;
      reason.text = std::move(text);
      return reason;
    }
    case NGTCP2_ERR_IDLE_CLOSE:
      reason.kind = CloseReason::Kind::idle_timeout;
      reason.text = "nothing was heard from the peer";
      return reason;
    case NGTCP2_ERR_HANDSHAKE_TIMEOUT:
      reason.kind = CloseReason::Kind::handshake_timeout;
      reason.text = "the handshake did not finish in time";
      return reason;
    case NGTCP2_ERR_RECV_VERSION_NEGOTIATION:
      reason.kind = CloseReason::Kind::version_negotiation;
      reason.text = "the peer speaks no version of QUIC that we do";
      return reason;
    case NGTCP2_ERR_DROP_CONN:
    case NGTCP2_ERR_RETRY:
    case NGTCP2_ERR_NOMEM:
      return reason;
    case NGTCP2_ERR_CALLBACK_FAILURE:
      answer_wanted = true;
      if (refusal_) {
        answer = refusal_->error;
        return refusal_->reason;
      }
      answer = transport_error(NGTCP2_INTERNAL_ERROR);
      return reason;
    case NGTCP2_ERR_CRYPTO: {
      answer_wanted = true;
      const std::uint8_t sent = ngtcp2_conn_get_tls_alert(conn());
      const auto alert = sent != 0 ? sent : static_cast<std::uint8_t>(Alert::internal_error);
      ngtcp2_ccerr_set_tls_alert(&answer, alert, nullptr, 0);
      reason.kind = tls_ && tls_->peer_key_refused() ? CloseReason::Kind::not_named
                                                     : CloseReason::Kind::tls_alert;
      reason.code = alert;
      reason.text = "the TLS handshake failed";
      return reason;
    }
    default:
      answer_wanted = true;
      ngtcp2_ccerr_set_liberr(&answer, error, nullptr, 0);
      reason.kind = CloseReason::Kind::peer_transport;
      reason.code = answer.error_code;
      return reason;
  }
}

void Connection::finish(Instant now, CloseReason reason, const ngtcp2_ccerr* answer) {
  Ending ending;
  ending.linger =
      Duration(static_cast<std::int64_t>(ngtcp2_conn_get_pto(conn()))) * kLingerProbeTimeouts;
  if (answer != nullptr) {
    Stray farewell;
    ngtcp2_pkt_info info{};
    farewell.bytes.resize(NGTCP2_MAX_UDP_PAYLOAD_SIZE);
    const ngtcp2_ssize size = ngtcp2_conn_write_connection_close(
        conn(), farewell.path.get(), &info, uchars_out(farewell.bytes), farewell.bytes.size(),
        answer, to_timestamp(now));
    if (size > 0) {
      farewell.bytes.resize(static_cast<std::size_t>(size));
      farewell.ecn = static_cast<Ecn>(info.ecn);
      farewell.interface = interface_of(farewell.path);
      bytes_sent_ += farewell.bytes.size();
      ending.farewell = std::move(farewell);
    }
  }
  if (!initiated_here_ && !connected_) {
    const std::uint64_t allowed = 3 * bytes_received_;
    ending.allowance = allowed > bytes_sent_ ? allowed - bytes_sent_ : 0;
  } else {
    ending.allowance = std::numeric_limits<std::uint64_t>::max() / 2;
  }
  reason.was_connected = connected_;
  ending.reason = std::move(reason);
  ending_ = std::move(ending);
  // What has arrived may still be taken; everything else can go.
  conn_.reset();
  tls_.reset();
  pending_opens_.clear();
  to_send_.clear();
  for (auto& [id, stream] : streams_) stream.send = {};
}

void Connection::close(Instant now, std::uint64_t code, std::string_view reason) {
  if (ending_) return;
  const std::string_view text = reason.substr(0, kMaxReasonBytes);
  ngtcp2_ccerr answer;
  ngtcp2_ccerr_set_application_error(
      &answer, code, reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  CloseReason closed;
  closed.kind = CloseReason::Kind::local;
  closed.code = code;
  closed.text = text;
  finish(now, std::move(closed), &answer);
}

int Connection::refuse(CloseReason::Kind kind, std::uint64_t transport_code,
                       std::string_view text) {
  CloseReason reason = reason_of_transport_code(transport_code, std::string(text));
  reason.kind = kind;
  refusal_ = Refusal{std::move(reason), transport_error(transport_code)};
  return NGTCP2_ERR_CALLBACK_FAILURE;
}

}  // namespace kith::quic
