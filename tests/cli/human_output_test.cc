#include "io/cli/human_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/captured.h"

namespace kith::cli {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr Terminal kPiped{.results = false, .messages = false, .columns = 80};
constexpr Terminal kOnTerminal{.results = true, .messages = true, .columns = 80};

TransferProgress halfway();
std::vector<std::string> twelve_words();

TEST(HumanOutput, words_stand_in_three_numbered_rows) {
  Captured results, messages;
  HumanOutput output(results.stream(), messages.stream(), kPiped);
  output.pairing_code(twelve_words(), std::chrono::minutes(5), {});
  EXPECT_THAT(results.text(), HasSubstr("valid for 5 minutes:\n\n"
                                        "   1 alpha      2 bravo      3 charlie    4 delta\n"
                                        "   5 echo       6 foxtrot    7 golf       8 hotel\n"
                                        "   9 india     10 juliet    11 kilo      12 lima\n"));
}

TEST(HumanOutput, the_command_for_the_other_device_is_complete) {
  Captured results, messages;
  HumanOutput output(results.stream(), messages.stream(), kPiped);
  output.pairing_code(twelve_words(), std::chrono::minutes(5), {Address::v4(192, 0, 2, 1, 7)});
  EXPECT_THAT(results.text(), HasSubstr("kith join --at 192.0.2.1:7 alpha bravo charlie"));
}

TEST(HumanOutput, a_qr_code_is_drawn_only_on_a_terminal) {
  for (const Terminal& terminal : {kPiped, kOnTerminal}) {
    Captured results, messages;
    HumanOutput output(results.stream(), messages.stream(), terminal);
    output.pairing_code(twelve_words(), std::chrono::minutes(5), {});
    EXPECT_EQ(results.text().find("▄") != std::string::npos, terminal.results);
    EXPECT_EQ(results.text().find('\x1b') != std::string::npos, terminal.results);
  }
}

TEST(HumanOutput, a_hostile_name_commands_no_terminal) {
  Captured results, messages;
  HumanOutput output(results.stream(), messages.stream(), kPiped);
  const std::string hostile = "\x1b]0;owned\x07\r\n\xff";
  ItemCompleted item;
  output.item_completed(item, hostile);
  TransferOffered offer;
  offer.items = {{.name = hostile, .directory = true, .bytes = 0, .files = 1}};
  output.incoming(offer, hostile);
  output.paired({}, hostile);
  DeviceSummary device;
  device.name = hostile;
  output.devices({device});
  output.error({ErrorCode::refused, hostile, hostile}, kRefused);
  for (const std::string& text : {results.text(), messages.text()}) {
    EXPECT_THAT(text, HasSubstr("owned"));
    EXPECT_THAT(text, Not(HasSubstr("\x1b")));
    EXPECT_THAT(text, Not(HasSubstr("\x07")));
    EXPECT_THAT(text, Not(HasSubstr("\r")));
    EXPECT_THAT(text, Not(HasSubstr("\xff")));
  }
}

TEST(HumanOutput, an_error_is_one_line_with_its_hint) {
  Captured results, messages;
  HumanOutput output(results.stream(), messages.stream(), kPiped);
  output.error({ErrorCode::not_found, "there is no file\nx", "check the path"}, kFailed);
  EXPECT_EQ(messages.text(), "kith: there is no file\xef\xbf\xbdx. check the path.\n");
  EXPECT_EQ(results.text(), "");
}

TEST(HumanOutput, the_bar_is_drawn_on_a_terminal_and_cleared_before_a_line) {
  Captured results, messages;
  HumanOutput output(results.stream(), messages.stream(), kOnTerminal);
  output.progress(halfway());
  EXPECT_THAT(messages.text(), HasSubstr("50 %"));
  output.note("a note");
  EXPECT_THAT(messages.text(), testing::EndsWith("\r\x1b[Ka note\n"));
}

TEST(HumanOutput, no_bar_fills_a_log_file) {
  Captured results, messages;
  HumanOutput output(results.stream(), messages.stream(), kPiped);
  output.progress(halfway());
  EXPECT_EQ(messages.text() + results.text(), "");
}

TEST(HumanOutput, a_long_offer_is_cut) {
  Captured results, messages;
  HumanOutput output(results.stream(), messages.stream(), kPiped);
  TransferOffered offer;
  offer.items.resize(5000, {.name = "f", .directory = false, .bytes = 1, .files = 1});
  output.incoming(offer, "bob");
  EXPECT_THAT(results.text(), HasSubstr("and 4990 more"));
  EXPECT_LT(results.text().size(), 1000u);
}

TransferProgress halfway() {
  TransferProgress progress;
  progress.bytes_done = 50;
  progress.bytes_total = 100;
  return progress;
}

std::vector<std::string> twelve_words() {
  return {"alpha", "bravo", "charlie", "delta",  "echo", "foxtrot",
          "golf",  "hotel", "india",   "juliet", "kilo", "lima"};
}

}  // namespace
}  // namespace kith::cli
