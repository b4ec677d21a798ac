#include "engine/base/check.h"

#include <cstdio>
#include <cstdlib>

namespace kith {

void check_failed(const char* file, int line, const char* expression,
                  std::string_view message) noexcept {
  // One write of plain C: memory may be exhausted or damaged when a check fails.
  std::fprintf(stderr, "%s:%d: KITH_CHECK(%s) failed%s%.*s\n", file, line, expression,
               message.empty() ? "" : ": ", static_cast<int>(message.size()), message.data());
  std::fflush(stderr);
  std::abort();
}

}  // namespace kith
