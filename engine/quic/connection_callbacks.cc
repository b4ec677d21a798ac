#include "engine/quic/connection_callbacks.h"

#include <ngtcp2/ngtcp2_crypto.h>

#include <span>

#include "engine/base/sodium.h"
#include "engine/quic/connection.h"
#include "engine/quic/wolfssl_hooks.h"

namespace kith::quic {

// Each is the C face of a member of Connection. A friend of it, so that the members stay private.
struct ConnectionCallbacks {
  static Connection& of(void* user_data) { return *static_cast<Connection*>(user_data); }
  static Stream* stream_of(void* stream_user_data) {
    return static_cast<Stream*>(stream_user_data);
  }

  static int handshake_completed(ngtcp2_conn*, void* user) {
    return of(user).on_handshake_completed();
  }

  static int recv_stream_data(ngtcp2_conn*, std::uint32_t flags, std::int64_t, std::uint64_t,
                              const std::uint8_t* data, std::size_t size, void* user,
                              void* stream) {
    return of(user).on_stream_data(stream_of(stream), flags, std::as_bytes(std::span(data, size)));
  }

  static int acked_stream_data_offset(ngtcp2_conn*, std::int64_t, std::uint64_t offset,
                                      std::uint64_t size, void* user, void* stream) {
    return of(user).on_stream_acked(stream_of(stream), offset + size);
  }

  static int stream_open(ngtcp2_conn*, std::int64_t id, void* user) {
    return of(user).on_stream_opened(id);
  }

  static int stream_close(ngtcp2_conn*, std::uint32_t flags, std::int64_t, std::uint64_t code,
                          void* user, void* stream) {
    std::optional<std::uint64_t> given;
    if ((flags & NGTCP2_STREAM_CLOSE_FLAG_APP_ERROR_CODE_SET) != 0) given = code;
    return of(user).on_stream_closed(stream_of(stream), given);
  }

  static int stream_reset(ngtcp2_conn*, std::int64_t, std::uint64_t, std::uint64_t code, void* user,
                          void* stream) {
    return of(user).on_stream_reset(stream_of(stream), code);
  }

  static int extend_max_stream_data(ngtcp2_conn*, std::int64_t, std::uint64_t, void* user,
                                    void* stream) {
    return of(user).on_stream_window_grew(stream_of(stream));
  }

  static int extend_max_local_streams(ngtcp2_conn*, std::uint64_t, void* user) {
    return of(user).on_stream_limit_grew();
  }

  static int recv_stateless_reset(ngtcp2_conn*, const ngtcp2_pkt_stateless_reset*, void* user) {
    of(user).was_reset_ = true;
    return 0;
  }

  static int get_new_connection_id(ngtcp2_conn*, ngtcp2_cid* cid, std::uint8_t* token,
                                   std::size_t size, void* user) {
    return of(user).on_new_connection_id(cid, token, size);
  }

  static int remove_connection_id(ngtcp2_conn*, const ngtcp2_cid* cid, void* user) {
    of(user).shared_.router.remove(*cid);
    return 0;
  }

  static int dcid_status(ngtcp2_conn*, ngtcp2_connection_id_status_type type, std::uint64_t,
                         const ngtcp2_cid*, const std::uint8_t* token, void* user) {
    const bool active = type == NGTCP2_CONNECTION_ID_STATUS_TYPE_ACTIVATE;
    return of(user).on_peer_connection_id(active, token);
  }

  static int path_validation(ngtcp2_conn*, std::uint32_t, const ngtcp2_path*, const ngtcp2_path*,
                             ngtcp2_path_validation_result result, void* user) {
    return of(user).on_path_validated(result == NGTCP2_PATH_VALIDATION_RESULT_SUCCESS);
  }

  static int update_key(ngtcp2_conn* conn, std::uint8_t* rx_secret, std::uint8_t* tx_secret,
                        ngtcp2_crypto_aead_ctx* rx, std::uint8_t* rx_iv, ngtcp2_crypto_aead_ctx* tx,
                        std::uint8_t* tx_iv, const std::uint8_t* current_rx,
                        const std::uint8_t* current_tx, std::size_t size, void* user) {
    ++of(user).keys_prepared_;
    return ngtcp2_crypto_update_key_cb(conn, rx_secret, tx_secret, rx, rx_iv, tx, tx_iv, current_rx,
                                       current_tx, size, user);
  }

  static int get_path_challenge_data(ngtcp2_conn*, std::uint8_t* data, void* user) {
    draw(of(user).shared_.random, data, NGTCP2_PATH_CHALLENGE_DATALEN);
    return 0;
  }

  // Used for padding and for the timing of probes; ngtcp2 gives no user data here.
  static void rand(std::uint8_t* out, std::size_t size, const ngtcp2_rand_ctx*) {
    draw(WolfsslScope::current().random, out, size);
  }

  static void draw(RandomSource& random, std::uint8_t* out, std::size_t size) {
    random.fill(std::as_writable_bytes(std::span(out, size)));
  }

  static ngtcp2_callbacks table() {
    ngtcp2_callbacks table{};
    table.client_initial = ngtcp2_crypto_client_initial_cb;
    table.recv_client_initial = ngtcp2_crypto_recv_client_initial_cb;
    table.recv_crypto_data = ngtcp2_crypto_recv_crypto_data_cb;
    table.handshake_completed = handshake_completed;
    table.encrypt = ngtcp2_crypto_encrypt_cb;
    table.decrypt = ngtcp2_crypto_decrypt_cb;
    table.hp_mask = ngtcp2_crypto_hp_mask_cb;
    table.recv_stream_data = recv_stream_data;
    table.acked_stream_data_offset = acked_stream_data_offset;
    table.stream_open = stream_open;
    table.stream_close = stream_close;
    table.stream_reset = stream_reset;
    table.recv_stateless_reset = recv_stateless_reset;
    table.recv_retry = ngtcp2_crypto_recv_retry_cb;
    table.extend_max_local_streams_bidi = extend_max_local_streams;
    table.extend_max_local_streams_uni = extend_max_local_streams;
    table.extend_max_stream_data = extend_max_stream_data;
    table.rand = rand;
    table.get_new_connection_id = get_new_connection_id;
    table.remove_connection_id = remove_connection_id;
    table.dcid_status = dcid_status;
    table.update_key = update_key;
    table.path_validation = path_validation;
    table.delete_crypto_aead_ctx = ngtcp2_crypto_delete_crypto_aead_ctx_cb;
    table.delete_crypto_cipher_ctx = ngtcp2_crypto_delete_crypto_cipher_ctx_cb;
    table.get_path_challenge_data = get_path_challenge_data;
    table.version_negotiation = ngtcp2_crypto_version_negotiation_cb;
    return table;
  }
};

const ngtcp2_callbacks& connection_callbacks() {
  static const ngtcp2_callbacks kTable = ConnectionCallbacks::table();
  return kTable;
}

}  // namespace kith::quic
