#pragma once

// Runs code as on a kernel that lacks some system calls.

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>

#include <cerrno>
#include <cstddef>
#include <functional>
#include <initializer_list>
#include <thread>
#include <vector>

#include "engine/base/check.h"

namespace kith::testing {

// Runs `body` in a thread in which each of `calls` fails with `error_number`. The filter ends with
// the thread.
inline void without_system_calls(std::initializer_list<long> calls, int error_number,
                                 const std::function<void()>& body) {
  const auto instruction = [](unsigned code, std::uint32_t k, std::uint8_t jt, std::uint8_t jf) {
    return sock_filter{static_cast<std::uint16_t>(code), jt, jf, k};
  };
  std::vector<sock_filter> program;
  program.push_back(instruction(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr), 0, 0));
  for (const long call : calls) {
    program.push_back(
        instruction(BPF_JMP | BPF_JEQ | BPF_K, static_cast<std::uint32_t>(call), 0, 1));
    program.push_back(instruction(
        BPF_RET | BPF_K, SECCOMP_RET_ERRNO | static_cast<std::uint32_t>(error_number), 0, 0));
  }
  program.push_back(instruction(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0));

  std::thread([&] {
    const sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
    KITH_CHECK(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    KITH_CHECK(::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) == 0);
    body();
  }).join();
}

}  // namespace kith::testing
