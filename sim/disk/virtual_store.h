#pragma once

// A durable store in memory. Commits complete in the order they were issued, each as a whole; what
// completed survives everything. After a crash, commits under way survive up to a point drawn among
// them. It does not own: delays (device.h).

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "engine/base/random.h"
#include "kith/store.h"
#include "kith/time.h"

namespace kith::sim {

struct StoreSpec {
  std::uint64_t capacity_bytes = 1ull << 30;  // of keys and values together
  Duration latency_least = std::chrono::microseconds(500);
  Duration latency_most = std::chrono::milliseconds(4);
};

class VirtualStore {
 public:
  explicit VirtualStore(const StoreSpec& spec = {}) : spec_(spec) {}

  const StoreSpec& spec() const { return spec_; }

  void begin(Instant now, StoreCommit commit);
  std::size_t underway() const { return underway_.size(); }

  // The oldest commit under way takes effect; there is one.
  StoreCompleted finish();

  // The nth commit begun from now on, 1 for the next, fails with `code` and changes nothing, if it
  // begins before `until`; or each does that begins before then.
  void fail_commit(std::uint64_t nth, ErrorCode code, Instant until = Instant::never());
  void fail_until(Instant until, ErrorCode code);
  // It completes as if it were durable and changes nothing: what a checker of durability must see.
  void forget_commit(std::uint64_t nth);
  std::uint64_t commits_begun() const { return begun_; }

  // The machine or the process dies.
  void crash(RandomSource& random);
  // The same, with so many of the oldest commits under way surviving.
  void crash(std::size_t survivors);

  const RestoredState& content() const { return content_; }

 private:
  struct Fault {
    ErrorCode code = ErrorCode::io_error;
    Instant until;
  };
  struct Underway {
    StoreCommit commit;
    std::optional<ErrorCode> fault;
    bool forgotten = false;
  };

  void set(const std::string& key, std::optional<Bytes> value);

  StoreSpec spec_;
  RestoredState content_;
  std::uint64_t size_bytes_ = 0;
  std::deque<Underway> underway_;
  std::uint64_t begun_ = 0;
  std::map<std::uint64_t, Fault> faults_;  // by the number of the commit that will fail
  Fault lasting_fault_;                    // of all commits
  std::set<std::uint64_t> lies_;           // numbers of commits that will be forgotten
};

}  // namespace kith::sim
