#include "io/cli/arguments.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <initializer_list>
#include <vector>

#include "io/cli/argument_values.h"

namespace kith::cli {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

Result<std::variant<Invocation, HelpText>> parse(std::initializer_list<const char*> arguments);
template <class Arguments>
Arguments parsed(std::initializer_list<const char*> arguments);
Error error_of(std::initializer_list<const char*> arguments);

TEST(Arguments, global_options_go_before_or_after_the_command) {
  for (const auto& line : {std::initializer_list<const char*>{"--home", "/h", "--json", "id"},
                           std::initializer_list<const char*>{"id", "--json", "--home", "/h"}}) {
    const auto result = parse(line);
    ASSERT_TRUE(result) << result.error().message;
    const auto& invocation = std::get<Invocation>(*result);
    EXPECT_EQ(invocation.global.home, "/h");
    EXPECT_TRUE(invocation.global.json);
    EXPECT_TRUE(std::holds_alternative<IdArguments>(invocation.command));
  }
}

TEST(Arguments, the_home_becomes_absolute) {
  const auto result = parse({"--home", "some/../where", "id"});
  ASSERT_TRUE(result);
  const std::string& home = std::get<Invocation>(*result).global.home;
  EXPECT_TRUE(home.starts_with("/"));
  EXPECT_TRUE(home.ends_with("/where"));
  EXPECT_THAT(home, testing::Not(HasSubstr("..")));
}

TEST(Arguments, join_takes_one_or_twelve_words_or_a_dash) {
  EXPECT_THAT(parsed<JoinArguments>({"join", "one two"}).words, ElementsAre("one two"));
  EXPECT_THAT(parsed<JoinArguments>({"join", "-"}).words, ElementsAre("-"));
  const auto many = parsed<JoinArguments>({"join", "a", "b", "--at", "192.0.2.1:7", "c", "--yes"});
  EXPECT_THAT(many.words, ElementsAre("a", "b", "c"));
  EXPECT_THAT(many.at, ElementsAre(Address::v4(192, 0, 2, 1, 7)));
  EXPECT_TRUE(many.yes);
}

TEST(Arguments, an_address_may_be_repeated) {
  const auto join =
      parsed<JoinArguments>({"join", "--at", "192.0.2.1:7", "--at", "[2001:db8::1]:8", "words"});
  ASSERT_EQ(join.at.size(), 2u);
  EXPECT_EQ(join.at[1].to_string(), "[2001:db8::1]:8");
  EXPECT_THAT(join.words, ElementsAre("words"));
}

TEST(Arguments, pair_is_valid_for_five_minutes_unless_told_less) {
  EXPECT_EQ(parsed<PairArguments>({"pair"}).expires, std::chrono::minutes(5));
  EXPECT_EQ(parsed<PairArguments>({"pair", "--expires", "2"}).expires, std::chrono::seconds(2));
  EXPECT_EQ(error_of({"pair", "--expires", "301"}).code, ErrorCode::invalid_argument);
  EXPECT_EQ(error_of({"pair", "--expires", "0"}).code, ErrorCode::invalid_argument);
}

TEST(Arguments, receive_asks_unless_told_otherwise) {
  using Accept = SetReceivePolicy::Accept;
  const auto plain = parsed<ReceiveArguments>({"receive"});
  EXPECT_EQ(plain.accept, Accept::ask);
  EXPECT_FALSE(plain.once);
  EXPECT_FALSE(plain.listen);
  EXPECT_TRUE(plain.inbox.starts_with("/"));
  const auto all = parsed<ReceiveArguments>(
      {"receive", "--accept", "all", "--once", "--inbox", "/in", "--listen", "127.0.0.1:0"});
  EXPECT_EQ(all.accept, Accept::all);
  EXPECT_TRUE(all.once);
  EXPECT_EQ(all.inbox, "/in");
  EXPECT_EQ(all.listen, Address::v4(127, 0, 0, 1, 0));
  EXPECT_EQ(parsed<ReceiveArguments>({"receive", "--accept", "none"}).accept, Accept::none);
}

TEST(Arguments, send_takes_several_paths_and_one_device) {
  const auto send = parsed<SendArguments>(
      {"send", "a", "b\xff", "--to", "bob", "--dest", "photos", "--at", "192.0.2.1:7"});
  EXPECT_THAT(send.paths, ElementsAre("a", "b\xff"));
  EXPECT_EQ(send.to, "bob");
  EXPECT_EQ(send.destination, "photos");
  EXPECT_EQ(send.at.size(), 1u);
  EXPECT_THAT(error_of({"send", "a"}).message, HasSubstr("--to"));
  EXPECT_THAT(error_of({"send", "--to", "bob"}).message, HasSubstr("path"));
}

TEST(Arguments, devices_lists_removes_and_blocks) {
  using Action = DevicesArguments::Action;
  EXPECT_EQ(parsed<DevicesArguments>({"devices"}).action, Action::list);
  const auto remove = parsed<DevicesArguments>({"devices", "remove", "bob"});
  EXPECT_EQ(remove.action, Action::remove);
  EXPECT_EQ(remove.device, "bob");
  EXPECT_EQ(parsed<DevicesArguments>({"devices", "block", "bob"}).action, Action::block);
  EXPECT_EQ(error_of({"devices", "remove"}).code, ErrorCode::invalid_argument);
}

TEST(Arguments, what_cannot_be_parsed_is_one_line_with_a_hint_to_the_help) {
  for (const auto& line :
       {std::initializer_list<const char*>{"pair", "--frobnicate"},
        std::initializer_list<const char*>{"frobnicate"}, std::initializer_list<const char*>{},
        std::initializer_list<const char*>{"receive", "--accept", "some"}}) {
    const Error error = error_of(line);
    EXPECT_EQ(error.code, ErrorCode::invalid_argument);
    EXPECT_FALSE(error.message.empty());
    EXPECT_THAT(error.message, testing::Not(HasSubstr("\n")));
    EXPECT_THAT(error.hint, HasSubstr("--help"));
  }
  EXPECT_THAT(error_of({"pair", "--frobnicate"}).hint, HasSubstr("kith pair --help"));
}

TEST(Arguments, an_address_that_leads_nowhere_is_refused) {
  EXPECT_THAT(error_of({"pair", "--listen", "localhost"}).message, HasSubstr("--listen"));
  EXPECT_THAT(error_of({"join", "w", "--at", "192.0.2.1"}).message, HasSubstr("--at"));
  EXPECT_EQ(error_of({"join", "w", "--at", "0.0.0.0:7"}).code, ErrorCode::invalid_argument);
  EXPECT_EQ(error_of({"join", "w", "--at", "192.0.2.1:0"}).code, ErrorCode::invalid_argument);
}

TEST(Arguments, a_hostile_argument_is_not_echoed_raw) {
  EXPECT_THAT(error_of({"pair", "--listen", "\x1b[2J"}).message, testing::Not(HasSubstr("\x1b")));
  EXPECT_THAT(error_of({"pair", "--\x1b[2J"}).message, testing::Not(HasSubstr("\x1b")));
}

TEST(Arguments, an_unknown_topic_names_those_there_are) {
  EXPECT_THAT(error_of({"--log", "nonsense", "id"}).hint, HasSubstr("transfer"));
}

TEST(Arguments, help_and_version_are_not_errors) {
  for (const auto& line : {std::initializer_list<const char*>{"--help"},
                           std::initializer_list<const char*>{"send", "--help"},
                           std::initializer_list<const char*>{"--version"}}) {
    const auto result = parse(line);
    ASSERT_TRUE(result);
    EXPECT_FALSE(std::get<HelpText>(*result).text.empty());
  }
}

TEST(Arguments, json_is_seen_even_where_the_rest_is_nonsense) {
  const char* wanted[] = {"kith", "--nonsense", "--json"};
  EXPECT_TRUE(wants_json(3, wanted));
  const char* name[] = {"kith", "send", "--", "--json"};
  EXPECT_FALSE(wants_json(4, name));
}

Result<std::variant<Invocation, HelpText>> parse(std::initializer_list<const char*> arguments) {
  std::vector<const char*> line{"kith"};
  line.insert(line.end(), arguments);
  return parse_arguments(static_cast<int>(line.size()), line.data());
}

template <class Arguments>
Arguments parsed(std::initializer_list<const char*> arguments) {
  const auto result = parse(arguments);
  EXPECT_TRUE(result) << result.error().message;
  return std::get<Arguments>(std::get<Invocation>(result.value()).command);
}

Error error_of(std::initializer_list<const char*> arguments) {
  const auto result = parse(arguments);
  EXPECT_FALSE(result);
  return result ? Error{} : result.error();
}

}  // namespace
}  // namespace kith::cli
