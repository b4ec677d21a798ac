#pragma once

// Builds a DNS message part by part within a number of bytes. Names are compressed where the same
// bytes, case included, were written before, so that what is read back is what was written.

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "engine/dns/message.h"
#include "kith/bytes.h"

namespace kith::dns {

// What a length field of TCP or a UDP datagram can hold.
inline constexpr std::size_t kMaxMessageBytes = 65535;
inline constexpr std::size_t kHeaderBytes = 12;

enum class Section { answer, authority, additional };

// Whether names in the data of SRV and NSEC are compressed. Multicast DNS asks for it (RFC 6762
// section 18.14); everyone else must not see it (RFC 2782, RFC 4034), legacy queriers included.
enum class SrvNames { compressed, plain };

class MessageWriter {
 public:
  // `limit` is kHeaderBytes or more.
  explicit MessageWriter(std::size_t limit, SrvNames srv_names = SrvNames::plain);

  // False if it would pass the limit: then nothing was written. Parts come in the order of the
  // sections. Strings of a TXT above 255 bytes are a programmer error.
  [[nodiscard]] bool add(const Question& question);
  [[nodiscard]] bool add(Section section, const Record& record);

  std::size_t size() const { return bytes_.size(); }
  std::size_t records() const { return counts_[1] + counts_[2] + counts_[3]; }

  Bytes finish(const Header& header) &&;

 private:
  struct PutData;

  void u16(std::uint16_t value);
  void u32(std::uint32_t value);
  void put(std::string_view text);
  void name(const Name& name, bool compress);
  bool settle(std::size_t start, std::size_t part);

  std::size_t limit_;
  SrvNames srv_names_;
  Bytes bytes_;
  std::array<std::uint16_t, 4> counts_{};                      // questions, then sections
  std::size_t part_ = 0;                                       // the last one written to
  std::map<std::string, std::uint16_t, std::less<>> offsets_;  // of suffixes
};

// The whole message, or nothing if it takes more than `limit`.
std::optional<Bytes> write(const Message& message, std::size_t limit = kMaxMessageBytes,
                           SrvNames srv_names = SrvNames::plain);

// A record's data without compression: what RFC 6762 section 8.2 compares.
Bytes plain_data(const Record& record);

}  // namespace kith::dns
