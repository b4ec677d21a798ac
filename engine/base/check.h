#pragma once

// Checks of the programmer's own assumptions, on in every build. A failed check prints where and
// what, and aborts: state that contradicts itself must not be carried further. What a remote peer
// sends is never checked this way.

#include <fmt/core.h>

#include <string_view>

namespace kith {

[[noreturn]] void check_failed(const char* file, int line, const char* expression,
                               std::string_view message) noexcept;

}  // namespace kith

#define KITH_CHECK(condition)                                   \
  do {                                                          \
    if (!(condition)) [[unlikely]]                              \
      ::kith::check_failed(__FILE__, __LINE__, #condition, {}); \
  } while (false)

// KITH_CHECK_MSG(size <= limit, "{} bytes exceed {}", size, limit)
#define KITH_CHECK_MSG(condition, ...)                                                  \
  do {                                                                                  \
    if (!(condition)) [[unlikely]]                                                      \
      ::kith::check_failed(__FILE__, __LINE__, #condition, ::fmt::format(__VA_ARGS__)); \
  } while (false)
