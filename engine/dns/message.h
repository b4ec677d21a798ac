#pragma once

// A DNS message as plain structs (RFC 1035 section 4), with the bits that multicast DNS takes from
// the class (RFC 6762 sections 5.4 and 10.2). A type that is not listed here stays as its bytes:
// so does OPT (RFC 6891), whose class is a size.

#include <array>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "engine/dns/name.h"
#include "kith/bytes.h"

namespace kith::dns {

enum class Type : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  ptr = 12,
  txt = 16,
  aaaa = 28,
  srv = 33,
  opt = 41,
  nsec = 47,
  any = 255,  // in questions
};

inline constexpr std::uint16_t kClassIn = 1;
inline constexpr std::uint16_t kClassAny = 255;

struct Header {
  std::uint16_t id = 0;
  bool response = false;
  std::uint8_t opcode = 0;  // 4 bits
  bool authoritative = false;
  bool truncated = false;
  bool recursion_desired = false;
  bool recursion_available = false;
  std::uint8_t reserved = 0;  // 3 bits: Z, AD, CD
  std::uint8_t rcode = 0;     // 4 bits

  friend bool operator==(const Header&, const Header&) = default;
};

struct Question {
  Name name;
  Type type = Type::any;
  std::uint16_t question_class = kClassIn;  // 15 bits
  bool unicast_response = false;            // the top bit: QU

  friend bool operator==(const Question&, const Question&) = default;
};

struct A {
  std::array<std::byte, 4> ip{};
  friend bool operator==(const A&, const A&) = default;
};
struct Aaaa {
  std::array<std::byte, 16> ip{};
  friend bool operator==(const Aaaa&, const Aaaa&) = default;
};
struct Ptr {
  Name target;
  friend bool operator==(const Ptr&, const Ptr&) = default;
};
struct Ns {
  Name target;
  friend bool operator==(const Ns&, const Ns&) = default;
};
struct Cname {
  Name target;
  friend bool operator==(const Cname&, const Cname&) = default;
};
struct Soa {
  Name primary;
  Name mailbox;
  std::uint32_t serial = 0;
  std::uint32_t refresh = 0;
  std::uint32_t retry = 0;
  std::uint32_t expire = 0;
  std::uint32_t minimum = 0;
  friend bool operator==(const Soa&, const Soa&) = default;
};
struct Srv {  // RFC 2782
  std::uint16_t priority = 0;
  std::uint16_t weight = 0;
  std::uint16_t port = 0;
  Name target;
  friend bool operator==(const Srv&, const Srv&) = default;
};
struct Txt {
  std::vector<std::string> strings;  // one at least, each up to 255 bytes
  friend bool operator==(const Txt&, const Txt&) = default;
};
struct Nsec {  // RFC 4034 section 4
  Name next;
  std::vector<std::uint16_t> types;  // ascending
  friend bool operator==(const Nsec&, const Nsec&) = default;
};
struct Opaque {
  std::uint16_t type = 0;
  Bytes data;
  friend bool operator==(const Opaque&, const Opaque&) = default;
};
using Data = std::variant<A, Aaaa, Ptr, Ns, Cname, Soa, Srv, Txt, Nsec, Opaque>;

struct Record {
  Name name;
  std::uint16_t record_class = kClassIn;  // 15 bits
  bool cache_flush = false;               // the top bit
  std::uint32_t ttl = 0;                  // seconds
  Data data;

  Type type() const;
  // Equal in name, class, type and data: the same record whatever its TTL and flush bit say.
  bool same_as(const Record& other) const;
  friend bool operator==(const Record&, const Record&) = default;
};

struct Message {
  Header header;
  std::vector<Question> questions;
  std::vector<Record> answers;
  std::vector<Record> authorities;
  std::vector<Record> additionals;

  friend bool operator==(const Message&, const Message&) = default;
};

}  // namespace kith::dns
