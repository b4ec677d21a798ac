#pragma once

// The sockets of one engine: waits for their readiness, moves datagrams between them and the
// engine, and holds back what the system does not take yet.

#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "io/driver/lifetime.h"
#include "io/driver/recorded_engine.h"
#include "io/driver/strand.h"
#include "io/udp/udp_socket.h"
#include "kith/input.h"
#include "kith/io/effect_hook.h"

namespace kith::io {

class SocketSet {
 public:
  // What readiness leads to. Called on the strand, never from within a call to the set.
  struct Owner {
    virtual ~Owner() = default;
    virtual void on_readable(SocketId socket) = 0;
    virtual void on_writable(SocketId socket) = 0;
  };

  // A wait that ends after `lifetime` is ignored; `owner`, `effects` and the set live at
  // least as long.
  SocketSet(Strand strand, Owner& owner, std::shared_ptr<Lifetime> lifetime,
            const UdpFeatures& features, EffectHook& effects);
  ~SocketSet();

  // SocketOpened or SocketFailed.
  Input open(const OpenSocket& wanted);
  void close(SocketId socket);
  void join(const JoinGroup& group);
  void leave(const LeaveGroup& group);
  void close_all();

  // One batch from a socket, handed to `take` in order; the bytes live during the call.
  enum class Receive { drained, more, gone, failed };
  Receive receive(SocketId socket, const std::function<void(const DatagramsReceived&)>& take,
                  Error& error);
  void wait_readable(SocketId socket);

  // Moves datagrams from the engine to every writable socket until the engine has none, the sockets
  // are full, or a turn's share is sent. Whether there may be more.
  bool flush(RecordedEngine& engine);

  // Sends what was held back; whether the socket takes datagrams again.
  bool resume(SocketId socket);

  bool blocked() const;  // some socket holds something back
  UdpCounters counters() const;

 private:
  struct Entry {
    Entry(Strand strand, UdpSocket opened)
        : udp(std::move(opened)), readiness(strand, udp.native_handle()) {}
    // The descriptor belongs to `udp`.
    ~Entry() { readiness.release(); }
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;

    UdpSocket udp;
    Descriptor readiness;
    Transmit held;     // what `held_bytes` is part of
    Bytes held_bytes;  // not empty: the socket is not writable
  };

  Entry* find(SocketId socket);
  bool flush(RecordedEngine& engine, SocketId socket, Entry& entry);
  UdpSocket::Sent send(Entry& entry, const Transmit& transmit, ByteView bytes);
  void hold_back(SocketId socket, Entry& entry, const Transmit& transmit, ByteView rest);
  void wait_writable(SocketId socket, Entry& entry);

  Strand strand_;
  Owner& owner_;
  std::shared_ptr<Lifetime> lifetime_;
  UdpFeatures features_;
  EffectHook& effects_;
  std::map<SocketId, std::unique_ptr<Entry>> entries_;
  ReceiveBuffer receive_buffer_;
  std::vector<std::byte> send_buffer_;
  UdpCounters closed_counters_;  // of sockets that are gone
};

}  // namespace kith::io
