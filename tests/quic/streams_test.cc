#include <gtest/gtest.h>

#include "tests/quic/pair.h"

namespace kith::quic::testing {
namespace {

Pair::Options windows(std::uint64_t connection, std::uint64_t stream) {
  Pair::Options options;
  options.client.connection_window = options.server.connection_window = connection;
  options.client.stream_window = options.server.stream_window = stream;
  return options;
}

TEST(Streams, bytes_written_arrive_in_order_and_end_with_fin) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  const Bytes sent = pattern(300'000);
  pair.client.endpoint.write(connection, stream, SharedBytes(sent), false);
  pair.client.endpoint.write(connection, stream, shared("the end"), true);
  EXPECT_TRUE(pair.run_until([&] { return pair.server.streams[stream].fin; }));

  Bytes expected = sent;
  const SharedBytes tail = shared("the end");
  expected.insert(expected.end(), tail.view().begin(), tail.view().end());
  EXPECT_EQ(pair.server.streams[stream].received, expected);
  const auto* opened = pair.server.last<StreamOpened>();
  ASSERT_NE(opened, nullptr);
  EXPECT_EQ(opened->stream, stream);
  EXPECT_EQ(opened->kind, StreamKind::bidirectional);
}

TEST(Streams, a_bidirectional_stream_carries_bytes_both_ways) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  pair.client.endpoint.write(connection, stream, shared("question"), true);
  ASSERT_TRUE(pair.run_until([&] { return pair.server.streams[stream].fin; }));
  pair.server.endpoint.write(pair.accepted(), stream, shared("answer"), true);
  ASSERT_TRUE(pair.run_until([&] { return pair.client.streams[stream].fin; }));
  EXPECT_EQ(as_text(pair.client.streams[stream].received), "answer");
}

TEST(Streams, a_server_opens_streams_too) {
  Pair pair;
  pair.establish();
  const StreamId stream = pair.open(pair.server, pair.accepted(), StreamKind::unidirectional);
  pair.server.endpoint.write(pair.accepted(), stream, shared("hello"), true);
  ASSERT_TRUE(pair.run_until([&] { return pair.client.streams[stream].fin; }));
  EXPECT_EQ(as_text(pair.client.streams[stream].received), "hello");
  EXPECT_EQ(pair.client.last<StreamOpened>()->kind, StreamKind::unidirectional);
}

TEST(Streams, an_empty_fin_is_news) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  pair.client.endpoint.write(connection, stream, SharedBytes(), true);
  EXPECT_TRUE(pair.run_until([&] { return pair.server.streams[stream].fin; }));
  EXPECT_TRUE(pair.server.streams[stream].received.empty());
}

TEST(Streams, no_more_than_the_stream_window_arrives_without_credit) {
  Pair pair(windows(1 << 20, 64 << 10));
  pair.server.credits = false;
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  pair.client.endpoint.write(connection, stream, SharedBytes(pattern(300'000)), true);
  pair.run_for(std::chrono::seconds(5));
  EXPECT_EQ(pair.server.streams[stream].received.size(), 64u << 10);

  pair.server.endpoint.credit(pair.accepted(), stream, 40'000);
  pair.run_for(std::chrono::seconds(5));
  EXPECT_EQ(pair.server.streams[stream].received.size(), (64u << 10) + 40'000);

  pair.server.endpoint.credit(pair.accepted(), stream, 64u << 10);
  pair.server.credits = true;
  EXPECT_TRUE(pair.run_until([&] { return pair.server.streams[stream].fin; }));
  EXPECT_EQ(pair.server.streams[stream].received, pattern(300'000));
}

TEST(Streams, no_more_than_the_connection_window_arrives_over_all_streams) {
  Pair pair(windows(100'000, 64 << 10));
  pair.server.credits = false;
  const ConnectionId connection = pair.establish();
  std::vector<StreamId> streams;
  for (int i = 0; i < 4; ++i) {
    streams.push_back(pair.open(pair.client, connection));
    pair.client.endpoint.write(connection, streams.back(), SharedBytes(pattern(60'000)), true);
  }
  const auto received = [&] {
    std::size_t sum = 0;
    for (const auto& [id, log] : pair.server.streams) sum += log.received.size();
    return sum;
  };
  pair.run_for(std::chrono::seconds(5));
  EXPECT_EQ(received(), 100'000u);

  // Credit returned for some streams lets any of them go on. The peer hears of it when it amounts
  // to half a window.
  for (const std::size_t i : {0u, 1u, 2u}) {
    pair.server.endpoint.credit(pair.accepted(), streams[i],
                                pair.server.streams[streams[i]].received.size());
  }
  pair.run_for(std::chrono::seconds(5));
  EXPECT_GT(received(), 100'000u);
}

TEST(Streams, credit_is_not_returned_by_taking) {
  Pair pair(windows(1 << 20, 10'000));
  pair.server.credits = false;
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  pair.client.endpoint.write(connection, stream, SharedBytes(pattern(20'000)), true);
  pair.run_for(std::chrono::seconds(1));
  EXPECT_EQ(pair.server.streams[stream].received.size(), 10'000u);
  EXPECT_FALSE(pair.server.streams[stream].fin);
}

TEST(Streams, streams_beyond_the_limit_are_ready_when_others_have_ended) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  constexpr std::size_t kLimit = 64;
  constexpr std::size_t kAsked = 200;
  for (std::size_t tag = 0; tag < kAsked; ++tag) {
    pair.client.endpoint.open_stream(connection, StreamKind::unidirectional, tag);
  }
  pair.run_for(std::chrono::seconds(1));
  EXPECT_EQ(pair.client.count<StreamReady>(), kLimit);

  std::size_t finished = 0;
  std::vector<std::uint64_t> tags;
  EXPECT_TRUE(pair.run_until([&] {
    for (; finished < pair.client.count<StreamReady>(); ++finished) {
      std::size_t seen = 0;
      for (const EndpointEvent& event : pair.client.events) {
        const auto* ready = std::get_if<StreamReady>(&event);
        if (ready == nullptr || seen++ != finished) continue;
        tags.push_back(ready->tag);
        pair.client.endpoint.write(connection, ready->stream, shared("x"), true);
      }
    }
    std::size_t ended = 0;
    for (const auto& [id, log] : pair.server.streams) ended += log.fin ? 1 : 0;
    return ended == kAsked;
  }));
  for (std::size_t tag = 0; tag < kAsked; ++tag) EXPECT_EQ(tags[tag], tag);
}

TEST(Streams, a_full_limit_of_one_kind_does_not_hold_up_the_other) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  for (std::uint64_t tag = 0; tag < 100; ++tag) {
    pair.client.endpoint.open_stream(connection, StreamKind::unidirectional, tag);
  }
  pair.client.endpoint.open_stream(connection, StreamKind::bidirectional, 1000);
  pair.run_for(std::chrono::seconds(1));
  EXPECT_EQ(pair.client.last<StreamReady>()->tag, 1000u);
}

TEST(Streams, a_stream_is_not_replaced_before_its_credit_is_returned) {
  Pair pair;
  pair.server.credits = false;
  const ConnectionId connection = pair.establish();
  for (std::uint64_t tag = 0; tag < 65; ++tag) {
    pair.client.endpoint.open_stream(connection, StreamKind::unidirectional, tag);
  }
  pair.run_for(std::chrono::milliseconds(100));
  ASSERT_EQ(pair.client.count<StreamReady>(), 64u);
  const StreamId stream = pair.client.last<StreamReady>()->stream;
  pair.client.endpoint.write(connection, stream, shared("data"), true);
  pair.run_for(std::chrono::seconds(1));
  EXPECT_TRUE(pair.server.streams[stream].fin);
  EXPECT_EQ(pair.client.count<StreamReady>(), 64u);

  pair.server.endpoint.credit(pair.accepted(), stream, 4);
  pair.run_for(std::chrono::seconds(1));
  EXPECT_EQ(pair.client.count<StreamReady>(), 65u);
}

TEST(Streams, a_reset_reaches_the_peer_with_its_code) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  pair.client.endpoint.write(connection, stream, shared("unfinished"), false);
  pair.run_for(std::chrono::milliseconds(50));
  pair.client.endpoint.reset_stream(connection, stream, 42);
  EXPECT_TRUE(pair.run_until([&] { return pair.server.streams[stream].reset.has_value(); }));
  EXPECT_EQ(pair.server.streams[stream].reset, 42u);
  EXPECT_FALSE(pair.server.streams[stream].fin);
}

TEST(Streams, a_stop_reaches_the_sender_and_frees_what_it_kept) {
  Pair pair(windows(1 << 20, 10'000));
  pair.server.credits = false;
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection, StreamKind::unidirectional);
  pair.client.endpoint.write(connection, stream, SharedBytes(pattern(100'000)), false);
  pair.run_for(std::chrono::seconds(1));
  pair.server.endpoint.stop_stream(pair.accepted(), stream, 7);
  EXPECT_TRUE(pair.run_until([&] { return pair.client.streams[stream].stopped.has_value(); }));
  EXPECT_EQ(pair.client.streams[stream].stopped, 7u);
  // Nothing more can be done with it, and nothing happens if it is tried.
  pair.client.endpoint.write(connection, stream, shared("late"), true);
  pair.server.endpoint.credit(pair.accepted(), stream, 10'000);
  pair.run_for(std::chrono::seconds(1));
  EXPECT_EQ(pair.client.count<Closed>(), 0u);
}

TEST(Streams, a_stop_alone_is_noticed_while_the_peer_still_writes) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  pair.client.endpoint.write(connection, stream, shared("request"), false);
  pair.run_for(std::chrono::seconds(1));
  pair.server.endpoint.stop_stream(pair.accepted(), stream, 7);
  pair.server.endpoint.write(pair.accepted(), stream, shared("enough, but listen"), false);
  pair.run_for(std::chrono::seconds(1));
  // ngtcp2 does not tell the code before the other half has ended too.
  EXPECT_EQ(pair.client.streams[stream].stopped, 0u);
  EXPECT_EQ(as_text(pair.client.streams[stream].received), "enough, but listen");
  pair.server.endpoint.write(pair.accepted(), stream, shared("."), true);
  EXPECT_TRUE(pair.run_until([&] { return pair.client.streams[stream].fin; }));
  EXPECT_EQ(pair.client.count<StreamStopped>(), 1u);
}

TEST(Streams, stop_and_reset_together_both_arrive_with_their_code) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  pair.client.endpoint.write(connection, stream, shared("request"), false);
  pair.run_for(std::chrono::seconds(1));
  pair.server.endpoint.stop_stream(pair.accepted(), stream, 9);
  pair.server.endpoint.reset_stream(pair.accepted(), stream, 9);
  pair.run_for(std::chrono::seconds(1));
  EXPECT_EQ(pair.client.streams[stream].stopped, 9u);
  EXPECT_EQ(pair.client.streams[stream].reset, 9u);
  EXPECT_EQ(pair.client.count<StreamStopped>(), 1u);
  EXPECT_EQ(pair.client.count<StreamReset>(), 1u);
}

TEST(Streams, what_a_reset_stream_held_of_the_connection_window_is_returned) {
  Pair pair(windows(50'000, 40'000));
  pair.server.takes = false;
  const ConnectionId connection = pair.establish();
  const StreamId abandoned = pair.open(pair.client, connection);
  pair.client.endpoint.write(connection, abandoned, SharedBytes(pattern(40'000)), false);
  pair.run_for(std::chrono::seconds(1));
  pair.client.endpoint.reset_stream(connection, abandoned, 1);
  pair.run_for(std::chrono::seconds(1));

  pair.server.takes = true;
  const StreamId next = pair.open(pair.client, connection);
  pair.client.endpoint.write(connection, next, SharedBytes(pattern(40'000)), true);
  EXPECT_TRUE(pair.run_until([&] { return pair.server.streams[next].fin; }));
}

TEST(Streams, a_writer_is_told_when_its_queue_is_low_and_only_then) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  pair.client.endpoint.write(connection, stream, SharedBytes(pattern(kStreamLowWater - 1)), false);
  pair.run_for(std::chrono::seconds(5));
  EXPECT_EQ(pair.client.streams[stream].writable, 0);

  pair.client.endpoint.write(connection, stream, SharedBytes(pattern(3 * kStreamLowWater)), false);
  EXPECT_EQ(pair.client.streams[stream].writable, 0);
  pair.run_for(std::chrono::seconds(5));
  EXPECT_EQ(pair.client.streams[stream].writable, 1);
}

TEST(Streams, operations_on_what_is_gone_do_nothing) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  const StreamId unknown{4000};
  const ConnectionId nobody{999};
  for (const ConnectionId id : {connection, nobody}) {
    pair.client.endpoint.write(id, unknown, shared("x"), true);
    pair.client.endpoint.credit(id, unknown, 5);
    pair.client.endpoint.reset_stream(id, unknown, 1);
    pair.client.endpoint.stop_stream(id, unknown, 1);
    EXPECT_TRUE(pair.client.endpoint.take(id, unknown).bytes.empty());
  }
  pair.client.endpoint.open_stream(nobody, StreamKind::bidirectional, 1);
  pair.client.endpoint.close(pair.now, nobody, 0, "");
  EXPECT_FALSE(pair.client.endpoint.update_keys(pair.now, nobody));
  EXPECT_FALSE(pair.client.endpoint.stats(nobody).has_value());
  pair.run_for(std::chrono::seconds(1));
  EXPECT_EQ(pair.client.count<Closed>(), 0u);
}

TEST(Streams, what_arrived_before_the_end_can_be_taken_until_the_end_is_seen) {
  Pair pair;
  const ConnectionId connection = pair.establish();
  const StreamId stream = pair.open(pair.client, connection);
  pair.client.endpoint.write(connection, stream, shared("last words"), true);
  pair.run_until([&] { return false; }, std::chrono::milliseconds(1));
  pair.client.endpoint.close(pair.now, connection, 3, "bye");
  EXPECT_TRUE(pair.run_until([&] { return pair.server.count<Closed>() == 1; }));
  EXPECT_EQ(as_text(pair.server.streams[stream].received), "last words");
  EXPECT_EQ(pair.server.endpoint.connection_count(), 0u);
}

}  // namespace
}  // namespace kith::quic::testing
