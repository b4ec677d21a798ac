#include "engine/quic/tls_context.h"

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>

#include "engine/base/check.h"
#include "engine/quic/tls_session.h"

namespace kith::quic {
namespace {

TlsSession& session_of(WOLFSSL* ssl) {
  return *static_cast<TlsSession*>(wolfSSL_get_app_data(ssl));
}

int on_secrets(WOLFSSL* ssl, WOLFSSL_ENCRYPTION_LEVEL level, const std::uint8_t* rx,
               const std::uint8_t* tx, std::size_t size) {
  return session_of(ssl).on_secrets(level, rx, tx, size);
}

int on_handshake_data(WOLFSSL* ssl, WOLFSSL_ENCRYPTION_LEVEL level, const std::uint8_t* data,
                      std::size_t size) {
  return session_of(ssl).on_handshake_data(level, data, size);
}

int on_flush(WOLFSSL*) { return 1; }

int on_alert(WOLFSSL* ssl, WOLFSSL_ENCRYPTION_LEVEL, std::uint8_t alert) {
  return session_of(ssl).on_alert(alert);
}

const WOLFSSL_QUIC_METHOD kQuicMethod = {on_secrets, on_handshake_data, on_flush, on_alert};

// wolfSSL takes any raw public key for good unless this says otherwise: a chain does not exist, so
// what it thinks of one does not matter. That the peer holds the private key is checked by wolfSSL
// afterwards, with CertificateVerify.
int on_verify(int, WOLFSSL_X509_STORE_CTX* store) {
  if (store->totalCerts != 1) return 0;
  auto& session = *static_cast<TlsSession*>(store->userCtx);
  const WOLFSSL_BUFFER_INFO& key = store->certs[0];
  return session.on_peer_key(std::as_bytes(std::span(key.buffer, key.length))) ? 1 : 0;
}

int on_server_name(WOLFSSL* ssl, int*, void*) {
  void* data = nullptr;
  const unsigned short size = wolfSSL_SNI_GetRequest(ssl, WOLFSSL_SNI_HOST_NAME, &data);
  const std::string_view name(static_cast<const char*>(data), data == nullptr ? 0 : size);
  return session_of(ssl).on_server_name(name) ? 0 : fatal_return;
}

int on_certificate_needed(WOLFSSL* ssl, void*) {
  return session_of(ssl).on_certificate_needed() ? 1 : 0;
}

unsigned int on_psk_identity(WOLFSSL* ssl, const char* identity, unsigned char* key,
                             unsigned int capacity, const char** suite) {
  TlsSession& session = session_of(ssl);
  const std::optional<PskKey> found = session.on_psk_identity(identity);
  if (!found || capacity < found->size()) return 0;
  std::copy(found->begin(), found->end(), reinterpret_cast<std::byte*>(key));
  *suite = session.psk_cipher_suite();
  return static_cast<unsigned int>(found->size());
}

void configure(WOLFSSL_CTX* context, bool prefer_chacha20) {
  constexpr char kRawPublicKey[] = {WOLFSSL_CERT_TYPE_RPK};
  int groups[] = {WOLFSSL_ECC_X25519};
  const char* suites =
      prefer_chacha20
          ? "TLS13-CHACHA20-POLY1305-SHA256:TLS13-AES128-GCM-SHA256:TLS13-AES256-GCM-SHA384"
          : "TLS13-AES128-GCM-SHA256:TLS13-CHACHA20-POLY1305-SHA256:TLS13-AES256-GCM-SHA384";
  const bool configured =
      wolfSSL_CTX_set_min_proto_version(context, TLS1_3_VERSION) == WOLFSSL_SUCCESS &&
      wolfSSL_CTX_set_max_proto_version(context, TLS1_3_VERSION) == WOLFSSL_SUCCESS &&
      wolfSSL_CTX_set_quic_method(context, &kQuicMethod) == WOLFSSL_SUCCESS &&
      wolfSSL_CTX_set_cipher_list(context, suites) == WOLFSSL_SUCCESS &&
      wolfSSL_CTX_set_groups(context, groups, 1) == WOLFSSL_SUCCESS &&
      wolfSSL_CTX_set_client_cert_type(context, kRawPublicKey, 1) == WOLFSSL_SUCCESS &&
      wolfSSL_CTX_set_server_cert_type(context, kRawPublicKey, 1) == WOLFSSL_SUCCESS &&
      wolfSSL_CTX_only_dhe_psk(context) == 0;
  KITH_CHECK(configured);
  wolfSSL_CTX_set_session_cache_mode(context, WOLFSSL_SESS_CACHE_OFF);
}

}  // namespace

TlsContext::TlsContext(bool prefer_chacha20)
    : prefer_chacha20_(prefer_chacha20),
      client_(wolfSSL_CTX_new(wolfTLSv1_3_client_method())),
      server_(wolfSSL_CTX_new(wolfTLSv1_3_server_method())) {
  KITH_CHECK(client_ && server_);
  configure(client(), prefer_chacha20);
  wolfSSL_CTX_set_verify(client(), WOLFSSL_VERIFY_PEER, on_verify);

  configure(server(), prefer_chacha20);
  // FAIL_IF_NO_PEER_CERT would refuse PSK clients too; demand_client_key() sets it later.
  wolfSSL_CTX_set_verify(server(), WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_EXCEPT_PSK, on_verify);
  KITH_CHECK(wolfSSL_CTX_no_ticket_TLSv13(server()) == 0);
  KITH_CHECK(wolfSSL_CTX_set_max_early_data(server(), 0) == WOLFSSL_SUCCESS);
  wolfSSL_CTX_set_servername_callback(server(), on_server_name);
  wolfSSL_CTX_set_cert_cb(server(), on_certificate_needed, nullptr);
  wolfSSL_CTX_set_psk_server_tls13_callback(server(), on_psk_identity);
}

TlsContext::~TlsContext() = default;

void TlsContext::demand_client_key(WOLFSSL* ssl) {
  wolfSSL_set_verify(ssl, WOLFSSL_VERIFY_PEER | WOLFSSL_VERIFY_FAIL_IF_NO_PEER_CERT, on_verify);
}

const char* TlsContext::psk_cipher_suite() const {
  return prefer_chacha20_ ? "TLS13-CHACHA20-POLY1305-SHA256" : "TLS13-AES128-GCM-SHA256";
}

void TlsContext::Free::operator()(WOLFSSL_CTX* context) const { wolfSSL_CTX_free(context); }

}  // namespace kith::quic
