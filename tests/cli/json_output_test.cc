#include "io/cli/json_output.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/cli/captured.h"

namespace kith::cli {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

class JsonOutputTest : public testing::Test {
 protected:
  Json only_object();

  Captured results_, messages_;
  JsonOutput output_{results_.stream(), messages_.stream()};
};

TEST_F(JsonOutputTest, an_error_carries_what_the_contract_names) {
  output_.error({ErrorCode::unreachable, "nobody answers", "check the address"}, kUnreachable);
  EXPECT_EQ(only_object(), Json({{"event", "error"},
                                 {"code", "unreachable"},
                                 {"exit", 4},
                                 {"message", "nobody answers"},
                                 {"hint", "check the address"}}));
  EXPECT_EQ(messages_.text(), "kith: nobody answers. check the address.\n");
}

TEST_F(JsonOutputTest, a_pairing_code_is_words_that_join_takes) {
  output_.pairing_code({"zoo", "able"}, std::chrono::seconds(300),
                       {Address::v4(192, 0, 2, 1, 7), *Address::parse("[2001:db8::1]:8")});
  EXPECT_EQ(only_object(), Json({{"event", "pairing_code"},
                                 {"words", "zoo able"},
                                 {"expires_in_s", 300.0},
                                 {"addresses", {"192.0.2.1:7", "[2001:db8::1]:8"}}}));
}

TEST_F(JsonOutputTest, a_path_that_is_not_utf8_carries_its_bytes) {
  ItemCompleted item;
  item.direction = TransferDirection::receiving;
  item.bytes = 5;
  item.digest.fill(std::byte{0xab});
  item.elapsed = std::chrono::milliseconds(1500);
  output_.item_completed(item, "/in/\xff\n");
  const Json object = only_object();
  EXPECT_EQ(object["event"], "received");
  EXPECT_EQ(object["path"], "/in/\xef\xbf\xbd\n");
  EXPECT_EQ(object["path_hex"], "2f696e2fff0a");
  EXPECT_EQ(object["bytes"], 5);
  EXPECT_EQ(object["seconds"], 1.5);
  EXPECT_EQ(object["digest"], "abababababababababababababababababababababababababababababababab");
}

TEST_F(JsonOutputTest, a_path_that_is_utf8_does_not) {
  ItemCompleted item;
  item.direction = TransferDirection::sending;
  output_.item_completed(item, "/out/ü");
  const Json object = only_object();
  EXPECT_EQ(object["event"], "sent");
  EXPECT_EQ(object["path"], "/out/ü");
  EXPECT_FALSE(object.contains("path_hex"));
}

TEST_F(JsonOutputTest, progress_without_an_estimate_says_null) {
  TransferProgress progress;
  progress.bytes_done = 1;
  progress.bytes_total = 3;
  progress.rate_bps = 2;
  output_.progress(progress);
  EXPECT_EQ(only_object(), Json({{"event", "progress"},
                                 {"transfer", std::string(32, '0')},
                                 {"bytes_done", 1},
                                 {"bytes_total", 3},
                                 {"rate_bps", 2},
                                 {"eta_s", nullptr}}));
}

TEST_F(JsonOutputTest, devices_are_one_object_each) {
  DeviceSummary seen;
  seen.name = "bob";
  seen.state = DeviceState::paired;
  seen.via = "192.0.2.1:7";
  seen.last_seen_ms = 1'000'000'000'500;
  DeviceSummary unseen;
  output_.devices({seen, unseen});
  const std::string text = results_.text();
  const auto end = text.find('\n');
  const Json first = Json::parse(text.substr(0, end)), second = Json::parse(text.substr(end));
  EXPECT_EQ(first["event"], "device");
  EXPECT_EQ(first["device_id"], std::string(64, '0'));
  EXPECT_EQ(first["name"], "bob");
  EXPECT_EQ(first["state"], "paired");
  EXPECT_EQ(first["via"], "192.0.2.1:7");
  EXPECT_EQ(first["last_seen"], "2001-09-09T01:46:40Z");
  EXPECT_EQ(second["via"], nullptr);
  EXPECT_EQ(second["last_seen"], nullptr);
}

TEST_F(JsonOutputTest, an_offer_lists_its_items) {
  TransferOffered offer;
  offer.items = {{.name = "a\xff", .directory = true, .bytes = 10, .files = 2}};
  offer.bytes_total = 10;
  output_.incoming(offer, "bob");
  const Json object = only_object();
  EXPECT_EQ(object["event"], "incoming");
  EXPECT_EQ(object["name"], "bob");
  EXPECT_EQ(object["bytes_total"], 10);
  EXPECT_EQ(object["items"][0]["name_hex"], "61ff");
  EXPECT_EQ(object["items"][0]["directory"], true);
  EXPECT_EQ(object["items"][0]["files"], 2);
}

TEST_F(JsonOutputTest, text_for_people_stays_off_the_results) {
  output_.note("a note");
  output_.question("a question?");
  EXPECT_EQ(results_.text(), "");
  EXPECT_EQ(messages_.text(), "a note\na question? ");
}

TEST_F(JsonOutputTest, results_that_cannot_be_written_are_noticed) {
  std::FILE* full = std::fopen("/dev/full", "w");
  ASSERT_NE(full, nullptr);
  JsonOutput output(full, messages_.stream());
  output.identity({}, "bob");
  EXPECT_FALSE(output.good());
  EXPECT_TRUE(output_.good());
  std::fclose(full);
}

Json JsonOutputTest::only_object() {
  const std::string text = results_.text();
  EXPECT_EQ(text.find('\n'), text.size() - 1) << text;
  return Json::parse(text);
}

}  // namespace
}  // namespace kith::cli
