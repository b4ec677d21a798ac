#include "engine/quic/tls_session.h"

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include <algorithm>
#include <span>
#include <vector>

#include "engine/base/check.h"
#include "engine/base/sodium.h"
#include "engine/quic/packet_protection.h"
#include "engine/quic/tls_context.h"

namespace kith::quic {
namespace {

// RFC 9001 section 8.2: the number of the quic_transport_parameters extension.
constexpr int kTransportParamsExtension = 0x39;

// wolfSSL wants the extension that carries the PSK to be the last it has heard of, so the one for
// ALPN exists from the start. A client that asks for this protocol is refused like any other whose
// protocols are unknown.
constexpr const char* kNoProtocol = "kith/none";

std::string joined(const std::vector<std::string>& alpns) {
  std::string list;
  for (const std::string& alpn : alpns) list += (list.empty() ? "" : ",") + alpn;
  return list;
}

bool is_printable(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 0x7f; });
}

ngtcp2_encryption_level to_ngtcp2(int level) {
  switch (level) {
    case wolfssl_encryption_initial:
      return NGTCP2_ENCRYPTION_LEVEL_INITIAL;
    case wolfssl_encryption_handshake:
      return NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE;
    case wolfssl_encryption_early_data:
      return NGTCP2_ENCRYPTION_LEVEL_0RTT;
    default:
      return NGTCP2_ENCRYPTION_LEVEL_1RTT;
  }
}

WOLFSSL_ENCRYPTION_LEVEL to_wolfssl(ngtcp2_encryption_level level) {
  switch (level) {
    case NGTCP2_ENCRYPTION_LEVEL_INITIAL:
      return wolfssl_encryption_initial;
    case NGTCP2_ENCRYPTION_LEVEL_HANDSHAKE:
      return wolfssl_encryption_handshake;
    case NGTCP2_ENCRYPTION_LEVEL_0RTT:
      return wolfssl_encryption_early_data;
    case NGTCP2_ENCRYPTION_LEVEL_1RTT:
      break;
  }
  return wolfssl_encryption_application;
}

// wolfSSL asks once per cipher suite it offers; the identity is offered with one of them.
unsigned int on_psk_needed(WOLFSSL* ssl, const char*, char* identity, unsigned int capacity,
                           unsigned char* key, unsigned int key_capacity, const char* suite) {
  auto& session = *static_cast<TlsSession*>(wolfSSL_get_app_data(ssl));
  if (std::string_view(suite) != session.psk_cipher_suite()) return 0;
  const ClientHello::Psk* psk = session.on_psk_needed();
  if (psk == nullptr || capacity <= psk->identity.size() || key_capacity < psk->key.size()) {
    return 0;
  }
  std::copy(psk->identity.begin(), psk->identity.end(), identity);
  identity[psk->identity.size()] = '\0';
  std::copy(psk->key.begin(), psk->key.end(), reinterpret_cast<std::byte*>(key));
  return static_cast<unsigned int>(psk->key.size());
}

}  // namespace

TlsSession::TlsSession(const TlsContext& context, std::uint64_t max_packets_per_key)
    : context_(context), max_packets_per_key_(max_packets_per_key) {}

TlsSession::~TlsSession() = default;

void TlsSession::Free::operator()(WOLFSSL* ssl) const { wolfSSL_free(ssl); }

std::unique_ptr<TlsSession> TlsSession::client(const TlsContext& context, const ClientHello& hello,
                                               std::uint64_t max_packets_per_key) {
  std::unique_ptr<TlsSession> session(new TlsSession(context, max_packets_per_key));
  session->expected_key_ = hello.expected_key;
  session->psk_ = hello.psk;
  session->server_name_ = hello.server_name;
  const bool ready = session->start(wolfSSL_new(context.client())) && session->start_client(hello);
  return ready ? std::move(session) : nullptr;
}

std::unique_ptr<TlsSession> TlsSession::server(const TlsContext& context, ServerPolicy& policy,
                                               std::uint64_t max_packets_per_key) {
  std::unique_ptr<TlsSession> session(new TlsSession(context, max_packets_per_key));
  session->policy_ = &policy;
  if (!session->start(wolfSSL_new(context.server()))) return nullptr;
  wolfSSL_set_accept_state(session->ssl_.get());
  return session->offer(kNoProtocol) ? std::move(session) : nullptr;
}

bool TlsSession::start(WOLFSSL* ssl) {
  ssl_.reset(ssl);
  if (ssl == nullptr) return false;
  wolfSSL_set_app_data(ssl, this);
  wolfSSL_SetCertCbCtx(ssl, this);
  wolfSSL_set_quic_transport_version(ssl, kTransportParamsExtension);
  wolfSSL_KeepArrays(ssl);  // the exporter needs what is otherwise freed after the handshake
  return true;
}

bool TlsSession::start_client(const ClientHello& hello) {
  WOLFSSL* const ssl = ssl_.get();
  wolfSSL_set_connect_state(ssl);
  // The share is sent at once, or the server has to ask for a second ClientHello.
  if (wolfSSL_UseKeyShare(ssl, WOLFSSL_ECC_X25519) != WOLFSSL_SUCCESS) return false;
  if (!offer(joined(hello.alpns))) return false;
  if (!hello.server_name.empty() &&
      wolfSSL_UseSNI(ssl, WOLFSSL_SNI_HOST_NAME, hello.server_name.data(),
                     static_cast<unsigned short>(hello.server_name.size())) != WOLFSSL_SUCCESS) {
    return false;
  }
  if (hello.psk) {
    wolfSSL_set_psk_client_cs_callback(ssl, kith::quic::on_psk_needed);
    return true;
  }
  return hello.key == nullptr || present(*hello.key);
}

bool TlsSession::present(const KeyPair& key) {
  const SpkiDer spki = key.spki_der();
  const Pkcs8Der pkcs8 = key.pkcs8_der();
  own_key_ = key.id();
  key_shown_ = true;
  return wolfSSL_use_certificate_buffer(ssl_.get(), uchars(spki), static_cast<long>(spki.size()),
                                        WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS &&
         wolfSSL_use_PrivateKey_buffer(ssl_.get(), uchars(pkcs8.view()),
                                       static_cast<long>(pkcs8.size()),
                                       WOLFSSL_FILETYPE_ASN1) == WOLFSSL_SUCCESS;
}

bool TlsSession::offer(std::string list) {
  return wolfSSL_UseALPN(ssl_.get(), list.data(), static_cast<unsigned int>(list.size()),
                         WOLFSSL_ALPN_FAILED_ON_MISMATCH) == WOLFSSL_SUCCESS;
}

// wolfSSL would go by the client's preference.
std::string TlsSession::choose(const std::vector<std::string>& alpns) const {
  char* list = nullptr;
  unsigned short size = 0;
  if (wolfSSL_ALPN_GetPeerProtocol(ssl_.get(), &list, &size) != WOLFSSL_SUCCESS) return {};
  const std::string asked = "," + std::string(list, size) + ",";
  wolfSSL_ALPN_FreePeerProtocol(ssl_.get(), &list);
  for (const std::string& alpn : alpns) {
    if (asked.find("," + alpn + ",") != std::string::npos) return alpn;
  }
  return {};
}

std::string TlsSession::alpn() const {
  char* name = nullptr;
  unsigned short size = 0;
  if (wolfSSL_ALPN_GetProtocol(ssl_.get(), &name, &size) != WOLFSSL_SUCCESS) return {};
  return {name, size};
}

bool TlsSession::export_secret(std::string_view label, ByteView context,
                               std::array<std::byte, 32>& out) const {
  return wolfSSL_export_keying_material(ssl_.get(), reinterpret_cast<unsigned char*>(out.data()),
                                        out.size(), label.data(), label.size(), uchars(context),
                                        context.size(), 1) == WOLFSSL_SUCCESS;
}

std::optional<ProvenPeer> TlsSession::proven_peer() const {
  if (policy_ != nullptr) {
    if (completed_with_psk()) return psk_peer_;
  } else if (psk_) {
    if (!psk_accepted_ || peer_key_) return std::nullopt;
    return ProvenPeer{psk_->peer, true, psk_->identity};
  }
  if (!peer_key_ || peer_key_refused_) return std::nullopt;
  return ProvenPeer{*peer_key_, false, {}};
}

// That wolfSSL has asked for a PSK does not mean that it uses it: the client may not offer the
// suite that goes with it. But a server that has no raw public key to show completes no other
// handshake.
bool TlsSession::completed_with_psk() const { return psk_peer_ && !key_shown_; }

bool TlsSession::refuse(Alert alert) {
  own_alert_ = alert;
  return false;
}

// --- called by ngtcp2's helper ------------------------------------------------------------------

int TlsSession::read_write(ngtcp2_encryption_level level, const std::uint8_t* data,
                           std::size_t size) {
  WOLFSSL* const ssl = ssl_.get();
  if (size > 0) {
    peer_has_answered_ = true;
    if (wolfSSL_provide_quic_data(ssl, to_wolfssl(level), data, size) != WOLFSSL_SUCCESS) return -1;
  }
  const auto goes_on = [ssl](int rv) {
    const int error = wolfSSL_get_error(ssl, rv);
    return error == WOLFSSL_ERROR_WANT_READ || error == WOLFSSL_ERROR_WANT_WRITE;
  };
  if (ngtcp2_conn_get_handshake_completed(connection_) == 0) {
    const int rv = wolfSSL_quic_do_handshake(ssl);
    if (rv != WOLFSSL_SUCCESS) return goes_on(rv) ? 0 : -1;
    ngtcp2_conn_tls_handshake_completed(connection_);
  }
  const int rv = wolfSSL_process_quic_post_handshake(ssl);
  return rv == WOLFSSL_SUCCESS || goes_on(rv) ? 0 : -1;
}

bool TlsSession::fill_cipher_suite(ngtcp2_crypto_ctx& ctx) const {
  return use_cipher_suite(ctx, wolfSSL_get_current_cipher_suite(ssl_.get()), max_packets_per_key_);
}

ByteView TlsSession::peer_transport_params() const {
  const std::uint8_t* data = nullptr;
  std::size_t size = 0;
  wolfSSL_get_peer_quic_transport_params(ssl_.get(), &data, &size);
  return std::as_bytes(std::span(data, size));
}

bool TlsSession::set_transport_params(ByteView params) {
  return wolfSSL_set_quic_transport_params(ssl_.get(), uchars(params), params.size()) ==
         WOLFSSL_SUCCESS;
}

// --- called by wolfSSL --------------------------------------------------------------------------

int TlsSession::on_secrets(int level, const std::uint8_t* rx, const std::uint8_t* tx,
                           std::size_t size) {
  const ngtcp2_encryption_level at = to_ngtcp2(level);
  if (rx != nullptr && ngtcp2_crypto_derive_and_install_rx_key(connection_, nullptr, nullptr,
                                                               nullptr, at, rx, size) != 0) {
    return 0;
  }
  if (tx != nullptr && ngtcp2_crypto_derive_and_install_tx_key(connection_, nullptr, nullptr,
                                                               nullptr, at, tx, size) != 0) {
    return 0;
  }
  return 1;
}

int TlsSession::on_handshake_data(int level, const std::uint8_t* data, std::size_t size) {
  const ngtcp2_encryption_level at = to_ngtcp2(level);
  // A ClientHello, the first or one that a HelloRetryRequest asked for: no answer to it is known.
  if (policy_ == nullptr && at == NGTCP2_ENCRYPTION_LEVEL_INITIAL) psk_accepted_ = false;
  const int rv = ngtcp2_conn_submit_crypto_data(connection_, at, data, size);
  if (rv == 0) return 1;
  ngtcp2_conn_set_tls_error(connection_, rv);
  return 0;
}

int TlsSession::on_alert(std::uint8_t alert) {
  ngtcp2_conn_set_tls_alert(connection_,
                            own_alert_ ? static_cast<std::uint8_t>(*own_alert_) : alert);
  return 1;
}

bool TlsSession::on_peer_key(ByteView spki) {
  const std::optional<DeviceId> key = parse_spki(spki);
  // A client that offered a PSK accepts nothing else.
  if (!key || psk_ || (expected_key_ && *expected_key_ != *key)) {
    peer_key_refused_ = true;
    return refuse(Alert::bad_certificate);
  }
  peer_key_ = *key;
  return true;
}

bool TlsSession::on_server_name(std::string_view name) {
  if (!is_printable(name)) return refuse(Alert::unrecognized_name);
  server_name_ = name;
  psk_peer_.reset();  // this is the beginning of a ClientHello, perhaps of a second one
  chosen_alpn_ = choose(policy_->alpns_for(name));
  if (chosen_alpn_.empty()) return refuse(Alert::no_application_protocol);
  return offer(chosen_alpn_) || refuse(Alert::internal_error);
}

bool TlsSession::on_certificate_needed() {
  if (alpn() != chosen_alpn_) return refuse(Alert::no_application_protocol);
  if (psk_peer_) return true;
  const std::shared_ptr<const KeyPair> key = policy_->key_for(server_name_);
  if (key == nullptr) return refuse(Alert::unrecognized_name);
  TlsContext::demand_client_key(ssl_.get());
  return present(*key) || refuse(Alert::internal_error);
}

std::optional<PskKey> TlsSession::on_psk_identity(std::string_view identity) {
  if (!is_printable(identity)) return std::nullopt;
  const std::optional<ServerPolicy::PskMatch> match = policy_->psk_for(identity);
  if (!match) return std::nullopt;
  psk_peer_ = ProvenPeer{match->peer, true, std::string(identity)};
  return match->key;
}

const ClientHello::Psk* TlsSession::on_psk_needed() {
  if (peer_has_answered_) psk_accepted_ = true;
  return psk_ ? &*psk_ : nullptr;
}

const char* TlsSession::psk_cipher_suite() const { return context_.psk_cipher_suite(); }

}  // namespace kith::quic

// The part of the backend of ngtcp2's crypto helper that concerns TLS; the rest is in
// packet_protection.cc. The native handle of a connection is its TlsSession, and null when the
// handshake is over and the session was given up.
extern "C" {

using kith::quic::TlsSession;

ngtcp2_crypto_ctx* ngtcp2_crypto_ctx_tls(ngtcp2_crypto_ctx* ctx, void* tls) {
  return static_cast<TlsSession*>(tls)->fill_cipher_suite(*ctx) ? ctx : nullptr;
}

ngtcp2_crypto_ctx* ngtcp2_crypto_ctx_tls_early(ngtcp2_crypto_ctx*, void*) {
  return nullptr;  // there is no early data
}

int ngtcp2_crypto_read_write_crypto_data(ngtcp2_conn* connection, ngtcp2_encryption_level level,
                                         const uint8_t* data, size_t datalen) {
  auto* session = static_cast<TlsSession*>(ngtcp2_conn_get_tls_native_handle(connection));
  return session == nullptr ? 0 : session->read_write(level, data, datalen);
}

int ngtcp2_crypto_set_remote_transport_params(ngtcp2_conn* connection, void* tls) {
  const kith::ByteView params = static_cast<TlsSession*>(tls)->peer_transport_params();
  const int rv = ngtcp2_conn_decode_and_set_remote_transport_params(
      connection, kith::uchars(params), params.size());
  if (rv == 0) return 0;
  ngtcp2_conn_set_tls_error(connection, rv);
  return -1;
}

int ngtcp2_crypto_set_local_transport_params(void* tls, const uint8_t* buf, size_t len) {
  return static_cast<TlsSession*>(tls)->set_transport_params(std::as_bytes(std::span(buf, len)))
             ? 0
             : -1;
}

}  // extern "C"
