#pragma once

// The connections and streams of an application's protocols: matches events of the engine with
// operations of kith/io/application.h, and holds what arrived until it is read. Credit goes back to
// the peer as the application reads, so what is held is bounded by the windows of its connections.
//
// Functions return the commands that follow from them; they are given to the engine afterwards,
// since what it answers comes back here.

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "kith/command.h"
#include "kith/event.h"
#include "kith/io/application.h"

namespace kith::io {

using Commands = std::vector<Command>;

class Applications {
 public:
  // `session` is what the objects handed out refer to.
  void start(SessionRef session, const std::vector<ApplicationProtocol>& protocols);

  void serve(const std::string& alpn, std::uint64_t number);
  Commands end_service(const std::string& alpn, std::uint64_t number);
  void accept(const std::string& alpn, std::uint64_t number, Completion<Result<Connection>> done);
  Commands connect(Connect command, Completion<Result<Connection>> done);

  Commands open_stream(ConnectionId id, StreamKind kind, Completion<Result<Stream>> done);
  void accept_stream(ConnectionId id, Completion<Result<Stream>> done);
  Commands close(ConnectionId id, std::uint64_t code, std::string reason);
  Commands release(ConnectionId id);

  Commands read(Stream::Key key, std::size_t max_bytes, Completion<Result<SharedBytes>> done);
  Commands write(Stream::Key key, SharedBytes data, bool fin, Completion<Result<void>> done);
  Commands reset(Stream::Key key, std::uint64_t code);
  Commands stop(Stream::Key key, std::uint64_t code);
  Commands release(Stream::Key key);

  Commands on_event(const Event& event);

  // Completes everything with `cancelled` and forgets it. The commands that end what is open.
  Commands cancel_all();

 private:
  struct OpenStreamState {
    bool readable = true;
    bool writable = true;
    std::deque<SharedBytes> received;
    bool fin_received = false;
    std::optional<Error> read_end;  // nothing follows what was received
    std::size_t wanted = 0;         // by `reading`
    Completion<Result<SharedBytes>> reading;
    bool fin_written = false;
    std::optional<Error> write_end;
    std::uint64_t unpaced = 0;  // bytes written since the stream was last known to take more
    Completion<Result<void>> writing;
  };
  struct OpenConnection {
    DeviceId peer;
    bool paired = false;
    bool held = true;            // its object lives, or it waits to be accepted
    std::optional<Error> ended;  // and why
    std::map<StreamId, OpenStreamState> streams;
    std::deque<StreamId> waiting;  // opened by the peer and not accepted
    std::deque<Completion<Result<Stream>>> accepting;
    std::map<std::uint64_t, Completion<Result<Stream>>> opening;  // by tag
  };
  struct Served {
    std::uint64_t number = 0;
    std::deque<ConnectionId> waiting;
    std::deque<Completion<Result<Connection>>> accepting;
  };

  Commands on(const PeerConnected& event);
  Commands on(const ConnectFailed& event);
  Commands on(const ConnectionClosed& event);
  Commands on(const StreamOpened& event);
  Commands on(const StreamReady& event);
  Commands on(const BytesReceived& event);
  Commands on(const StreamWritable& event);
  Commands on(const StreamReset& event);
  Commands on(const StreamStopped& event);
  template <class Other>
  Commands on(const Other&) {
    return {};
  }

  OpenConnection* find(ConnectionId id);
  OpenStreamState* find(ConnectionId id, StreamId stream);
  Served* find_service(const std::string& alpn, std::uint64_t number);
  Connection hand_out(ConnectionId id) const;
  Stream hand_out(ConnectionId id, StreamId stream) const { return {session_, {id, stream}}; }
  void end(OpenConnection& connection, const Error& error);
  static void end_reading(OpenStreamState& stream, const Error& error);
  static void end_writing(OpenStreamState& stream, const Error& error);
  static Commands deliver(Stream::Key key, OpenStreamState& stream);
  void forget_if_done(ConnectionId id);

  SessionRef session_;
  std::vector<std::string> known_;  // ALPNs
  std::map<std::string, Served> served_;
  std::map<RequestId, Completion<Result<Connection>>> connecting_;
  std::map<ConnectionId, OpenConnection> connections_;
  std::uint64_t last_tag_ = 0;
};

}  // namespace kith::io
