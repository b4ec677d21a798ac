// A paired peer that says what it must not say. The transfer fails with a typed error, nothing is
// published, no credit is kept, and the reason is counted.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/base/byte_writer.h"
#include "engine/transfer/limits.h"
#include "tests/transfer/loopback.h"
#include "tests/transfer/puppet.h"

namespace kith::transfer {
namespace {

constexpr std::uint64_t kMiB = 1 << 20;
constexpr StreamId kControl{0};
constexpr StreamId kData{2};
constexpr TransferId kTransfer{{std::byte{0xaa}}};

// --- a receiver and its hostile sender ----------------------------------------------------------

class HostileSender : public testing::Test {
 protected:
  void SetUp() override { begin(SetReceivePolicy::Accept::all); }

  void begin(SetReceivePolicy::Accept accept);
  static ManifestEntry file(std::string name, std::uint64_t size, std::uint32_t parent = kNoParent);
  static ManifestEntry directory(std::string name, std::uint32_t parent = kNoParent);
  void offer(const std::vector<ManifestEntry>& entries);
  void data_stream(StreamId stream);
  static Bytes chunk(std::uint32_t number, const Bytes& content);
  static Bytes header(std::uint32_t number, std::uint32_t length);
  void expect_refused(std::string_view reason, ErrorCode code = ErrorCode::corrupt);
  bool accepted() const;

  std::unique_ptr<Puppet> puppet_;
};

TEST_F(HostileSender, an_honest_one_is_served) {
  const auto content = test_content(1, kMiB + 7);
  offer({file("f", content.size())});
  ASSERT_TRUE(accepted());
  data_stream(kData);
  puppet_->receive(kData, chunk(1, {content.begin() + kMiB, content.end()}));
  puppet_->receive(kData, chunk(0, {content.begin(), content.begin() + kMiB}), true);
  EXPECT_FALSE(puppet_->disk.has("/inbox/f")) << "published before it was verified";
  puppet_->receive(kControl, FileHashes{{{0, blake3(content)}}});
  EXPECT_EQ(puppet_->disk.at("/inbox/f").content, content);
  const auto said = puppet_->messages(kControl);
  ASSERT_GE(said.size(), 3u);
  EXPECT_EQ(said[said.size() - 2], Message(ItemDone{0}));
  EXPECT_EQ(said.back(), Message(Done{}));
  EXPECT_EQ(puppet_->uncredited(), 0u);
  EXPECT_THAT(puppet_->protocol.counters(), testing::IsEmpty());
}

TEST_F(HostileSender, garbage_and_oversized_frames) {
  puppet_->receive(kControl, Bytes(100, std::byte{0}));
  expect_refused("transfer.frame_malformed");
  begin(SetReceivePolicy::Accept::all);
  puppet_->receive(kControl, Bytes(4, std::byte{0xff}));
  expect_refused("transfer.frame_malformed");
}

TEST_F(HostileSender, manifests_that_cannot_be) {
  struct Case {
    std::vector<ManifestEntry> entries;
    std::string_view reason;
  };
  const std::vector<Case> cases{
      {{directory("d"), file("a", 1, 0), file("a", 1, 0)}, "transfer.manifest_out_of_order"},
      {{file("f", 1), file("g", 1, 0)}, "transfer.manifest_bad_parent"},
      {{file("f", 1, 7)}, "transfer.manifest_bad_parent"},
      {{file("..", 1)}, "transfer.manifest_bad_name"},
      {{file("a/b", 1)}, "transfer.manifest_bad_name"},
      {{file("", 1)}, "transfer.manifest_bad_name"},
      {{file(std::string("a\0b", 3), 1)}, "transfer.manifest_bad_name"},
      {{directory(".kith-part-aa")}, "transfer.manifest_bad_name"},
  };
  for (const auto& each : cases) {
    SCOPED_TRACE(each.reason);
    begin(SetReceivePolicy::Accept::all);
    offer(each.entries);
    EXPECT_EQ(puppet_->counted(each.reason), 1u);
    expect_refused("transfer.manifest_bad");
    EXPECT_TRUE(puppet_->events.empty());
  }
}

TEST_F(HostileSender, a_manifest_above_a_limit_says_so) {
  std::vector<ManifestEntry> deep;
  for (std::uint32_t i = 0; i <= kMaxDepth; ++i) {
    deep.push_back(directory("d", i == 0 ? kNoParent : i - 1));
  }
  offer(deep);
  expect_refused("transfer.manifest_bad", ErrorCode::limit_exceeded);
}

TEST_F(HostileSender, offers_that_cannot_be) {
  puppet_->receive(kControl, Offer{kTransfer, {}, 0, 0, 0, 0});
  expect_refused("transfer.offer_impossible");
  for (const auto* component : {"..", "", "a/b", ".kith-part-1"}) {
    begin(SetReceivePolicy::Accept::all);
    puppet_->receive(kControl, Offer{kTransfer, {component}, 1, 1, 1, 0});
    expect_refused("transfer.offer_impossible");
  }
  begin(SetReceivePolicy::Accept::all);
  puppet_->receive(kControl, Offer{kTransfer, {}, kMaxEntries + 1, 1, 1, 0});
  expect_refused("transfer.offer_too_large", ErrorCode::limit_exceeded);
  begin(SetReceivePolicy::Accept::all);
  puppet_->receive(kControl, Offer{kTransfer, {}, 1, 1, kMaxTransferBytes + 1, 0});
  expect_refused("transfer.offer_too_large", ErrorCode::limit_exceeded);
}

TEST_F(HostileSender, totals_that_are_not_the_manifest_s) {
  for (const Offer& lie : {Offer{kTransfer, {}, 1, 1, 11, 0}, Offer{kTransfer, {}, 1, 2, 10, 0}}) {
    begin(SetReceivePolicy::Accept::all);
    puppet_->receive(kControl, lie);
    puppet_->receive(kControl, ManifestPart{{file("f", 10)}});
    expect_refused("transfer.totals_wrong");
  }
  begin(SetReceivePolicy::Accept::all);
  puppet_->receive(kControl, Offer{kTransfer, {}, 1, 1, 10, 0});
  puppet_->receive(kControl, ManifestPart{{file("f", 10), file("g", 10)}});
  expect_refused("transfer.manifest_too_long");
}

TEST_F(HostileSender, messages_out_of_turn) {
  const std::vector<std::pair<Message, std::string_view>> early{
      {ManifestPart{{file("f", 1)}}, "transfer.manifest_unexpected"},
      {FileHashes{{{0, {}}}}, "transfer.digest_unexpected"},
      {FileFailed{0, ErrorCode::io_error}, "transfer.file_failed_unexpected"},
      {Accept{}, "transfer.message_of_a_receiver"},
      {Done{}, "transfer.message_of_a_receiver"},
      {Written{1}, "transfer.message_of_a_receiver"},
  };
  for (const auto& [message, reason] : early) {
    SCOPED_TRACE(reason);
    begin(SetReceivePolicy::Accept::all);
    puppet_->receive(kControl, message);
    expect_refused(reason);
  }
  begin(SetReceivePolicy::Accept::all);
  offer({file("f", 10)});
  puppet_->receive(kControl, Offer{kTransfer, {}, 1, 1, 10, 0});
  expect_refused("transfer.offer_unexpected");
  begin(SetReceivePolicy::Accept::all);
  offer({file("f", 10)});
  puppet_->receive(kControl, ManifestPart{{file("g", 1)}});
  expect_refused("transfer.manifest_unexpected");
}

TEST_F(HostileSender, chunks_that_cannot_be) {
  const std::vector<Bytes> wrong{
      header(2, 5),                         // no such chunk
      header(0xffffffff, 5), header(1, 6),  // not its length
      header(1, 0),          header(0, 0xffffffff),
  };
  for (const auto& bytes : wrong) {
    begin(SetReceivePolicy::Accept::all);
    offer({file("f", kMiB + 5)});
    data_stream(kData);
    puppet_->receive(kData, bytes);
    expect_refused("transfer.chunk_impossible");
    EXPECT_EQ(puppet_->stops.count(kData), 1u);
  }
}

TEST_F(HostileSender, one_chunk_twice) {
  offer({file("f", kMiB + 5)});
  data_stream(kData);
  data_stream({6});
  puppet_->receive(kData, chunk(1, test_content(1, 5)));
  puppet_->receive({6}, header(1, 5));
  expect_refused("transfer.chunk_impossible");
}

TEST_F(HostileSender, one_chunk_on_two_streams_at_once) {
  offer({file("f", kMiB + 5)});
  data_stream(kData);
  data_stream({6});
  puppet_->receive(kData, header(0, kMiB));
  puppet_->receive({6}, header(0, kMiB));
  expect_refused("transfer.chunk_impossible");
}

TEST_F(HostileSender, a_chunk_that_is_cut_short) {
  offer({file("f", 5)});
  data_stream(kData);
  auto bytes = chunk(0, test_content(1, 5));
  bytes.pop_back();
  puppet_->receive(kData, bytes, true);
  expect_refused("transfer.chunk_cut_short");
}

TEST_F(HostileSender, more_bytes_than_announced) {
  offer({file("f", 5)});
  data_stream(kData);
  auto bytes = chunk(0, test_content(1, 5));
  bytes.resize(bytes.size() + 100);
  puppet_->receive(kData, bytes);
  expect_refused("transfer.chunk_impossible");
}

TEST_F(HostileSender, content_that_is_not_what_its_digest_says) {
  offer({file("f", 5)});
  data_stream(kData);
  puppet_->receive(kData, chunk(0, test_content(1, 5)), true);
  puppet_->receive(kControl, FileHashes{{{0, blake3(test_content(2, 5))}}});
  expect_refused("transfer.digest_mismatch");
}

TEST_F(HostileSender, a_digest_that_comes_first_is_compared_all_the_same) {
  offer({file("f", 5)});
  puppet_->receive(kControl, FileHashes{{{0, blake3(test_content(2, 5))}}});
  data_stream(kData);
  puppet_->receive(kData, chunk(0, test_content(1, 5)), true);
  expect_refused("transfer.digest_mismatch");
}

TEST_F(HostileSender, digests_that_cannot_be) {
  const std::vector<FileHashes> wrong{
      {{{0, {}}}},           // a directory
      {{{9, {}}}},           // no entry
      {{{1, {}}, {1, {}}}},  // twice
      {{{0xffffffff, Digest()}}},
  };
  for (const auto& hashes : wrong) {
    begin(SetReceivePolicy::Accept::all);
    offer({directory("d"), file("f", 5, 0)});
    puppet_->receive(kControl, hashes);
    expect_refused("transfer.digest_impossible");
  }
}

TEST_F(HostileSender, files_that_fail_in_ways_they_cannot) {
  for (const std::uint32_t entry : {0u, 7u}) {
    begin(SetReceivePolicy::Accept::all);
    offer({directory("d"), file("f", 5, 0)});
    puppet_->receive(kControl, FileFailed{entry, ErrorCode::source_changed});
    expect_refused("transfer.file_failed_impossible");
  }
  begin(SetReceivePolicy::Accept::all);
  offer({directory("d"), file("f", 5, 0)});
  puppet_->receive(kControl, FileHashes{{{1, {}}}});
  puppet_->receive(kControl, FileFailed{1, ErrorCode::source_changed});
  expect_refused("transfer.file_failed_impossible");
}

TEST_F(HostileSender, a_file_that_failed_ends_its_item_and_what_follows_of_it_is_dropped) {
  offer({directory("d"), file("f", 5, 0), file("g", 2 * kMiB, 0), file("h", 3)});
  data_stream(kData);
  puppet_->receive(kData, chunk(1, test_content(1, kMiB)));
  puppet_->receive(kControl, FileFailed{1, ErrorCode::source_changed});
  puppet_->receive(kControl, FileFailed{2, ErrorCode::io_error});
  puppet_->receive(kData, chunk(0, Bytes(5)));
  puppet_->receive(kData, chunk(2, test_content(1, kMiB)));
  puppet_->receive(kData, chunk(3, test_content(2, 3)), true);
  puppet_->receive(kControl, FileHashes{{{3, blake3(test_content(2, 3))}}});
  EXPECT_EQ(puppet_->messages(kControl).back(), Message(Done{}));
  EXPECT_THAT(puppet_->disk.paths_below("/inbox"), testing::ElementsAre("/inbox/h"));
  ASSERT_EQ(puppet_->all<TransferFailed>().size(), 1u);
  EXPECT_EQ(puppet_->all<TransferFailed>()[0].error.code, ErrorCode::source_changed);
  EXPECT_EQ(puppet_->uncredited(), 0u);
  EXPECT_EQ(puppet_->disk.open_handles(), 0u);
}

TEST_F(HostileSender, data_before_it_was_accepted) {
  begin(SetReceivePolicy::Accept::ask);
  offer({file("f", 5)});
  EXPECT_FALSE(accepted());
  data_stream(kData);
  expect_refused("transfer.data_stream_unexpected");
  EXPECT_TRUE(puppet_->disk.paths_below("/inbox").empty());
}

TEST_F(HostileSender, more_data_streams_than_agreed) {
  offer({file("f", 5)});
  for (std::int64_t i = 0; i <= static_cast<std::int64_t>(kDataStreams); ++i) {
    data_stream({2 + 4 * i});
  }
  expect_refused("transfer.data_stream_unexpected");
}

TEST_F(HostileSender, a_data_stream_of_no_transfer) {
  puppet_->open(kData);
  puppet_->receive(kData, Bytes(500), true);
  EXPECT_EQ(puppet_->counted("transfer.stream_of_no_transfer"), 1u);
  EXPECT_EQ(puppet_->stops.count(kData), 1u);
  EXPECT_EQ(puppet_->uncredited(), 0u);
}

TEST_F(HostileSender, a_data_stream_that_never_says_whose_it_is) {
  puppet_->open(kData);
  puppet_->receive(kData, Bytes(15), true);
  puppet_->receive(kData, Bytes(), true);
  for (std::int64_t i = 1; i <= 65; ++i) puppet_->open({2 + 4 * i});
  EXPECT_EQ(puppet_->counted("transfer.too_many_streams"), 1u);
  EXPECT_EQ(puppet_->uncredited(), 0u);
}

TEST_F(HostileSender, a_data_stream_cut_into_single_bytes) {
  offer({file("f", 5)});
  puppet_->open(kData);
  auto bytes = to_bytes(kTransfer.bytes);
  const auto rest = chunk(0, test_content(1, 5));
  bytes.insert(bytes.end(), rest.begin(), rest.end());
  for (const auto byte : bytes) puppet_->receive(kData, Bytes{byte});
  puppet_->receive(kData, Bytes{}, true);
  puppet_->receive(kControl, FileHashes{{{0, blake3(test_content(1, 5))}}});
  EXPECT_TRUE(puppet_->disk.has("/inbox/f"));
  EXPECT_EQ(puppet_->uncredited(), 0u);
}

TEST_F(HostileSender, more_large_files_open_than_are_served) {
  std::vector<ManifestEntry> entries{directory("d")};
  for (int i = 0; i < 80; ++i) {
    entries.push_back(file(std::to_string(100 + i), kMiB + kMiB / 2 + 1, 0));
  }
  offer(entries);
  data_stream(kData);
  // Only tails: none of the files can be completed.
  for (std::uint32_t i = 0; i < 80; ++i) {
    puppet_->receive(kData, chunk(2 * i + 1, Bytes(kMiB / 2 + 1)));
  }
  expect_refused("transfer.too_many_open_files", ErrorCode::limit_exceeded);
  EXPECT_EQ(puppet_->disk.open_handles(), 0u);
}

TEST_F(HostileSender, an_end_in_the_middle) {
  puppet_->receive(kControl, Bytes{}, true);
  expect_refused("transfer.control_ended_early");
  begin(SetReceivePolicy::Accept::all);
  offer({file("f", 5)});
  puppet_->receive(kControl, Bytes{}, true);
  expect_refused("transfer.control_ended_early");
}

TEST_F(HostileSender, resets_give_their_reason) {
  for (const auto stream : {kControl, kData}) {
    begin(SetReceivePolicy::Accept::all);
    offer({file("f", 5)});
    data_stream(kData);
    puppet_->give(StreamReset{Puppet::kConnection, stream, wire_code(ErrorCode::io_error)});
    ASSERT_EQ(puppet_->all<TransferFailed>().size(), 1u);
    EXPECT_EQ(puppet_->all<TransferFailed>()[0].error.code, ErrorCode::io_error);
    EXPECT_TRUE(puppet_->disk.paths_below("/inbox").empty());
    EXPECT_EQ(puppet_->protocol.transfers_in_progress(), 0u);
  }
}

TEST_F(HostileSender, an_id_that_is_taken) {
  offer({file("f", 5)});
  puppet_->open({4});
  puppet_->receive({4}, Offer{kTransfer, {}, 1, 1, 5, 0});
  EXPECT_EQ(puppet_->refusal({4}), ErrorCode::already_exists);
  EXPECT_EQ(puppet_->counted("transfer.id_taken"), 1u);
  EXPECT_EQ(puppet_->protocol.transfers_in_progress(), 1u);
}

TEST_F(HostileSender, the_hidden_directory_of_another_transfer) {
  begin(SetReceivePolicy::Accept::all);
  const auto hidden = "/inbox/.kith-part-" + kTransfer.to_hex();
  puppet_->disk.add_directory(hidden);
  puppet_->disk.add_file(hidden + "/0", test_content(1, 9));
  offer({file("f", 5)});
  EXPECT_EQ(puppet_->refusal(kControl), ErrorCode::already_exists);
  EXPECT_TRUE(puppet_->disk.has(hidden + "/0")) << "what was not made here was removed";
}

TEST_F(HostileSender, more_transfers_than_are_served_at_once) {
  for (std::int64_t i = 1; i <= static_cast<std::int64_t>(kMaxIncomingPerConnection); ++i) {
    puppet_->open({4 * i});
  }
  EXPECT_EQ(puppet_->counted("transfer.too_many_incoming"), 1u);
  EXPECT_EQ(puppet_->resets.size(), 1u);
  EXPECT_EQ(puppet_->protocol.transfers_in_progress(), kMaxIncomingPerConnection);
}

TEST_F(HostileSender, a_connection_that_is_not_paired) {
  Puppet puppet;
  puppet.connect(false);
  EXPECT_EQ(puppet.closed.size(), 1u);
  puppet.open(kControl);
  puppet.receive(kControl, Offer{kTransfer, {}, 1, 1, 5, 0});
  EXPECT_EQ(puppet.protocol.transfers_in_progress(), 0u);
  EXPECT_TRUE(puppet.events.empty());
}

TEST_F(HostileSender, a_sender_that_goes_silent_is_cleaned_up_with_its_connection) {
  offer({file("f", 3 * kMiB)});
  data_stream(kData);
  puppet_->receive(kData, header(1, kMiB));
  puppet_->receive(kData, Bytes(1000));
  puppet_->give(ConnectionClosed{Puppet::kConnection, {}, 0, true});
  ASSERT_EQ(puppet_->all<TransferFailed>().size(), 1u);
  EXPECT_EQ(puppet_->all<TransferFailed>()[0].error.code, ErrorCode::connection_lost);
  EXPECT_TRUE(puppet_->disk.paths_below("/inbox").empty());
  EXPECT_EQ(puppet_->protocol.transfers_in_progress(), 0u);
}

void HostileSender::begin(SetReceivePolicy::Accept accept) {
  puppet_ = std::make_unique<Puppet>();
  puppet_->give(Command(SetReceivePolicy{accept, "/inbox"}));
  puppet_->connect();
  puppet_->open(kControl);
}

ManifestEntry HostileSender::file(std::string name, std::uint64_t size, std::uint32_t parent) {
  return {.parent = parent,
          .directory = false,
          .mode = 0644,
          .name = std::move(name),
          .size_bytes = size,
          .modified_ns = 1};
}

ManifestEntry HostileSender::directory(std::string name, std::uint32_t parent) {
  return {.parent = parent,
          .directory = true,
          .mode = 0755,
          .name = std::move(name),
          .size_bytes = 0,
          .modified_ns = 1};
}

void HostileSender::offer(const std::vector<ManifestEntry>& entries) {
  Offer offer{kTransfer, {}, static_cast<std::uint32_t>(entries.size()), 0, 0, 0};
  for (const auto& entry : entries) {
    offer.files += entry.directory ? 0 : 1;
    offer.bytes += entry.size_bytes;
  }
  puppet_->receive(kControl, offer);
  puppet_->receive(kControl, ManifestPart{entries});
}

void HostileSender::data_stream(StreamId stream) {
  puppet_->open(stream);
  puppet_->receive(stream, to_bytes(kTransfer.bytes));
}

Bytes HostileSender::header(std::uint32_t number, std::uint32_t length) {
  ByteWriter header;
  header.u32(number).u32(length);
  return std::move(header).take();
}

Bytes HostileSender::chunk(std::uint32_t number, const Bytes& content) {
  auto bytes = header(number, static_cast<std::uint32_t>(content.size()));
  bytes.insert(bytes.end(), content.begin(), content.end());
  return bytes;
}

void HostileSender::expect_refused(std::string_view reason, ErrorCode code) {
  EXPECT_EQ(puppet_->counted(reason), 1u) << reason;
  ASSERT_TRUE(puppet_->refusal(kControl).has_value());
  EXPECT_EQ(to_string(*puppet_->refusal(kControl)), to_string(code));
  EXPECT_TRUE(puppet_->ended(kControl));
  for (const auto& failed : puppet_->all<TransferFailed>()) EXPECT_EQ(failed.error.code, code);
  EXPECT_EQ(puppet_->all<TransferFailed>().size(), puppet_->all<TransferOffered>().size());
  EXPECT_TRUE(puppet_->all<TransferCompleted>().empty());
  EXPECT_THAT(puppet_->disk.paths_below("/inbox"), testing::IsEmpty());
  EXPECT_EQ(puppet_->protocol.transfers_in_progress(), 0u);
  EXPECT_EQ(puppet_->uncredited(), 0u);
  EXPECT_EQ(puppet_->disk.open_handles(), 0u);
}

bool HostileSender::accepted() const {
  for (const auto& message : puppet_->messages(kControl)) {
    if (std::holds_alternative<Accept>(message)) return true;
  }
  return false;
}

// --- a sender and its hostile receiver ----------------------------------------------------------

class HostileReceiver : public testing::Test {
 protected:
  void SetUp() override { begin(); }

  void begin();
  void expect_refused(std::string_view reason);
  // The chunk numbers that went out, on all data streams.
  std::vector<std::uint32_t> chunks_sent();

  std::unique_ptr<Puppet> puppet_;
};

TEST_F(HostileReceiver, an_honest_one_is_served) {
  puppet_->receive(kControl, Accept{});
  EXPECT_THAT(chunks_sent(), testing::UnorderedElementsAre(0, 1));
  const auto said = puppet_->messages(kControl);
  EXPECT_TRUE(std::holds_alternative<FileHashes>(said.back()));
  puppet_->receive(kControl, Written{100});
  puppet_->receive(kControl, ItemDone{1});
  puppet_->receive(kControl, ItemDone{0});
  puppet_->receive(kControl, Done{});
  EXPECT_EQ(puppet_->all<ItemCompleted>().size(), 2u);
  EXPECT_EQ(puppet_->all<TransferCompleted>().size(), 1u);
  EXPECT_EQ(puppet_->all<TransferProgress>().back().bytes_done, kMiB + 15);
  EXPECT_EQ(puppet_->protocol.transfers_in_progress(), 0u);
  EXPECT_EQ(puppet_->uncredited(), 0u);
}

TEST_F(HostileReceiver, items_it_refused_are_not_sent) {
  puppet_->receive(kControl, Accept{{true, false}});
  // The last chunk holds five bytes of the refused item, as zeros, and then all of the other.
  EXPECT_THAT(chunks_sent(), testing::ElementsAre(1));
  auto expected = Bytes(5);
  const auto content = test_content(2, 10);
  expected.insert(expected.end(), content.begin(), content.end());
  EXPECT_EQ(Bytes(puppet_->written(kData).end() - 15, puppet_->written(kData).end()), expected);
  puppet_->receive(kControl, Written{10});
  puppet_->receive(kControl, ItemDone{1});
  puppet_->receive(kControl, Done{});
  EXPECT_EQ(puppet_->all<ItemCompleted>().size(), 1u);
  EXPECT_EQ(puppet_->all<TransferCompleted>()[0].bytes, 10u);
}

TEST_F(HostileReceiver, a_refused_item_is_not_done) {
  puppet_->receive(kControl, Accept{{true, false}});
  puppet_->receive(kControl, ItemDone{0});
  expect_refused("transfer.item_impossible");
}

TEST_F(HostileReceiver, messages_out_of_turn) {
  const std::vector<std::pair<std::vector<Message>, std::string_view>> cases{
      {{Accept{}, Accept{}}, "transfer.accept_unexpected"},
      {{Accept{}, Decline{ErrorCode::refused}}, "transfer.decline_unexpected"},
      {{Written{1}}, "transfer.progress_unexpected"},
      {{ItemDone{0}}, "transfer.item_unexpected"},
      {{Done{}}, "transfer.done_unexpected"},
      {{Accept{}, Done{}}, "transfer.done_unexpected"},
      {{Accept{}, Written{kMiB + 16}}, "transfer.progress_impossible"},
      {{Accept{}, Written{5}, Written{4}}, "transfer.progress_impossible"},
      {{Accept{}, ItemDone{2}}, "transfer.item_unknown"},
      {{Accept{}, ItemDone{0}, ItemDone{0}}, "transfer.item_impossible"},
      {{Offer{}}, "transfer.message_of_a_sender"},
      {{FileFailed{}}, "transfer.message_of_a_sender"},
  };
  for (const auto& [messages, reason] : cases) {
    SCOPED_TRACE(reason);
    begin();
    for (const auto& message : messages) puppet_->receive(kControl, message);
    expect_refused(reason);
  }
}

TEST_F(HostileReceiver, an_item_is_not_done_before_its_digests_were_sent) {
  puppet_->hold_effects = true;
  puppet_->receive(kControl, Accept{});
  puppet_->receive(kControl, ItemDone{0});
  EXPECT_EQ(puppet_->counted("transfer.item_impossible"), 1u);
  EXPECT_EQ(puppet_->all<TransferFailed>().size(), 1u);
}

TEST_F(HostileReceiver, nothing_is_accepted_before_the_manifest_was_sent) {
  puppet_ = std::make_unique<Puppet>();
  puppet_->disk.add_directory("/home/many");
  for (int i = 0; i < 40'000; ++i) puppet_->disk.add_file("/home/many/" + std::to_string(i), {});
  puppet_->give(Command(ShareWithDevice{{1}, {}, {"/home/many"}, ""}));
  const auto first = puppet_->written(kControl).size();
  EXPECT_GT(first, kMiB);
  EXPECT_LT(first, 2 * kMiB);
  puppet_->receive(kControl, Accept{});
  expect_refused("transfer.accept_unexpected");
}

TEST_F(HostileReceiver, garbage_and_an_early_end) {
  puppet_->receive(kControl, Bytes(64, std::byte{1}));
  expect_refused("transfer.frame_malformed");
  begin();
  puppet_->receive(kControl, Bytes{}, true);
  expect_refused("transfer.control_ended_early");
}

TEST_F(HostileReceiver, a_stopped_control_stream_gives_its_reason) {
  puppet_->receive(kControl, Accept{});
  puppet_->give(StreamStopped{Puppet::kConnection, kControl, wire_code(ErrorCode::no_space)});
  ASSERT_EQ(puppet_->all<TransferFailed>().size(), 1u);
  EXPECT_EQ(puppet_->all<TransferFailed>()[0].error.code, ErrorCode::no_space);
}

TEST_F(HostileReceiver, a_stopped_data_stream_says_nothing) {
  puppet_->receive(kControl, Accept{});
  puppet_->give(StreamStopped{Puppet::kConnection, kData, wire_code(ErrorCode::no_space)});
  EXPECT_TRUE(puppet_->all<TransferFailed>().empty());
  puppet_->receive(kControl, Abort{ErrorCode::io_error});
  EXPECT_EQ(puppet_->all<TransferFailed>()[0].error.code, ErrorCode::io_error);
}

TEST_F(HostileReceiver, what_comes_after_the_end_is_dropped_and_credited) {
  puppet_->receive(kControl, Decline{ErrorCode::refused});
  EXPECT_EQ(puppet_->protocol.transfers_in_progress(), 0u);
  puppet_->receive(kControl, Bytes(5000));
  puppet_->receive(kControl, Done{});
  EXPECT_EQ(puppet_->uncredited(), 0u);
  EXPECT_EQ(puppet_->all<TransferFailed>().size(), 1u);
}

TEST_F(HostileReceiver, streams_that_open_after_the_end_are_reset) {
  puppet_ = std::make_unique<Puppet>();
  puppet_->disk.add_file("/home/f", test_content(1, 10));
  puppet_->hold_streams = true;
  puppet_->give(Command(ShareWithDevice{{1}, {}, {"/home/f"}, ""}));
  puppet_->give(Command(Cancel{{1}}));
  EXPECT_EQ(puppet_->protocol.transfers_in_progress(), 0u);
  puppet_->give(StreamReady{Puppet::kConnection, 1, kControl});
  EXPECT_EQ(puppet_->resets.count(kControl), 1u);
  EXPECT_EQ(puppet_->stops.count(kControl), 1u);
}

TEST_F(HostileReceiver, more_transfers_than_are_sent_at_once) {
  puppet_ = std::make_unique<Puppet>();
  puppet_->disk.add_file("/home/f", test_content(1, 10));
  puppet_->hold_streams = true;
  for (std::uint64_t i = 1; i <= kMaxOutgoing + 1; ++i) {
    puppet_->give(Command(ShareWithDevice{{i}, {}, {"/home/f"}, ""}));
  }
  const auto failed = puppet_->all<TransferFailed>();
  ASSERT_EQ(failed.size(), 1u);
  EXPECT_EQ(failed[0].request.value, kMaxOutgoing + 1);
  EXPECT_EQ(failed[0].error.code, ErrorCode::limit_exceeded);
}

void HostileReceiver::begin() {
  puppet_ = std::make_unique<Puppet>();
  puppet_->disk.add_directory("/home/d");
  puppet_->disk.add_file("/home/d/f", test_content(1, kMiB + 5));
  puppet_->disk.add_file("/home/g", test_content(2, 10));
  puppet_->give(Command(ShareWithDevice{{1}, {}, {"/home/d", "/home/g"}, ""}));
}

void HostileReceiver::expect_refused(std::string_view reason) {
  EXPECT_EQ(puppet_->counted(reason), 1u);
  EXPECT_EQ(puppet_->refusal(kControl), ErrorCode::corrupt);
  EXPECT_TRUE(puppet_->ended(kControl));
  ASSERT_EQ(puppet_->all<TransferFailed>().size(), 1u);
  EXPECT_EQ(puppet_->all<TransferFailed>()[0].error.code, ErrorCode::corrupt);
  EXPECT_EQ(puppet_->protocol.transfers_in_progress(), 0u);
  EXPECT_EQ(puppet_->disk.open_handles(), 0u);
  EXPECT_EQ(puppet_->uncredited(), 0u);
}

std::vector<std::uint32_t> HostileReceiver::chunks_sent() {
  std::vector<std::uint32_t> numbers;
  for (std::int64_t id = 2; id < 2 + 4 * static_cast<std::int64_t>(kDataStreams); id += 4) {
    ByteView bytes = puppet_->written({id});
    if (bytes.empty()) continue;
    bytes = bytes.subspan(sizeof(TransferId));
    while (bytes.size() >= kChunkHeaderBytes) {
      const auto word = [&](std::size_t at) {
        return std::to_integer<std::uint32_t>(bytes[at]) << 24 |
               std::to_integer<std::uint32_t>(bytes[at + 1]) << 16 |
               std::to_integer<std::uint32_t>(bytes[at + 2]) << 8 |
               std::to_integer<std::uint32_t>(bytes[at + 3]);
      };
      numbers.push_back(word(0));
      bytes = bytes.subspan(kChunkHeaderBytes + word(4));
    }
  }
  return numbers;
}

}  // namespace
}  // namespace kith::transfer
