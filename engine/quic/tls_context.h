#pragma once

// TLS 1.3 as kith speaks it, for both roles: raw public keys (RFC 7250) for server and client, an
// external PSK only together with X25519 (psk_dhe_ke), X25519 as the only group, no session
// tickets, no 0-RTT. One per endpoint: endpoints share nothing.

#include <memory>

struct WOLFSSL;
struct WOLFSSL_CTX;

namespace kith::quic {

class TlsContext {
 public:
  // ChaCha20-Poly1305 is the better first choice on a processor without AES instructions.
  explicit TlsContext(bool prefer_chacha20);
  ~TlsContext();
  TlsContext(const TlsContext&) = delete;
  TlsContext& operator=(const TlsContext&) = delete;

  WOLFSSL_CTX* client() const { return client_.get(); }
  WOLFSSL_CTX* server() const { return server_.get(); }

  // From here on this server session fails without a raw public key of the client.
  static void demand_client_key(WOLFSSL* ssl);

  // The suite an external PSK is used with; its hash is SHA-256.
  const char* psk_cipher_suite() const;

 private:
  struct Free {
    void operator()(WOLFSSL_CTX* context) const;
  };
  using Context = std::unique_ptr<WOLFSSL_CTX, Free>;

  bool prefer_chacha20_;
  Context client_;
  Context server_;
};

}  // namespace kith::quic
