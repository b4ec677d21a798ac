#include "sim/disk/disk_faults.h"

#include "engine/base/check.h"

namespace kith::sim {

bool is_about(DiskOperation operation, const FileRequest& request) {
  switch (operation) {
    case DiskOperation::any:
      return true;
    case DiskOperation::read:
      return std::holds_alternative<FileRead>(request);
    case DiskOperation::write:
      return std::holds_alternative<FileWrite>(request);
    case DiskOperation::sync:
      return std::holds_alternative<FileSync>(request) ||
             std::holds_alternative<DirectorySync>(request);
    case DiskOperation::rename:
      return std::holds_alternative<FileRename>(request);
  }
  return false;
}

void DiskFaults::fail_nth(DiskOperation operation, std::uint64_t nth, ErrorCode code,
                          Instant until) {
  KITH_CHECK(nth > 0);
  planned_.push_back({operation, code, nth, until});
}

void DiskFaults::fail_until(DiskOperation operation, Instant until, ErrorCode code) {
  planned_.push_back({operation, code, 0, until});
}

void DiskFaults::slow_until(Instant until, std::uint32_t factor) {
  KITH_CHECK(factor > 0);
  slow_until_ = until;
  slow_factor_ = factor;
}

std::optional<ErrorCode> DiskFaults::on_begin(const FileRequest& request, Instant now) {
  std::optional<ErrorCode> failure;
  for (auto at = planned_.begin(); at != planned_.end();) {
    bool over = now >= at->until;
    if (!over && is_about(at->operation, request)) {
      const bool strikes = at->left <= 1;
      over = at->left == 1;
      if (at->left > 1) --at->left;
      if (strikes && !failure) failure = at->code;
    }
    at = over ? planned_.erase(at) : at + 1;
  }
  return failure;
}

}  // namespace kith::sim
