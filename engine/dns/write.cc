#include "engine/dns/write.h"

#include <algorithm>
#include <utility>

#include "engine/base/check.h"

namespace kith::dns {
namespace {

constexpr std::uint16_t kTopBit = 0x8000;
constexpr std::uint16_t kPointer = 0xC000;
constexpr std::size_t kMaxPointerTarget = 0x3FFF;
constexpr std::size_t kMaxStringBytes = 255;

std::uint16_t with_top_bit(std::uint16_t value, bool top) {
  KITH_CHECK(value < kTopBit);
  return top ? static_cast<std::uint16_t>(value | kTopBit) : value;
}

std::uint16_t flags_of(const Header& header) {
  KITH_CHECK(header.opcode < 16 && header.reserved < 8 && header.rcode < 16);
  unsigned flags = 0;
  flags |= header.response ? 0x8000U : 0;
  flags |= static_cast<unsigned>(header.opcode) << 11;
  flags |= header.authoritative ? 0x0400U : 0;
  flags |= header.truncated ? 0x0200U : 0;
  flags |= header.recursion_desired ? 0x0100U : 0;
  flags |= header.recursion_available ? 0x0080U : 0;
  flags |= static_cast<unsigned>(header.reserved) << 4;
  flags |= header.rcode;
  return static_cast<std::uint16_t>(flags);
}

}  // namespace

struct MessageWriter::PutData {
  MessageWriter& out;

  bool srv_compressed() const { return out.srv_names_ == SrvNames::compressed; }

  void operator()(const A& a) const { out.put(as_text(a.ip)); }
  void operator()(const Aaaa& aaaa) const { out.put(as_text(aaaa.ip)); }
  void operator()(const Ptr& ptr) const { out.name(ptr.target, true); }
  void operator()(const Ns& ns) const { out.name(ns.target, true); }
  void operator()(const Cname& cname) const { out.name(cname.target, true); }
  void operator()(const Soa& soa) const {
    out.name(soa.primary, true);
    out.name(soa.mailbox, true);
    for (const auto value : {soa.serial, soa.refresh, soa.retry, soa.expire, soa.minimum}) {
      out.u32(value);
    }
  }
  void operator()(const Srv& srv) const {
    out.u16(srv.priority);
    out.u16(srv.weight);
    out.u16(srv.port);
    out.name(srv.target, srv_compressed());
  }
  void operator()(const Txt& txt) const {
    KITH_CHECK(!txt.strings.empty());
    for (const std::string& string : txt.strings) {
      KITH_CHECK(string.size() <= kMaxStringBytes);
      out.bytes_.push_back(static_cast<std::byte>(string.size()));
      out.put(string);
    }
  }
  void operator()(const Nsec& nsec) const {
    out.name(nsec.next, srv_compressed());
    for (auto type = nsec.types.begin(); type != nsec.types.end();) {
      const int window = *type >> 8;
      std::array<std::byte, 32> map{};
      std::size_t used = 0;
      for (; type != nsec.types.end() && *type >> 8 == window; ++type) {
        const std::size_t bit = *type & 0xFFU;
        map[bit / 8] |= static_cast<std::byte>(0x80U >> (bit % 8));
        used = std::max(used, bit / 8 + 1);
      }
      out.bytes_.push_back(static_cast<std::byte>(window));
      out.bytes_.push_back(static_cast<std::byte>(used));
      out.put(as_text(ByteView(map).first(used)));
    }
  }
  void operator()(const Opaque& opaque) const { out.put(as_text(opaque.data)); }
};

MessageWriter::MessageWriter(std::size_t limit, SrvNames srv_names)
    : limit_(limit), srv_names_(srv_names), bytes_(kHeaderBytes) {
  KITH_CHECK(limit >= kHeaderBytes && limit <= kMaxMessageBytes);
}

bool MessageWriter::add(const Question& question) {
  KITH_CHECK(part_ == 0);
  const std::size_t start = bytes_.size();
  name(question.name, true);
  u16(static_cast<std::uint16_t>(question.type));
  u16(with_top_bit(question.question_class, question.unicast_response));
  return settle(start, 0);
}

bool MessageWriter::add(Section section, const Record& record) {
  const std::size_t part = static_cast<std::size_t>(section) + 1;
  KITH_CHECK(part >= part_);
  const std::size_t start = bytes_.size();
  name(record.name, true);
  u16(static_cast<std::uint16_t>(record.type()));
  u16(with_top_bit(record.record_class, record.cache_flush));
  u32(record.ttl);
  const std::size_t length_at = bytes_.size();
  u16(0);
  std::visit(PutData{*this}, record.data);
  const std::size_t length = bytes_.size() - length_at - 2;
  bytes_[length_at] = static_cast<std::byte>(length >> 8);
  bytes_[length_at + 1] = static_cast<std::byte>(length);
  return settle(start, part);
}

// Keeps what was written from `start` on, or takes all of it back.
bool MessageWriter::settle(std::size_t start, std::size_t part) {
  if (bytes_.size() > limit_ || counts_[part] == 0xFFFF) {
    bytes_.resize(start);
    std::erase_if(offsets_, [start](const auto& entry) { return entry.second >= start; });
    return false;
  }
  part_ = part;
  ++counts_[part];
  return true;
}

Bytes MessageWriter::finish(const Header& header) && {
  const std::array<std::uint16_t, 6> words{header.id,  flags_of(header), counts_[0],
                                           counts_[1], counts_[2],       counts_[3]};
  for (std::size_t i = 0; i < words.size(); ++i) {
    bytes_[2 * i] = static_cast<std::byte>(words[i] >> 8);
    bytes_[2 * i + 1] = static_cast<std::byte>(words[i]);
  }
  return std::move(bytes_);
}

void MessageWriter::u16(std::uint16_t value) {
  bytes_.push_back(static_cast<std::byte>(value >> 8));
  bytes_.push_back(static_cast<std::byte>(value));
}

void MessageWriter::u32(std::uint32_t value) {
  u16(static_cast<std::uint16_t>(value >> 16));
  u16(static_cast<std::uint16_t>(value));
}

void MessageWriter::put(std::string_view text) {
  const ByteView view = as_byte_view(text);
  bytes_.insert(bytes_.end(), view.begin(), view.end());
}

void MessageWriter::name(const Name& name, bool compress) {
  std::string_view rest = name.wire();
  while (!rest.empty()) {
    const auto known = offsets_.find(rest);
    if (known != offsets_.end() && compress) {
      u16(static_cast<std::uint16_t>(kPointer | known->second));
      return;
    }
    if (known == offsets_.end() && bytes_.size() <= kMaxPointerTarget) {
      offsets_.emplace(rest, static_cast<std::uint16_t>(bytes_.size()));
    }
    const std::size_t label = 1 + static_cast<std::size_t>(rest[0]);
    put(rest.substr(0, label));
    rest.remove_prefix(label);
  }
  bytes_.push_back(std::byte{0});
}

std::optional<Bytes> write(const Message& message, std::size_t limit, SrvNames srv_names) {
  MessageWriter writer(limit, srv_names);
  for (const Question& question : message.questions) {
    if (!writer.add(question)) return std::nullopt;
  }
  const std::array<std::pair<Section, const std::vector<Record>*>, 3> sections{
      {{Section::answer, &message.answers},
       {Section::authority, &message.authorities},
       {Section::additional, &message.additionals}}};
  for (const auto& [section, records] : sections) {
    for (const Record& record : *records) {
      if (!writer.add(section, record)) return std::nullopt;
    }
  }
  return std::move(writer).finish(message.header);
}

Bytes plain_data(const Record& record) {
  // Alone in a message below the root, nothing can be compressed: the data is the last part.
  Record alone = record;
  alone.name = Name();
  MessageWriter writer(kMaxMessageBytes);
  const std::size_t before = kHeaderBytes + 1 + 2 + 2 + 4 + 2;
  KITH_CHECK(writer.add(Section::answer, alone));
  const Bytes message = std::move(writer).finish({});
  return to_bytes(ByteView(message).subspan(before));
}

}  // namespace kith::dns
