#include "io/core/listens.h"

#include <algorithm>
#include <utility>

namespace kith::io {
namespace {

// The system has no such address or family: an error only if nothing else could be bound.
bool is_lacking(const Error& error) { return error.code == ErrorCode::invalid_argument; }

}  // namespace

Listens::Listens(const std::vector<Address>& addresses, std::function<RequestId()> new_request,
                 Done done)
    : new_request_(std::move(new_request)), done_(std::move(done)) {
  for (const Address& address : addresses) sockets_.push_back({address, 0, {}, {}, false});
}

std::vector<Command> Listens::begin() {
  std::vector<Command> commands = ask_for_a_port();
  for (Socket& socket : sockets_) {
    if (socket.wanted.port != 0) commands.push_back(ask(socket, socket.wanted.port));
  }
  return commands;
}

std::vector<Command> Listens::on(const Listening& event) {
  Socket* opened = find(event.request);
  if (opened == nullptr) return {};
  opened->bound = event.address;
  if (leader_ != event.request) return conclude();
  std::vector<Command> commands;
  for (Socket& socket : sockets_) {
    if (socket.wanted.port != 0 || socket.request || socket.skipped) continue;
    commands.push_back(ask(socket, event.address.port));
  }
  return commands.empty() ? conclude() : commands;
}

std::vector<Command> Listens::on(const RequestFailed& event) {
  Socket* socket = find(event.request);
  if (socket == nullptr || socket->bound) return {};
  socket->request.reset();
  if (is_lacking(event.error)) {
    socket->skipped = true;
    if (!skipped_) skipped_ = event.error;
    if (leader_ == event.request) {
      if (auto commands = ask_for_a_port(); !commands.empty()) return commands;
    }
    return conclude();
  }
  const bool follows = socket->wanted.port == 0 && socket->asked_port != 0;
  if (!follows || event.error.code != ErrorCode::already_exists) return end(event.error);
  if (rounds_ == kMostRounds) return {ask(*socket, 0)};
  ++rounds_;
  return start_anew();
}

std::vector<Command> Listens::end(const Error& error) {
  std::vector<Command> commands;
  for (Socket& socket : sockets_) {
    if (socket.request) commands.push_back(Cancel{*socket.request});
    socket.request.reset();
  }
  failed_ = true;
  if (done_) done_(tl::unexpected(error));
  return commands;
}

bool Listens::is_opening(RequestId request) const {
  return std::any_of(sockets_.begin(), sockets_.end(), [&](const Socket& socket) {
    return socket.request == request && !socket.bound;
  });
}

Command Listens::ask(Socket& socket, std::uint16_t port) {
  socket.request = new_request_();
  socket.asked_port = port;
  Address bind = socket.wanted;
  bind.port = port;
  return Listen{*socket.request, bind};
}

std::vector<Command> Listens::ask_for_a_port() {
  leader_.reset();
  for (Socket& socket : sockets_) {
    if (socket.wanted.port != 0 || socket.request || socket.skipped) continue;
    std::vector<Command> commands{ask(socket, 0)};
    leader_ = socket.request;
    return commands;
  }
  return {};
}

// The port that was of no use is given back once there is another, lest it be given again.
std::vector<Command> Listens::start_anew() {
  std::vector<Command> given_back;
  for (Socket& socket : sockets_) {
    if (socket.wanted.port != 0 || !socket.request) continue;
    given_back.push_back(Cancel{*socket.request});
    socket.request.reset();
    socket.bound.reset();
  }
  std::vector<Command> commands = ask_for_a_port();
  commands.insert(commands.end(), given_back.begin(), given_back.end());
  return commands;
}

std::vector<Command> Listens::conclude() {
  std::vector<Address> bound;
  for (const Socket& socket : sockets_) {
    if (socket.bound) {
      bound.push_back(*socket.bound);
    } else if (!socket.skipped) {
      return {};
    }
  }
  if (bound.empty()) return end(*skipped_);
  done_(std::move(bound));
  return {};
}

Listens::Socket* Listens::find(RequestId request) {
  const auto found = std::find_if(sockets_.begin(), sockets_.end(),
                                  [&](const Socket& socket) { return socket.request == request; });
  return found == sockets_.end() ? nullptr : &*found;
}

}  // namespace kith::io
