#pragma once

// A multicast query or response as packets of a size (RFC 6762 sections 6.4, 7.2 and 17).

#include <cstddef>
#include <span>
#include <vector>

#include "engine/dns/message.h"
#include "kith/bytes.h"

namespace kith::dns {

struct Packets {
  std::vector<Bytes> packets;
  std::size_t left_out = 0;  // parts that do not fit a packet of their own
};

// Questions, then as many known answers as fit; the rest follow in packets without a question. All
// but the last say TC: more known answers come (section 7.2).
Packets split_query(std::span<const Question> questions, std::span<const Record> known_answers,
                    std::size_t limit);

// A question and the records proposed for its name, which a probe carries as authorities (section
// 8.2): a group is never divided.
struct ProbeGroup {
  Question question;
  std::vector<Record> proposed;
};
Packets split_probe(std::span<const ProbeGroup> groups, std::size_t limit);

// Answers in as many packets as they take; additionals where there is room. TC is never set: every
// packet stands alone (section 18.5). What was not written of `additionals` is not missed.
Packets split_response(std::span<const Record> answers, std::span<const Record> additionals,
                       std::size_t limit);

}  // namespace kith::dns
