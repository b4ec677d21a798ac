#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <set>

#include "engine/dns/parse.h"
#include "engine/dns/write.h"

namespace kith::dns {
namespace {

// Labels of few letters, so that suffixes are shared and differ in case alone.
rc::Gen<Name> name() {
  const auto label = rc::gen::nonEmpty(
      rc::gen::resize(4, rc::gen::container<std::string>(rc::gen::elementOf(std::string("abA.")))));
  return rc::gen::map(rc::gen::resize(5, rc::gen::container<std::vector<std::string>>(label)),
                      [](const std::vector<std::string>& labels) {
                        const std::vector<std::string_view> views(labels.begin(), labels.end());
                        return Name::from_labels(views).value();
                      });
}

template <class T>
T any() {
  return *rc::gen::arbitrary<T>();
}

template <std::size_t N>
std::array<std::byte, N> ip() {
  std::array<std::byte, N> out{};
  for (auto& byte : out) byte = static_cast<std::byte>(any<std::uint8_t>());
  return out;
}

Data data() {
  switch (*rc::gen::inRange(0, 10)) {
    case 0:
      return A{ip<4>()};
    case 1:
      return Aaaa{ip<16>()};
    case 2:
      return Ptr{*name()};
    case 3:
      return Ns{*name()};
    case 4:
      return Cname{*name()};
    case 5: {
      Soa soa{*name(), *name()};
      soa.serial = any<std::uint32_t>();
      soa.minimum = any<std::uint32_t>();
      return soa;
    }
    case 6: {
      Srv srv;
      srv.priority = any<std::uint16_t>();
      srv.port = any<std::uint16_t>();
      srv.target = *name();
      return srv;
    }
    case 7: {
      Txt txt;
      txt.strings = *rc::gen::nonEmpty(rc::gen::arbitrary<std::vector<std::string>>());
      return txt;
    }
    case 8: {
      const auto types = *rc::gen::arbitrary<std::set<std::uint16_t>>();
      return Nsec{*name(), {types.begin(), types.end()}};
    }
    default:
      return Opaque{65280, to_bytes(as_byte_view(any<std::string>()))};
  }
}

Record record() {
  Record record;
  record.name = *name();
  record.record_class = *rc::gen::inRange<std::uint16_t>(0, 0x8000);
  record.cache_flush = any<bool>();
  record.ttl = any<std::uint32_t>();
  record.data = data();
  return record;
}

Message message() {
  Message message;
  message.header.id = any<std::uint16_t>();
  message.header.response = any<bool>();
  message.header.opcode = *rc::gen::inRange<std::uint8_t>(0, 16);
  message.header.authoritative = any<bool>();
  message.header.truncated = any<bool>();
  message.header.recursion_desired = any<bool>();
  message.header.recursion_available = any<bool>();
  message.header.reserved = *rc::gen::inRange<std::uint8_t>(0, 8);
  message.header.rcode = *rc::gen::inRange<std::uint8_t>(0, 16);
  for (int i = *rc::gen::inRange(0, 4); i > 0; --i) {
    message.questions.push_back({*name(), static_cast<Type>(any<std::uint16_t>()),
                                 *rc::gen::inRange<std::uint16_t>(0, 0x8000), any<bool>()});
  }
  for (auto* section : {&message.answers, &message.authorities, &message.additionals}) {
    for (int i = *rc::gen::inRange(0, 5); i > 0; --i) section->push_back(record());
  }
  return message;
}

// Comparing also the case of names, which == does not.
std::string spelled(const Message& message) {
  std::string text;
  for (const auto& question : message.questions) text += question.name.to_string() + "\n";
  for (const auto* section : {&message.answers, &message.authorities, &message.additionals}) {
    for (const auto& each : *section) {
      text += each.name.to_string() + "\n";
      text += as_text(plain_data(each));
    }
  }
  return text;
}

RC_GTEST_PROP(DnsRoundTrip, what_is_written_reads_back_case_and_all, ()) {
  const Message written = message();
  const auto style = any<bool>() ? SrvNames::compressed : SrvNames::plain;
  const auto bytes = write(written, kMaxMessageBytes, style);
  RC_ASSERT(bytes.has_value());
  const auto read = parse(*bytes);
  RC_ASSERT(read.has_value());
  RC_ASSERT(*read == written);
  RC_ASSERT(spelled(*read) == spelled(written));
}

RC_GTEST_PROP(DnsRoundTrip, a_writer_keeps_its_limit_and_what_it_refuses_leaves_no_trace, ()) {
  const auto limit = *rc::gen::inRange<std::size_t>(kHeaderBytes, 300);
  MessageWriter writer(limit, SrvNames::compressed);
  Message kept;
  for (int i = 0; i < 12; ++i) {
    const Record each = record();
    if (writer.add(Section::answer, each)) kept.answers.push_back(each);
    RC_ASSERT(writer.size() <= limit);
  }
  const Bytes bytes = std::move(writer).finish({});
  RC_ASSERT(bytes.size() <= limit);
  RC_ASSERT(parse(bytes).value() == kept);
}

}  // namespace
}  // namespace kith::dns
