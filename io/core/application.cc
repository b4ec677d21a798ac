#include "kith/io/application.h"

#include "io/core/requests.h"
#include "io/core/session.h"

namespace kith::io {
namespace {

// Has the applications of the session do `action`, which returns what the engine is to be told; if
// the session has ended, `done` completes with `cancelled`.
template <class Value, class Action>
void begin(const SessionRef& ref, Completion<Result<Value>> done, Action action) {
  const auto session = ref.lock();
  if (session == nullptr) return done(tl::unexpected(cancelled()));
  session->post([done = std::move(done), action = std::move(action)](Session& there) mutable {
    if (there.ended()) return done(tl::unexpected(cancelled()));
    there.give(action(there.applications(), std::move(done)));
  });
}

template <class Action>
void tell(const SessionRef& ref, Action action) {
  const auto session = ref ? ref.lock() : nullptr;
  if (session == nullptr) return;
  session->post([action = std::move(action)](Session& there) mutable {
    if (!there.ended()) there.give(action(there.applications()));
  });
}

}  // namespace

void Stream::begin_read(const SessionRef& session, Key key, std::size_t max_bytes,
                        Completion<Result<SharedBytes>> done) {
  begin(session, std::move(done), [=](Applications& all, auto reading) {
    return all.read(key, max_bytes, std::move(reading));
  });
}

void Stream::begin_write(const SessionRef& session, Key key, SharedBytes data, bool fin,
                         Completion<Result<void>> done) {
  begin(session, std::move(done),
        [key, fin, data = std::move(data)](Applications& all, auto writing) mutable {
          return all.write(key, std::move(data), fin, std::move(writing));
        });
}

void Stream::reset(std::uint64_t code) {
  tell(session_, [key = key_, code](Applications& all) { return all.reset(key, code); });
}

void Stream::stop(std::uint64_t code) {
  tell(session_, [key = key_, code](Applications& all) { return all.stop(key, code); });
}

void Stream::release() {
  tell(session_, [key = key_](Applications& all) { return all.release(key); });
  session_ = {};
}

void Connection::begin_open_stream(const SessionRef& session, ConnectionId id, StreamKind kind,
                                   Completion<Result<Stream>> done) {
  begin(session, std::move(done), [=](Applications& all, auto opening) {
    return all.open_stream(id, kind, std::move(opening));
  });
}

void Connection::begin_accept_stream(const SessionRef& session, ConnectionId id,
                                     Completion<Result<Stream>> done) {
  begin(session, std::move(done), [id](Applications& all, auto accepting) {
    all.accept_stream(id, std::move(accepting));
    return Commands{};
  });
}

void Connection::close(std::uint64_t code, std::string reason) {
  tell(session_, [id = id_, code, reason = std::move(reason)](Applications& all) mutable {
    return all.close(id, code, std::move(reason));
  });
}

void Connection::release() {
  tell(session_, [id = id_](Applications& all) { return all.release(id); });
  session_ = {};
}

void Service::begin_accept(const SessionRef& session, const std::string& alpn, std::uint64_t number,
                           Completion<Result<Connection>> done) {
  begin(session, std::move(done), [alpn, number](Applications& all, auto accepting) {
    all.accept(alpn, number, std::move(accepting));
    return Commands{};
  });
}

void Service::release() {
  tell(session_, [alpn = alpn_, number = number_](Applications& all) {
    return all.end_service(alpn, number);
  });
  session_ = {};
}

}  // namespace kith::io
