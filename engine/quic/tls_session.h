#pragma once

// One TLS handshake inside one QUIC connection, and what it proved about the peer.
//
//   ngtcp2 --CRYPTO frames--> read_write() --> wolfSSL --> secrets, CRYPTO frames --> ngtcp2
//                                                 \--> ServerPolicy: key, ALPNs, PSK
//
// wolfSSL alone would complete some handshakes in which nobody has been named, so proven_peer() is
// asked at the end and says who the peer is or that it is unknown.
//
// Every call is made inside a WolfsslScope.

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/quic/endpoint.h"
#include "kith/bytes.h"
#include "kith/ids.h"

struct WOLFSSL;

namespace kith::quic {

class TlsContext;

// TLS alerts that this code sends itself (RFC 8446 section 6).
enum class Alert : std::uint8_t {
  bad_certificate = 42,
  internal_error = 80,
  unrecognized_name = 112,
  certificate_required = 116,
  no_application_protocol = 120,
};

// RFC 9001 section 4.8: how QUIC carries an alert, in the codes of RFC 9000 section 20.1.
inline constexpr std::uint64_t kCryptoError = 0x100;
inline constexpr std::uint64_t transport_code(Alert alert) {
  return kCryptoError + static_cast<std::uint64_t>(alert);
}

struct ProvenPeer {
  DeviceId id;
  bool by_psk = false;
  std::string psk_identity;  // if by_psk
};

class TlsSession {
 public:
  // Null when the library refuses the keys or names given, which only a caller's bug can cause.
  static std::unique_ptr<TlsSession> client(const TlsContext& context, const ClientHello& hello,
                                            std::uint64_t max_packets_per_key);
  static std::unique_ptr<TlsSession> server(const TlsContext& context, ServerPolicy& policy,
                                            std::uint64_t max_packets_per_key);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // The connection must outlive the session's last read_write().
  void attach(ngtcp2_conn* connection) { connection_ = connection; }

  // After the handshake: who the peer is, if the PSK or a verified key says so.
  std::optional<ProvenPeer> proven_peer() const;
  // A key was shown, and it was not the one demanded.
  bool peer_key_refused() const { return peer_key_refused_; }

  DeviceId own_key() const { return own_key_; }
  const std::string& server_name() const { return server_name_; }
  std::string alpn() const;
  // RFC 8446 section 7.5. False if wolfSSL has nothing to export from.
  bool export_secret(std::string_view label, ByteView context,
                     std::array<std::byte, 32>& out) const;

  // What ngtcp2's crypto helper asks for; zero is success.
  int read_write(ngtcp2_encryption_level level, const std::uint8_t* data, std::size_t size);
  bool fill_cipher_suite(ngtcp2_crypto_ctx& ctx) const;
  ByteView peer_transport_params() const;
  bool set_transport_params(ByteView params);

  // Called by wolfSSL.
  int on_secrets(int level, const std::uint8_t* rx, const std::uint8_t* tx, std::size_t size);
  int on_handshake_data(int level, const std::uint8_t* data, std::size_t size);
  int on_alert(std::uint8_t alert);
  bool on_peer_key(ByteView spki);
  bool on_server_name(std::string_view name);
  bool on_certificate_needed();
  std::optional<PskKey> on_psk_identity(std::string_view identity);
  const ClientHello::Psk* on_psk_needed();
  const char* psk_cipher_suite() const;

 private:
  TlsSession(const TlsContext& context, std::uint64_t max_packets_per_key);

  bool start(WOLFSSL* ssl);
  bool start_client(const ClientHello& hello);
  bool present(const KeyPair& key);
  bool offer(std::string list);
  std::string choose(const std::vector<std::string>& alpns) const;
  bool completed_with_psk() const;
  bool refuse(Alert alert);

  struct Free {
    void operator()(WOLFSSL* ssl) const;
  };

  const TlsContext& context_;
  const std::uint64_t max_packets_per_key_;
  std::unique_ptr<WOLFSSL, Free> ssl_;
  ngtcp2_conn* connection_ = nullptr;

  // Client.
  std::optional<DeviceId> expected_key_;
  std::optional<ClientHello::Psk> psk_;
  bool peer_has_answered_ = false;
  bool psk_accepted_ = false;  // the server chose it: wolfSSL asked for it again after the answer

  // Server.
  ServerPolicy* policy_ = nullptr;
  std::string chosen_alpn_;
  std::optional<ProvenPeer> psk_peer_;  // whose PSK was looked up last

  std::string server_name_;
  DeviceId own_key_;
  bool key_shown_ = false;
  std::optional<DeviceId> peer_key_;  // shown, and proven once the handshake is complete
  bool peer_key_refused_ = false;
  std::optional<Alert> own_alert_;  // replaces the less telling one that wolfSSL sends
};

}  // namespace kith::quic
