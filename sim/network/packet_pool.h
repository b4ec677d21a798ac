#pragma once

// Datagrams under way. Slots and their buffers are reused, so a run allocates only while its
// number of datagrams in flight still grows.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "kith/address.h"
#include "kith/bytes.h"

namespace kith::sim {

using NodeId = std::uint32_t;
using PacketId = std::uint32_t;

enum class PacketKind : std::uint8_t {
  datagram,
  forged,   // a datagram of an adversary
  segment,  // of a stream (stream_host.h): as TCP is to gateways, and nothing to sockets of
            // datagrams
};

struct Packet {
  Address source;
  Address destination;
  std::uint32_t interface = 1;  // of the node it comes to
  Ecn ecn = Ecn::not_ect;
  PacketKind kind = PacketKind::datagram;
  Bytes bytes;
};

class PacketPool {
 public:
  PacketId take() {
    if (free_.empty()) grow();
    const PacketId id = free_.back();
    free_.pop_back();
    return id;
  }
  void give_back(PacketId id) { free_.push_back(id); }

  Packet& operator[](PacketId id) { return blocks_[id / kBlock][id % kBlock]; }
  const Packet& operator[](PacketId id) const { return blocks_[id / kBlock][id % kBlock]; }

  std::size_t in_use() const { return blocks_.size() * kBlock - free_.size(); }

 private:
  static constexpr std::size_t kBlock = 256;

  void grow() {
    const auto first = static_cast<PacketId>(blocks_.size() * kBlock);
    blocks_.push_back(std::make_unique<Packet[]>(kBlock));
    // The lowest is handed out first: a small working set stays in the cache.
    for (std::size_t i = kBlock; i-- > 0;) free_.push_back(first + static_cast<PacketId>(i));
  }

  std::vector<std::unique_ptr<Packet[]>> blocks_;
  std::vector<PacketId> free_;
};

}  // namespace kith::sim
