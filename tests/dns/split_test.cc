#include "engine/dns/split.h"

#include <gtest/gtest.h>

#include "engine/dns/parse.h"

namespace kith::dns {
namespace {

constexpr std::size_t kLimit = 512;
const Name kService = Name::of("_kith._udp.local");

Record pointer(int number);
std::vector<Record> pointers(int count);
std::vector<Message> read_all(const Packets& packets);

TEST(DnsSplit, known_answers_follow_in_packets_that_say_so) {
  const std::vector<Question> questions{{kService, Type::ptr, kClassIn, false}};
  const auto known = pointers(50);
  const auto messages = read_all(split_query(questions, known, kLimit));
  ASSERT_GT(messages.size(), 2u);
  std::vector<Record> all;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    EXPECT_EQ(messages[i].questions.size(), i == 0 ? 1u : 0u);
    EXPECT_EQ(messages[i].header.truncated, i + 1 < messages.size());
    EXPECT_FALSE(messages[i].header.response);
    all.insert(all.end(), messages[i].answers.begin(), messages[i].answers.end());
  }
  EXPECT_EQ(all, known);
}

TEST(DnsSplit, a_query_that_fits_is_one_packet) {
  const std::vector<Question> questions{{kService, Type::ptr, kClassIn, true}};
  const auto messages = read_all(split_query(questions, pointers(2), kLimit));
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_FALSE(messages[0].header.truncated);
  EXPECT_TRUE(split_query({}, {}, kLimit).packets.empty());
}

TEST(DnsSplit, answers_take_the_packets_they_need_and_additionals_the_room_left) {
  const auto answers = pointers(50);
  const auto messages = read_all(split_response(answers, pointers(100), kLimit));
  ASSERT_GT(messages.size(), 2u);
  std::vector<Record> all;
  for (const Message& message : messages) {
    EXPECT_TRUE(message.header.response);
    EXPECT_TRUE(message.header.authoritative);
    EXPECT_FALSE(message.header.truncated);
    all.insert(all.end(), message.answers.begin(), message.answers.end());
    EXPECT_EQ(message.additionals.empty(), &message != &messages.back());
  }
  EXPECT_EQ(all, answers);
}

TEST(DnsSplit, an_answer_too_large_for_any_packet_is_counted) {
  Record large = pointer(1);
  large.data = Txt{std::vector<std::string>(4, std::string(200, 'x'))};
  const std::vector<Record> answers{pointer(1), large, pointer(2)};
  const Packets packets = split_response(answers, {}, kLimit);
  EXPECT_EQ(packets.left_out, 1u);
  EXPECT_EQ(read_all(packets).back().answers.back(), pointer(2));
}

TEST(DnsSplit, a_probe_and_its_records_stay_together) {
  std::vector<ProbeGroup> groups;
  for (int i = 0; i < 20; ++i) {
    const Name name = kService.child(std::to_string(i)).value();
    Record srv;
    srv.name = name;
    srv.data = Srv{0, 0, 1, Name::of("host.local")};
    groups.push_back({{name, Type::any, kClassIn, true}, {srv, srv}});
  }
  const auto messages = read_all(split_probe(groups, kLimit));
  std::size_t questions = 0;
  for (const Message& message : messages) {
    ASSERT_EQ(message.authorities.size(), 2 * message.questions.size());
    for (std::size_t i = 0; i < message.questions.size(); ++i) {
      EXPECT_EQ(message.authorities[2 * i].name, message.questions[i].name);
    }
    questions += message.questions.size();
  }
  EXPECT_EQ(questions, groups.size());
  EXPECT_GT(messages.size(), 1u);
}

Record pointer(int number) {
  Record record;
  record.name = kService;
  record.ttl = 4500;
  record.data = Ptr{kService.child("device " + std::to_string(number)).value()};
  return record;
}

std::vector<Record> pointers(int count) {
  std::vector<Record> records;
  for (int i = 0; i < count; ++i) records.push_back(pointer(i));
  return records;
}

std::vector<Message> read_all(const Packets& packets) {
  std::vector<Message> messages;
  for (const Bytes& packet : packets.packets) {
    EXPECT_LE(packet.size(), kLimit);
    messages.push_back(parse(packet).value());
  }
  return messages;
}

}  // namespace
}  // namespace kith::dns
