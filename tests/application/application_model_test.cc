// Whatever comes in whatever order: every Connect is answered once, and a connection is spoken of
// only between its beginning and its end.

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <map>
#include <set>

#include "engine/application/application.h"

namespace kith::application {
namespace {

constexpr std::uint64_t kIds = 6;  // few, so that they meet

class Model {
 public:
  void step(int action, std::uint64_t value);
  void finish();

 private:
  void give(const ProtocolInput& input);
  void connect();
  void open(bool dialled, std::uint64_t value);
  void fail(std::uint64_t value);
  void close(ConnectionId connection);
  void command_about(ConnectionId connection);
  void answered(RequestId request) { RC_ASSERT(++answers_[request] == 1); }

  ApplicationMachine machine_{"example/1", EffectIds(1)};
  std::map<RequestId, int> answers_;  // of every Connect
  std::set<DialId> dials_;            // under way outside
  std::set<ConnectionId> outside_;    // connections that exist
  std::set<ConnectionId> told_;       // connections the application knows
  std::uint64_t last_request_ = 0;
  std::uint64_t last_connection_ = 0;
};

RC_GTEST_PROP(ApplicationModel, every_connect_is_answered_once_and_no_connection_is_a_ghost,
              (const std::vector<std::pair<std::uint8_t, std::uint8_t>>& steps)) {
  Model model;
  for (const auto& [action, value] : steps) model.step(action % 8, value);
  model.finish();
}

// --- helpers ------------------------------------------------------------------------------------

void Model::step(int action, std::uint64_t value) {
  const ConnectionId some{last_connection_ < kIds ? value % kIds : last_connection_ - value % kIds};
  switch (action) {
    case 0:
    case 1:
      return connect();
    case 2:
      return open(false, value);
    case 3:
      return open(true, value);
    case 4:
      return fail(value);
    case 5:
      return close(some);
    case 6:
      return give(Command(Cancel{RequestId{last_request_ - value % (last_request_ + 1)}}));
    default:
      command_about(some);
      return give(StreamOpened{some, StreamId{0}, StreamKind::bidirectional});
  }
}

// What is under way outside ends; then nothing may be left unanswered.
void Model::finish() {
  while (!dials_.empty()) fail(0);
  while (!outside_.empty()) close(*outside_.begin());
  RC_ASSERT(told_.empty());
  RC_ASSERT(answers_.size() == last_request_);
}

void Model::give(const ProtocolInput& input) {
  machine_.handle(Instant{1}, input);
  machine_.check_invariants();
  while (const auto output = machine_.poll_output()) {
    if (const auto* dial = std::get_if<DialPeer>(&*output)) {
      dials_.insert(dial->dial);
    } else if (const auto* close_it = std::get_if<CloseConnection>(&*output)) {
      RC_ASSERT(outside_.contains(close_it->connection));
    } else if (const auto* write = std::get_if<StreamWrite>(&*output)) {
      RC_ASSERT(told_.contains(write->connection));
    } else {
      const auto& event = std::get<Event>(*output);
      if (const auto* connected = std::get_if<PeerConnected>(&event)) {
        RC_ASSERT(told_.insert(connected->connection).second);
        if (connected->request != RequestId{}) answered(connected->request);
      } else if (const auto* failed = std::get_if<ConnectFailed>(&event)) {
        answered(failed->request);
      } else if (const auto* closed = std::get_if<ConnectionClosed>(&event)) {
        RC_ASSERT(told_.erase(closed->connection) == 1u);
      } else {
        RC_ASSERT(told_.contains(std::get<StreamOpened>(event).connection));
      }
    }
  }
}

void Model::connect() { give(Command(Connect{RequestId{++last_request_}, "example/1", {}, {}})); }

void Model::open(bool dialled, std::uint64_t value) {
  ConnectionOpened opened;
  if (dialled) {
    if (dials_.empty()) return;
    const auto dial = std::next(dials_.begin(), static_cast<std::ptrdiff_t>(value % dials_.size()));
    opened.dial = *dial;
    dials_.erase(dial);
  }
  opened.connection = ConnectionId{++last_connection_};
  outside_.insert(opened.connection);
  give(opened);
}

void Model::fail(std::uint64_t value) {
  if (dials_.empty()) return;
  const auto dial = std::next(dials_.begin(), static_cast<std::ptrdiff_t>(value % dials_.size()));
  const DialId failed = *dial;
  dials_.erase(dial);
  give(DialFailed{failed, {ErrorCode::unreachable, "", ""}});
}

void Model::close(ConnectionId connection) {
  if (outside_.erase(connection) > 0) give(ConnectionClosed{connection, {}, 0, false});
}

void Model::command_about(ConnectionId connection) {
  give(Command(StreamWrite{connection, StreamId{0}, SharedBytes(Bytes(1)), false}));
}

}  // namespace
}  // namespace kith::application
