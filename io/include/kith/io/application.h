#pragma once

// Protocols of an application, over Asio. Name them when the Core is opened, then connect under one
// of them or serve it:
//
//   io::CoreOptions options{.home = "/home/me/.example"};
//   options.engine.protocols = {{"example/chat/1", Access::anyone}};
//
//   core.connect("example/chat/1", device, {.addresses = {address}}, use_awaitable)  // Connection
//   connection.open_stream(use_awaitable)                                            // Stream
//   stream.write(SharedBytes(bytes), use_awaitable), stream.finish(use_awaitable)
//   stream.read(65536, use_awaitable)               // bytes, and none at the peer's end of it
//
//   Service chat = core.serve("example/chat/1");    // as long as it lives
//   chat.accept(use_awaitable)                      // Connection, again and again
//   connection.accept_stream(use_awaitable)         // Stream, again and again
//
// io/echo/ is a whole program made of these. Everything completes with a Result, later and on the
// executor of its token, as kith/io/core.h says. Connection, Stream and Service are owners: what is
// destroyed is ended. They can be moved, may outlive the Core (operations then complete with
// `cancelled`), and not its context. Two operations of one kind on one object at a time is
// `already_exists`, except for those that accept and open.

#include <boost/asio/async_result.hpp>
#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "kith/application.h"
#include "kith/io/completion.h"

namespace kith::io {

class Session;

// The code a peer's connection is closed with under a protocol that nobody serves.
inline constexpr std::uint64_t kNotServed = 0x6b04;

// The session an object belongs to. Empty in one that was moved from.
class SessionRef {
 public:
  SessionRef() = default;
  // Of a session that lives as long as its Core.
  SessionRef(std::weak_ptr<Session> session, boost::asio::io_context& context)
      : session_(std::move(session)), context_(&context) {}
  SessionRef(const SessionRef&) = default;
  SessionRef& operator=(const SessionRef&) = default;
  SessionRef(SessionRef&& other) noexcept
      : session_(std::move(other.session_)), context_(std::exchange(other.context_, nullptr)) {}
  SessionRef& operator=(SessionRef&& other) noexcept {
    session_ = std::move(other.session_);
    context_ = std::exchange(other.context_, nullptr);
    return *this;
  }

  explicit operator bool() const { return context_ != nullptr; }
  std::shared_ptr<Session> lock() const { return session_.lock(); }

  // Turns `token` into a Completion and hands it to `begin`.
  template <class Value, class Token, class Begin>
  auto start(Token& token, Begin begin) const {
    return boost::asio::async_initiate<Token, void(Value)>(
        [context = context_](auto handler, auto begin_now) {
          begin_now(Completion<Value>(*context, std::move(handler)));
        },
        token, std::move(begin));
  }

 private:
  std::weak_ptr<Session> session_;
  boost::asio::io_context* context_ = nullptr;
};

// One stream. Destroying it resets what was not finished and stops what was not read to its end.
class Stream {
 public:
  // Which stream of which connection.
  struct Key {
    ConnectionId connection;
    StreamId stream;
  };

  Stream() = default;
  // From a Connection.
  Stream(SessionRef session, Key key) : session_(std::move(session)), key_(key) {}
  Stream(Stream&&) noexcept = default;
  Stream& operator=(Stream&& other) noexcept {
    release();
    session_ = std::move(other.session_);
    key_ = other.key_;
    return *this;
  }
  ~Stream() { release(); }

  StreamId id() const { return key_.stream; }

  // -> Result<SharedBytes>: up to `max_bytes` in order, as soon as there are any; none when the
  // peer has finished. Reading is what lets the peer send more. Errors: connection_lost, cancelled,
  // refused (the peer reset the stream).
  template <class Token>
  auto read(std::size_t max_bytes, Token&& token) {
    return session_.start<Result<SharedBytes>>(token,
                                               [ref = session_, key = key_, max_bytes](auto done) {
                                                 begin_read(ref, key, max_bytes, std::move(done));
                                               });
  }

  // -> Result<void>, when the stream takes more: less than kStreamLowWater waits to be
  // acknowledged, or may have been written since it did. Errors: connection_lost, cancelled,
  // refused (the peer stopped the stream), invalid_argument (it is finished, or the peer's alone).
  template <class Token>
  auto write(SharedBytes data, Token&& token) {
    return session_.start<Result<void>>(
        token, [ref = session_, key = key_, bytes = std::move(data)](auto done) mutable {
          begin_write(ref, key, std::move(bytes), false, std::move(done));
        });
  }

  // Nothing will follow. -> Result<void>, at once: that the peer has it all is known when it says
  // so, by finishing its own direction for instance. Errors: as for write().
  template <class Token>
  auto finish(Token&& token) {
    return session_.start<Result<void>>(token, [ref = session_, key = key_](auto done) {
      begin_write(ref, key, {}, true, std::move(done));
    });
  }

  // Gives up one direction: the peer is told the code.
  void reset(std::uint64_t code);  // what is written
  void stop(std::uint64_t code);   // what is read

 private:
  static void begin_read(const SessionRef& session, Key key, std::size_t max_bytes,
                         Completion<Result<SharedBytes>> done);
  static void begin_write(const SessionRef& session, Key key, SharedBytes data, bool fin,
                          Completion<Result<void>> done);
  void release();

  SessionRef session_;
  Key key_;
};

// A connection to a device. Destroying it closes it: what was written and not yet acknowledged may
// be lost, and its streams end.
class Connection {
 public:
  Connection() = default;
  // From a Core or a Service.
  Connection(SessionRef session, ConnectionId id, DeviceId peer, bool paired)
      : session_(std::move(session)), id_(id), peer_(peer), paired_(paired) {}
  Connection(Connection&&) noexcept = default;
  Connection& operator=(Connection&& other) noexcept {
    release();
    session_ = std::move(other.session_);
    id_ = other.id_;
    peer_ = other.peer_;
    paired_ = other.paired_;
    return *this;
  }
  ~Connection() { release(); }

  ConnectionId id() const { return id_; }
  const DeviceId& peer() const { return peer_; }
  bool paired() const { return paired_; }  // the peer has proven the pairing, not only its key

  // -> Result<Stream>, when the peer allows one more. Errors: connection_lost, cancelled.
  template <class Token>
  auto open_stream(StreamKind kind, Token&& token) {
    return session_.start<Result<Stream>>(token, [ref = session_, id = id_, kind](auto done) {
      begin_open_stream(ref, id, kind, std::move(done));
    });
  }
  // The same for a bidirectional stream.
  template <class Token>
  auto open_stream(Token&& token) {
    return open_stream(StreamKind::bidirectional, std::forward<Token>(token));
  }

  // The next stream the peer opened. -> Result<Stream>. Errors: connection_lost (also when the peer
  // has closed the connection as it should), cancelled.
  template <class Token>
  auto accept_stream(Token&& token) {
    return session_.start<Result<Stream>>(token, [ref = session_, id = id_](auto done) {
      begin_accept_stream(ref, id, std::move(done));
    });
  }

  // Closes it with a code and a reason for the peer, at most 64 bytes and no secret.
  void close(std::uint64_t code, std::string reason);

 private:
  static void begin_open_stream(const SessionRef& session, ConnectionId id, StreamKind kind,
                                Completion<Result<Stream>> done);
  static void begin_accept_stream(const SessionRef& session, ConnectionId id,
                                  Completion<Result<Stream>> done);
  void release();

  SessionRef session_;
  ConnectionId id_;
  DeviceId peer_;
  bool paired_ = false;
};

// Answers to one protocol. Destroying it turns away who connects from then on; connections that
// were accepted stay.
class Service {
 public:
  // Peers that have connected and were not accepted yet; more are turned away.
  static constexpr std::size_t kMaxWaiting = 128;

  Service() = default;
  // From Core::serve().
  Service(SessionRef session, std::string alpn, std::uint64_t number)
      : session_(std::move(session)), alpn_(std::move(alpn)), number_(number) {}
  Service(Service&&) noexcept = default;
  Service& operator=(Service&& other) noexcept {
    release();
    session_ = std::move(other.session_);
    alpn_ = std::move(other.alpn_);
    number_ = other.number_;
    return *this;
  }
  ~Service() { release(); }

  // The next device that connects. -> Result<Connection>. Errors: not_found (the protocol was not
  // named when the Core was opened), already_exists (something else serves it), cancelled.
  template <class Token>
  auto accept(Token&& token) {
    return session_.start<Result<Connection>>(
        token, [ref = session_, alpn = alpn_, number = number_](auto done) {
          begin_accept(ref, alpn, number, std::move(done));
        });
  }

 private:
  static void begin_accept(const SessionRef& session, const std::string& alpn, std::uint64_t number,
                           Completion<Result<Connection>> done);
  void release();

  SessionRef session_;
  std::string alpn_;
  std::uint64_t number_ = 0;
};

}  // namespace kith::io
