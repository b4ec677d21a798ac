#include "tests/sim/planted/datagram_bugs.h"

#include <algorithm>
#include <cstdint>

#include "engine/discovery/mdns/limits.h"
#include "sim/checkers/krpc_query.h"
#include "sim/checkers/quic_header.h"
#include "tests/sim/planted/victims.h"

namespace kith::sim {
namespace {

bool is_initial(ByteView bytes) {
  const auto header = read_long_header(bytes);
  return header && header->type == LongType::initial;
}

// Of one datagram, copies until there are `times` of it, as far as there is room.
void repeat(Transmit& transmit, std::span<std::byte> room, std::size_t times) {
  if (transmit.size != transmit.segment_size) return;
  const std::span<std::byte> first = room.first(transmit.size);
  for (std::size_t i = 1; i < times && transmit.size + first.size() <= room.size(); ++i) {
    std::copy(first.begin(), first.end(),
              room.begin() + static_cast<std::ptrdiff_t>(transmit.size));
    transmit.size += first.size();
  }
}

// Where the destination connection id of a long header lies: RFC 9000 section 17.2.
std::span<std::byte> id_in(std::span<std::byte> datagram) {
  return datagram.subspan(6, std::to_integer<std::size_t>(datagram[5]));
}

}  // namespace

void answers_four_times(World& world) {
  receiver(world).set_transmit_tap([](Transmit& transmit, std::span<std::byte> room) {
    if (has_long_header(room)) repeat(transmit, room, 4);
  });
}

// Each first packet of a dial is followed by those of sixty-three others.
void dials_in_circles(World& world) {
  const auto drawn = std::make_shared<RandomSource>(world.random("dials in circles"));
  sender(world).set_transmit_tap([drawn](Transmit& transmit, std::span<std::byte> room) {
    if (!is_initial(room.first(transmit.size))) return;
    const std::size_t size = transmit.size;
    repeat(transmit, room, 64);
    for (std::size_t at = size; at < transmit.size; at += size) {
      const auto id = drawn->bytes<20>();
      const std::span<std::byte> place = id_in(room.subspan(at, size));
      std::copy_n(id.begin(), place.size(), place.begin());
    }
  });
}

// Devices whose systems give them one randomness.
void draws_the_same_again(World& world) {
  for (DeviceIndex index = 0; index < world.device_count(); index += 2) {
    world.device(index).set_transmit_tap([](Transmit& transmit, std::span<std::byte> room) {
      for (std::size_t at = 0; at < transmit.size; at += transmit.segment_size) {
        if (!is_initial(room.subspan(at, transmit.size - at))) continue;
        const std::span<std::byte> id = id_in(room.subspan(at));
        std::fill(id.begin(), id.end(), std::byte{7});
      }
    });
  }
}

void asks_fifty_times(World& world) {
  sender(world).set_transmit_tap([](Transmit& transmit, std::span<std::byte> room) {
    if (is_krpc_query(room.first(transmit.size))) repeat(transmit, room, 50);
  });
}

void announces_fifty_times(World& world) {
  sender(world).set_transmit_tap([](Transmit& transmit, std::span<std::byte> room) {
    if (transmit.remote.port == mdns::kPort) repeat(transmit, room, 50);
  });
}

void keeps_alive_hundreds_of_times(World& world) {
  sender(world).set_transmit_tap([](Transmit& transmit, std::span<std::byte> room) {
    constexpr std::size_t kPingBytes = 30;
    if (!has_long_header(room) && transmit.size <= kPingBytes) repeat(transmit, room, 300);
  });
}

// Acknowledgements pass, so that no connection ends, and so does one packet of data in twenty.
void spoils_most_of_its_data(World& world) {
  const auto sent = std::make_shared<std::uint64_t>(0);
  sender(world).set_transmit_tap([sent](Transmit& transmit, std::span<std::byte> room) {
    constexpr std::size_t kHeaderBytes = 20;
    constexpr std::size_t kDataBytes = 600;
    for (std::size_t at = 0; at < transmit.size; at += transmit.segment_size) {
      const auto datagram = room.subspan(at, std::min(transmit.segment_size, transmit.size - at));
      if (datagram.size() < kDataBytes || has_long_header(datagram)) continue;
      if (++*sent % 20 != 0) std::ranges::fill(datagram.subspan(kHeaderBytes), std::byte{0});
    }
  });
}

}  // namespace kith::sim
