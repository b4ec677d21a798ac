#include "io/core/applications.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "engine/base/text.h"
#include "io/core/requests.h"

namespace kith::io {
namespace {

Error busy(std::string_view what) {
  return {ErrorCode::already_exists, fmt::format("This {} already.", what), ""};
}

Error wrong(std::string message) { return {ErrorCode::invalid_argument, std::move(message), ""}; }

Error gone() { return {ErrorCode::not_found, "There is no such connection or stream.", ""}; }

// What a person's own call to give something up means for what waits for it.
Error given_up() { return {ErrorCode::cancelled, "The stream was given up here.", ""}; }

Error refused_by_peer(std::string_view what, std::uint64_t code) {
  return {ErrorCode::refused, fmt::format("The other device {} (code {}).", what, code), ""};
}

}  // namespace

void Applications::start(SessionRef session, const std::vector<ApplicationProtocol>& protocols) {
  session_ = std::move(session);
  for (const ApplicationProtocol& protocol : protocols) known_.push_back(protocol.alpn);
}

// --- services and connections -------------------------------------------------------------------

void Applications::serve(const std::string& alpn, std::uint64_t number) {
  if (std::find(known_.begin(), known_.end(), alpn) == known_.end()) return;
  Served served;
  served.number = number;
  served_.try_emplace(alpn, std::move(served));
}

Commands Applications::end_service(const std::string& alpn, std::uint64_t number) {
  Served* served = find_service(alpn, number);
  if (served == nullptr) return {};
  Commands commands;
  for (const ConnectionId waiting : served->waiting) {
    for (Command& command : close(waiting, kNotServed, "not served")) {
      commands.push_back(std::move(command));
    }
    release(waiting);
  }
  for (auto& accepting : served->accepting) accepting(tl::unexpected(cancelled()));
  served_.erase(alpn);
  return commands;
}

void Applications::accept(const std::string& alpn, std::uint64_t number,
                          Completion<Result<Connection>> done) {
  if (std::find(known_.begin(), known_.end(), alpn) == known_.end()) {
    return done(failure(ErrorCode::not_found,
                        fmt::format("There is no protocol {}.", printable(alpn)),
                        "Name it in CoreOptions::engine.protocols."));
  }
  Served* served = find_service(alpn, number);
  if (served == nullptr) {
    return done(tl::unexpected(busy(fmt::format("protocol {} is served", printable(alpn)))));
  }
  if (served->waiting.empty()) {
    served->accepting.push_back(std::move(done));
    return;
  }
  done(hand_out(served->waiting.front()));
  served->waiting.pop_front();
}

Commands Applications::connect(Connect command, Completion<Result<Connection>> done) {
  if (connecting_.contains(command.request)) {
    done(tl::unexpected(busy("request id is in use")));
    return {};
  }
  connecting_.emplace(command.request, std::move(done));
  return {std::move(command)};
}

Commands Applications::on(const PeerConnected& event) {
  const auto connecting = connecting_.extract(event.request);
  const auto served = served_.find(event.alpn);
  const bool incoming = event.request == RequestId{};
  const bool taken =
      incoming ? served != served_.end() && served->second.waiting.size() < Service::kMaxWaiting
               : !connecting.empty();
  if (!taken) return {CloseConnection{event.connection, kNotServed, "not served"}};
  OpenConnection& connection = connections_[event.connection];
  connection.peer = event.peer;
  connection.paired = event.paired;
  if (!incoming) {
    auto done = std::move(connecting.mapped());
    done(hand_out(event.connection));
  } else if (served->second.accepting.empty()) {
    served->second.waiting.push_back(event.connection);
  } else {
    served->second.accepting.front()(hand_out(event.connection));
    served->second.accepting.pop_front();
  }
  return {};
}

Commands Applications::on(const ConnectFailed& event) {
  auto connecting = connecting_.extract(event.request);
  if (!connecting.empty()) connecting.mapped()(tl::unexpected(event.error));
  return {};
}

Commands Applications::on(const ConnectionClosed& event) {
  OpenConnection* connection = find(event.connection);
  if (connection == nullptr) return {};
  end(*connection, event.error);
  for (auto& [alpn, served] : served_) {
    if (std::erase(served.waiting, event.connection) > 0) connection->held = false;
  }
  forget_if_done(event.connection);
  return {};
}

// Streams keep what they received: it can still be read.
void Applications::end(OpenConnection& connection, const Error& error) {
  connection.ended = error;
  for (auto& [id, stream] : connection.streams) {
    if (!stream.read_end && !stream.fin_received) end_reading(stream, error);
    if (!stream.write_end) end_writing(stream, error);
  }
  for (auto& accepting : connection.accepting) accepting(tl::unexpected(error));
  for (auto& [tag, opening] : connection.opening) opening(tl::unexpected(error));
  for (const StreamId waiting : connection.waiting) connection.streams.erase(waiting);
  connection.accepting.clear();
  connection.opening.clear();
  connection.waiting.clear();
}

Commands Applications::close(ConnectionId id, std::uint64_t code, std::string reason) {
  const OpenConnection* connection = find(id);
  if (connection == nullptr || connection->ended) return {};
  return {CloseConnection{id, code, std::move(reason)}};
}

Commands Applications::release(ConnectionId id) {
  OpenConnection* connection = find(id);
  if (connection == nullptr) return {};
  connection->held = false;
  Commands commands = close(id, 0, "");
  forget_if_done(id);
  return commands;
}

// --- streams ------------------------------------------------------------------------------------

Commands Applications::open_stream(ConnectionId id, StreamKind kind,
                                   Completion<Result<Stream>> done) {
  OpenConnection* connection = find(id);
  if (connection == nullptr || connection->ended) {
    done(tl::unexpected(connection == nullptr ? gone() : *connection->ended));
    return {};
  }
  connection->opening.emplace(++last_tag_, std::move(done));
  return {OpenStream{id, kind, last_tag_}};
}

Commands Applications::on(const StreamReady& event) {
  OpenConnection* connection = find(event.connection);
  if (connection == nullptr) return {};
  auto opening = connection->opening.extract(event.tag);
  if (opening.empty()) return {};
  // RFC 9000 section 2.1: the second bit of its number says that a stream goes one way.
  connection->streams[event.stream].readable = (event.stream.value & 2) == 0;
  opening.mapped()(hand_out(event.connection, event.stream));
  return {};
}

void Applications::accept_stream(ConnectionId id, Completion<Result<Stream>> done) {
  OpenConnection* connection = find(id);
  if (connection == nullptr) return done(tl::unexpected(gone()));
  if (!connection->waiting.empty()) {
    done(hand_out(id, connection->waiting.front()));
    connection->waiting.pop_front();
  } else if (connection->ended) {
    done(tl::unexpected(*connection->ended));
  } else {
    connection->accepting.push_back(std::move(done));
  }
}

Commands Applications::on(const StreamOpened& event) {
  OpenConnection* connection = find(event.connection);
  if (connection == nullptr) return {};
  connection->streams[event.stream].writable = event.kind == StreamKind::bidirectional;
  if (connection->accepting.empty()) {
    connection->waiting.push_back(event.stream);
  } else {
    connection->accepting.front()(hand_out(event.connection, event.stream));
    connection->accepting.pop_front();
  }
  return {};
}

// --- reading ------------------------------------------------------------------------------------

Commands Applications::read(Stream::Key key, std::size_t max_bytes,
                            Completion<Result<SharedBytes>> done) {
  OpenStreamState* stream = find(key.connection, key.stream);
  if (stream == nullptr || !stream->readable || max_bytes == 0 || stream->reading) {
    done(tl::unexpected(stream == nullptr   ? gone()
                        : stream->reading   ? busy("stream is being read")
                        : !stream->readable ? wrong("Only the other device reads this stream.")
                                            : wrong("Nothing was asked for.")));
    return {};
  }
  stream->wanted = max_bytes;
  stream->reading = std::move(done);
  return deliver(key, *stream);
}

Commands Applications::on(const BytesReceived& event) {
  OpenStreamState* stream = find(event.connection, event.stream);
  if (stream == nullptr || stream->read_end) return {};
  if (!event.bytes.empty()) stream->received.push_back(event.bytes);
  stream->fin_received = event.fin;
  return deliver({event.connection, event.stream}, *stream);
}

Commands Applications::deliver(Stream::Key key, OpenStreamState& stream) {
  if (!stream.reading) return {};
  if (stream.received.empty()) {
    if (stream.read_end) {
      stream.reading(tl::unexpected(*stream.read_end));
    } else if (stream.fin_received) {
      stream.reading(SharedBytes());
    }
    return {};
  }
  SharedBytes& first = stream.received.front();
  const std::size_t size = std::min(stream.wanted, first.size());
  stream.reading(first.slice(0, size));
  if (size == first.size()) {
    stream.received.pop_front();
  } else {
    first = first.slice(size, first.size() - size);
  }
  return {StreamCredit{key.connection, key.stream, size}};
}

void Applications::end_reading(OpenStreamState& stream, const Error& error) {
  stream.read_end = error;
  if (stream.reading) stream.reading(tl::unexpected(error));
}

Commands Applications::on(const StreamReset& event) {
  OpenStreamState* stream = find(event.connection, event.stream);
  if (stream != nullptr) {
    stream->received.clear();
    end_reading(*stream, refused_by_peer("gave up sending", event.code));
  }
  return {};
}

Commands Applications::stop(Stream::Key key, std::uint64_t code) {
  OpenStreamState* stream = find(key.connection, key.stream);
  if (stream == nullptr || !stream->readable) return {};
  stream->received.clear();
  end_reading(*stream, given_up());
  return {StopStream{key.connection, key.stream, code}};
}

// --- writing ------------------------------------------------------------------------------------

Commands Applications::write(Stream::Key key, SharedBytes data, bool fin,
                             Completion<Result<void>> done) {
  OpenStreamState* stream = find(key.connection, key.stream);
  std::optional<Error> error;
  if (stream == nullptr) {
    error = gone();
  } else if (!stream->writable) {
    error = wrong("Only the other device writes this stream.");
  } else if (stream->fin_written) {
    error = wrong("This stream was finished.");
  } else if (stream->write_end) {
    error = stream->write_end;
  } else if (stream->writing && !fin) {
    error = busy("stream is being written");
  }
  if (error) {
    done(tl::unexpected(std::move(*error)));
    return {};
  }
  stream->unpaced += data.size();
  stream->fin_written = fin;
  Commands commands{StreamWrite{key.connection, key.stream, std::move(data), fin}};
  if (fin || stream->unpaced < kStreamLowWater) {
    done({});
  } else {
    stream->writing = std::move(done);
    commands.push_back(AwaitWritable{key.connection, key.stream});
  }
  return commands;
}

Commands Applications::on(const StreamWritable& event) {
  OpenStreamState* stream = find(event.connection, event.stream);
  if (stream == nullptr) return {};
  stream->unpaced = 0;
  if (stream->writing) stream->writing({});
  return {};
}

void Applications::end_writing(OpenStreamState& stream, const Error& error) {
  stream.write_end = error;
  if (stream.writing) stream.writing(tl::unexpected(error));
}

Commands Applications::on(const StreamStopped& event) {
  OpenStreamState* stream = find(event.connection, event.stream);
  if (stream != nullptr) {
    end_writing(*stream, refused_by_peer("gave up receiving", event.code));
  }
  return {};
}

Commands Applications::reset(Stream::Key key, std::uint64_t code) {
  OpenStreamState* stream = find(key.connection, key.stream);
  if (stream == nullptr || !stream->writable) return {};
  end_writing(*stream, given_up());
  return {ResetStream{key.connection, key.stream, code}};
}

Commands Applications::release(Stream::Key key) {
  OpenConnection* connection = find(key.connection);
  OpenStreamState* stream = find(key.connection, key.stream);
  if (stream == nullptr) return {};
  Commands commands;
  if (!connection->ended) {
    const bool read_all = stream->fin_received && stream->received.empty();
    if (stream->writable && !stream->fin_written && !stream->write_end) {
      commands.push_back(ResetStream{key.connection, key.stream, 0});
    }
    if (stream->readable && !read_all && !stream->read_end) {
      commands.push_back(StopStream{key.connection, key.stream, 0});
    }
  }
  if (!stream->read_end) end_reading(*stream, given_up());
  if (!stream->write_end) end_writing(*stream, given_up());
  connection->streams.erase(key.stream);
  forget_if_done(key.connection);
  return commands;
}

// --- shared -------------------------------------------------------------------------------------

Commands Applications::on_event(const Event& event) {
  return std::visit([this](const auto& concrete) { return on(concrete); }, event);
}

Commands Applications::cancel_all() {
  Commands commands;
  for (auto& [request, connecting] : connecting_) {
    connecting(tl::unexpected(cancelled()));
    commands.push_back(Cancel{request});
  }
  for (auto& [alpn, served] : served_) {
    for (auto& accepting : served.accepting) accepting(tl::unexpected(cancelled()));
  }
  for (auto& [id, connection] : connections_) {
    if (!connection.ended) commands.push_back(CloseConnection{id, 0, "leaving"});
    end(connection, cancelled());
  }
  connecting_.clear();
  served_.clear();
  connections_.clear();
  return commands;
}

Applications::OpenConnection* Applications::find(ConnectionId id) {
  const auto found = connections_.find(id);
  return found == connections_.end() ? nullptr : &found->second;
}

Applications::OpenStreamState* Applications::find(ConnectionId id, StreamId stream) {
  OpenConnection* connection = find(id);
  if (connection == nullptr) return nullptr;
  const auto found = connection->streams.find(stream);
  return found == connection->streams.end() ? nullptr : &found->second;
}

Applications::Served* Applications::find_service(const std::string& alpn, std::uint64_t number) {
  const auto found = served_.find(alpn);
  return found == served_.end() || found->second.number != number ? nullptr : &found->second;
}

Connection Applications::hand_out(ConnectionId id) const {
  const OpenConnection& connection = connections_.at(id);
  return {session_, id, connection.peer, connection.paired};
}

// A connection is kept while its object or one of a stream of it lives.
void Applications::forget_if_done(ConnectionId id) {
  const auto found = connections_.find(id);
  if (found == connections_.end() || found->second.held) return;
  if (found->second.ended && found->second.streams.empty()) connections_.erase(found);
}

}  // namespace kith::io
