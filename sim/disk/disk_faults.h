#pragma once

// When a disk fails what is asked of it: by the number of an operation, or for a while. What a
// failure does to data is virtual_disk.h's to say.

#include <cstdint>
#include <optional>
#include <vector>

#include "kith/result.h"
#include "kith/time.h"
#include "sim/disk/file_request.h"

namespace kith::sim {

// Which operations a fault is about.
enum class DiskOperation : std::uint8_t {
  any,
  read,   // FileRead
  write,  // FileWrite
  sync,   // FileSync and DirectorySync
  rename,
};

bool is_about(DiskOperation operation, const FileRequest& request);

class DiskFaults {
 public:
  // The nth such operation from now on fails, 1 for the next, if it begins before `until`; or each
  // that does.
  void fail_nth(DiskOperation operation, std::uint64_t nth, ErrorCode code,
                Instant until = Instant::never());
  void fail_until(DiskOperation operation, Instant until, ErrorCode code);

  // Operations that begin before `until` take `factor` times as long.
  void slow_until(Instant until, std::uint32_t factor);
  // Until then no file grows.
  void full_until(Instant until) { full_until_ = until; }

  // To be asked once for each operation as it begins: how it fails, if it does.
  std::optional<ErrorCode> on_begin(const FileRequest& request, Instant now);
  bool full(Instant now) const { return now < full_until_; }
  std::uint32_t slowness(Instant now) const { return now < slow_until_ ? slow_factor_ : 1; }

 private:
  struct Planned {
    DiskOperation operation = DiskOperation::any;
    ErrorCode code = ErrorCode::io_error;
    std::uint64_t left = 0;  // operations until it strikes; 0: every one
    Instant until = Instant::never();
  };

  std::vector<Planned> planned_;
  Instant full_until_;
  Instant slow_until_;
  std::uint32_t slow_factor_ = 1;
};

}  // namespace kith::sim
