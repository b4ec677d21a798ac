#pragma once

// The sockets of one init_networking. Addresses without a port get one port for all of them, that
// which the system gives the first: what multicast DNS announces of a device has a single one.
//
//   Listen at any port --Listening--> the others at its port --Listening--> done
//           ^                                  |
//           '--- once more, Cancel of these ---'  somebody else has it there
//
// It does not own: the sockets, which are the engine's.

#include <functional>
#include <optional>
#include <vector>

#include "kith/io/completion.h"
#include "kith/io/core.h"

namespace kith::io {

class Listens {
 public:
  using Done = Completion<Result<std::vector<Address>>>;
  // A port that is free for one address is almost always free for the others. Where it is not this
  // often, each gets a port of its own.
  static constexpr int kMostRounds = 16;

  Listens(const std::vector<Address>& addresses, std::function<RequestId()> new_request, Done done);

  std::vector<Command> begin();
  // What follows from an event; nothing from one of other requests.
  std::vector<Command> on(const Listening& event);
  std::vector<Command> on(const RequestFailed& event);
  // Closes all and completes with `error`, if it has not completed.
  std::vector<Command> end(const Error& error);

  bool is_opening(RequestId request) const;
  // Completed, and nothing is open.
  bool failed() const { return failed_; }

 private:
  struct Socket {
    Address wanted;
    std::uint16_t asked_port = 0;
    std::optional<RequestId> request;  // outstanding or open
    std::optional<Address> bound;
    bool skipped = false;  // the system lacks the address
  };

  Command ask(Socket& socket, std::uint16_t port);
  std::vector<Command> ask_for_a_port();
  std::vector<Command> start_anew();
  std::vector<Command> conclude();
  Socket* find(RequestId request);

  std::function<RequestId()> new_request_;
  Done done_;
  std::vector<Socket> sockets_;
  std::optional<RequestId> leader_;  // whose port the others get
  int rounds_ = 1;
  std::optional<Error> skipped_;
  bool failed_ = false;
};

}  // namespace kith::io
