#include "engine/dns/parse.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>

namespace kith::dns {
namespace {

constexpr std::uint16_t kTopBit = 0x8000;

// Reads from one message. After a failure everything reads as nothing and `wrong` says why, so that
// callers check once per record.
class Parser {
 public:
  explicit Parser(ByteView message) : message_(message), end_(message.size()) {}

  std::optional<Malformed> wrong() const { return wrong_; }
  std::size_t at() const { return at_; }
  bool at_end() const { return at_ == message_.size(); }

  std::uint8_t u8() { return static_cast<std::uint8_t>(integer(1)); }
  std::uint16_t u16() { return static_cast<std::uint16_t>(integer(2)); }
  std::uint32_t u32() { return integer(4); }
  ByteView bytes(std::size_t count);
  template <std::size_t N>
  std::array<std::byte, N> array() {
    std::array<std::byte, N> out{};
    const ByteView taken = bytes(N);
    std::copy(taken.begin(), taken.end(), out.begin());
    return out;
  }

  Name name();
  Header header();
  Question question();
  Record record();

  void fail(Malformed reason) {
    if (!wrong_) wrong_ = reason;
  }

 private:
  std::uint32_t integer(std::size_t width);
  Data data(Type type);
  Txt txt();
  Nsec nsec();
  std::size_t left() const { return end_ - at_; }

  ByteView message_;
  std::size_t at_ = 0;
  std::size_t end_;  // of the message, or of the record's data while it is read
  bool in_data_ = false;
  std::size_t name_bytes_ = 0;
  std::optional<Malformed> wrong_;
};

ByteView Parser::bytes(std::size_t count) {
  if (wrong_) return {};
  if (count > left()) {
    fail(in_data_ ? Malformed::record_length : Malformed::cut_short);
    return {};
  }
  at_ += count;
  return message_.subspan(at_ - count, count);
}

std::uint32_t Parser::integer(std::size_t width) {
  std::uint32_t value = 0;
  for (const std::byte byte : bytes(width)) {
    value = value << 8 | std::to_integer<std::uint32_t>(byte);
  }
  return value;
}

// Every pointer goes to before the run of labels it ends (RFC 1035 section 4.1.4: "a prior
// occurrence"), so reading always comes to an end.
Name Parser::name() {
  std::vector<std::string_view> labels;
  std::size_t size = 1;
  std::size_t run = at_;
  std::size_t pointers = 0;
  std::optional<std::size_t> resume;
  const std::size_t end = end_;
  while (!wrong_) {
    const std::uint8_t length = u8();
    if (wrong_ || length == 0) break;
    if (length <= kMaxLabelBytes) {
      labels.push_back(as_text(bytes(length)));
      size += 1 + std::size_t{length};
      if (size > kMaxNameWireBytes) fail(Malformed::name_too_long);
      continue;
    }
    if (length < 0xC0) {
      fail(Malformed::label_reserved);
      break;
    }
    const std::size_t target = (std::size_t{length} & 0x3F) << 8 | u8();
    if (wrong_) break;
    if (!resume) resume = at_;
    if (target >= run) fail(Malformed::pointer_not_backward);
    if (++pointers > kMaxPointersPerName) fail(Malformed::too_many_pointers);
    at_ = run = target;
    end_ = message_.size();
  }
  if (resume) at_ = *resume;
  end_ = end;
  name_bytes_ += size;
  if (name_bytes_ > kMaxNameBytes) fail(Malformed::too_many_name_bytes);
  if (wrong_) return {};
  return Name::from_labels(labels).value_or(Name());
}

Header Parser::header() {
  Header header;
  header.id = u16();
  const std::uint16_t flags = u16();
  header.response = (flags & 0x8000) != 0;
  header.opcode = static_cast<std::uint8_t>(flags >> 11 & 0xF);
  header.authoritative = (flags & 0x0400) != 0;
  header.truncated = (flags & 0x0200) != 0;
  header.recursion_desired = (flags & 0x0100) != 0;
  header.recursion_available = (flags & 0x0080) != 0;
  header.reserved = static_cast<std::uint8_t>(flags >> 4 & 0x7);
  header.rcode = static_cast<std::uint8_t>(flags & 0xF);
  return header;
}

Question Parser::question() {
  Question question;
  question.name = name();
  question.type = static_cast<Type>(u16());
  const std::uint16_t wire_class = u16();
  question.question_class = wire_class & ~kTopBit & 0xFFFF;
  question.unicast_response = (wire_class & kTopBit) != 0;
  return question;
}

Record Parser::record() {
  Record record;
  record.name = name();
  const auto type = static_cast<Type>(u16());
  const std::uint16_t wire_class = u16();
  record.record_class = wire_class & ~kTopBit & 0xFFFF;
  record.cache_flush = (wire_class & kTopBit) != 0;
  record.ttl = u32();
  const std::size_t length = u16();
  if (!wrong_ && length > left()) fail(Malformed::cut_short);
  if (wrong_) return record;
  end_ = at_ + length;
  in_data_ = true;
  record.data = data(type);
  if (!wrong_ && at_ != end_) fail(Malformed::record_length);
  end_ = message_.size();
  in_data_ = false;
  return record;
}

Data Parser::data(Type type) {
  switch (type) {
    case Type::a:
      return A{array<4>()};
    case Type::aaaa:
      return Aaaa{array<16>()};
    case Type::ptr:
      return Ptr{name()};
    case Type::ns:
      return Ns{name()};
    case Type::cname:
      return Cname{name()};
    case Type::soa: {
      Soa soa;
      soa.primary = name();
      soa.mailbox = name();
      soa.serial = u32();
      soa.refresh = u32();
      soa.retry = u32();
      soa.expire = u32();
      soa.minimum = u32();
      return soa;
    }
    case Type::srv: {
      Srv srv;
      srv.priority = u16();
      srv.weight = u16();
      srv.port = u16();
      srv.target = name();
      return srv;
    }
    case Type::txt:
      return txt();
    case Type::nsec:
      return nsec();
    case Type::opt:
    case Type::any:
      break;
  }
  return Opaque{static_cast<std::uint16_t>(type), to_bytes(bytes(left()))};
}

// Data without any string is what some write for an empty TXT: RFC 6763 section 6.1 reads it as one
// empty string.
Txt Parser::txt() {
  Txt txt;
  while (!wrong_ && left() > 0) {
    const std::size_t length = u8();
    txt.strings.emplace_back(as_text(bytes(length)));
  }
  if (txt.strings.empty()) txt.strings.emplace_back();
  return txt;
}

Nsec Parser::nsec() {
  Nsec nsec;
  nsec.next = name();
  int last_window = -1;
  while (!wrong_ && left() > 0) {
    const int window = u8();
    const std::size_t length = u8();
    if (wrong_) break;
    if (window <= last_window || length == 0 || length > 32) fail(Malformed::type_bitmap);
    last_window = window;
    const ByteView map = bytes(length);
    for (std::size_t bit = 0; bit < map.size() * 8; ++bit) {
      if ((std::to_integer<unsigned>(map[bit / 8]) & (0x80U >> (bit % 8))) == 0) continue;
      if (nsec.types.size() == kMaxNsecTypes) fail(Malformed::too_many_types);
      if (wrong_) break;
      nsec.types.push_back(
          static_cast<std::uint16_t>(static_cast<std::size_t>(window) * 256 + bit));
    }
  }
  return nsec;
}

}  // namespace

Result<Message, Malformed> parse(ByteView bytes) {
  Parser parser(bytes);
  Message message;
  message.header = parser.header();
  const std::size_t questions = parser.u16();
  const std::array<std::size_t, 3> records{parser.u16(), parser.u16(), parser.u16()};
  if (questions > kMaxQuestions) parser.fail(Malformed::too_many_questions);
  if (records[0] + records[1] + records[2] > kMaxRecords) {
    parser.fail(Malformed::too_many_records);
  }
  for (std::size_t i = 0; i < questions && !parser.wrong(); ++i) {
    message.questions.push_back(parser.question());
  }
  const std::array<std::vector<Record>*, 3> sections{&message.answers, &message.authorities,
                                                     &message.additionals};
  for (std::size_t section = 0; section < sections.size(); ++section) {
    for (std::size_t i = 0; i < records[section] && !parser.wrong(); ++i) {
      sections[section]->push_back(parser.record());
    }
  }
  if (!parser.wrong() && !parser.at_end()) parser.fail(Malformed::trailing_bytes);
  if (parser.wrong()) return tl::unexpected(*parser.wrong());
  return message;
}

}  // namespace kith::dns
