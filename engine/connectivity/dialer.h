#pragma once

// Reaching a peer: all its addresses at once, and on each the ways to prove who we are in turn.
// The first connection that completes wins and the others are closed. Addresses that are found
// while a dial is under way join it.
//
//   dial, found --> for each address: connect with the first hello
//                   refused ---------> connect with the next hello, if there is one
//                   no answer -------> this address is out
//   connected --> won        all addresses out, and none may be found any more --> lost
//
// A refusal tells a person more than silence, but who refuses has not proven who he is: where
// others were silent, the error says where the refusal came from.
//
// It does not own: where addresses come from, sockets (it asks for them), protocols.

#include <functional>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "engine/quic/endpoint.h"
#include "engine/registry/protocol.h"

namespace kith {

// More are cut: a peer with dozens of dead addresses must not cost a packet storm.
inline constexpr std::size_t kMaxDialAddresses = 8;
// Of those that are found later, because who finds them may be lied to.
inline constexpr std::size_t kMaxFoundAddresses = 8;

struct DialTarget {
  DeviceId who;  // the device, or the key that somebody shows in its place
  std::vector<Address> addresses;
  std::vector<quic::ClientHello> hellos;  // at least one
};

class Dialer {
 public:
  struct LocalSocket {
    SocketId id;
    Address local;
    bool open = false;
  };
  // Names a socket that can send to an address, opening one if need be; empty if that is
  // impossible.
  using FindSocket = std::function<std::optional<LocalSocket>(const Address& remote)>;

  // `endpoint` outlives the dialer.
  Dialer(quic::Endpoint& endpoint, FindSocket find_socket)
      : endpoint_(endpoint), find_socket_(std::move(find_socket)) {}

  struct Lost {
    DialId dial;
    Error error;
  };
  struct Won {
    DialId dial;
    DeviceId who;
    std::optional<quic::PskKey> psk;  // by which the peer was reached
  };

  // Lost at once if no address can be tried, unless more may be found until an instant to come.
  std::optional<Lost> dial(Instant now, DialId dial, DialTarget target, Instant found_until = {});
  // `who` may be at these addresses as well.
  void found(Instant now, const DeviceId& who, const std::vector<Address>& addresses);
  // Whether anybody tries to reach `who`.
  bool is_dialling(const DeviceId& who) const;
  // When on_wakeup() is wanted.
  std::optional<Instant> next_wakeup() const;
  std::vector<Lost> on_wakeup(Instant now);

  std::vector<Lost> socket_opened(Instant now, SocketId socket);
  std::vector<Lost> socket_failed(Instant now, SocketId socket, const Error& error);

  // Empty if the connection is none of the dialer's.
  std::optional<Won> connected(Instant now, ConnectionId connection);
  std::optional<Lost> closed(Instant now, ConnectionId connection, const quic::CloseReason& reason);

  struct Silence {
    DeviceId who;
    Address address;
  };
  // Where nobody answered, since the last call: whoever said that they are there may be asked.
  std::vector<Silence> take_silences() { return std::exchange(silences_, {}); }

 private:
  struct Try {
    DialId dial;
    Address address;
    std::size_t hello = 0;
  };
  struct Dial {
    DialTarget target;
    Instant found_until;
    std::size_t tries = 0;  // connecting or waiting for a socket
    bool silent = false;    // somewhere
    std::optional<Error> refusal;
    Address refused_at;
    std::optional<Error> other;  // the first
  };

  void start(Instant now, const Try& attempt);
  void fail(const Try& attempt, Error error);
  std::optional<Lost> conclude(Instant now, DialId dial);
  static Error verdict(const Dial& dial);

  quic::Endpoint& endpoint_;
  FindSocket find_socket_;
  std::map<DialId, Dial> dials_;
  std::map<ConnectionId, Try> connecting_;
  std::multimap<SocketId, Try> waiting_;
  std::vector<Silence> silences_;  // one of each try at most
};

// What a closed connection means to a person.
Error error_of(const quic::CloseReason& reason);

}  // namespace kith
