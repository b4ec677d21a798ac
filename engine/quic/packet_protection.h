#pragma once

// Packet protection on wolfCrypt (RFC 9001 section 5): AEAD, header protection and HKDF.
//
// ngtcp2's crypto helper derives keys, tokens and tags with the functions of a backend (declared in
// its ngtcp2_crypto.h and shared.h); packet_protection.cc and tls_session.cc are that backend. The
// one shipped with ngtcp2 goes through wolfSSL's EVP layer, which costs twice as much per handshake
// and a third more per packet, so none of it is linked: every function of it that is called is
// defined here. Were one missing, the linker would take in the shipped file and refuse the rest as
// duplicates.
//
// These are called with keys and lengths that ngtcp2 has checked. A cipher suite's parts are named
// by pointers to constants, so a ngtcp2_crypto_ctx owns nothing.

#include <ngtcp2/ngtcp2.h>
#include <ngtcp2/ngtcp2_crypto.h>

#include <cstdint>

namespace kith::quic {

// Fills `ctx` for a TLS 1.3 cipher suite by its registered number; false if it is not one of
// AES-128-GCM, AES-256-GCM and ChaCha20-Poly1305.
bool use_cipher_suite(ngtcp2_crypto_ctx& ctx, int suite, std::uint64_t max_packets_per_key);

}  // namespace kith::quic
