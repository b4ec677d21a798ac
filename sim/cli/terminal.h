#pragma once

// How every command of kith-sim ends and speaks.

#include <cstdio>
#include <string>
#include <string_view>

#include "kith/result.h"

namespace kith::sim {

// Exit codes.
inline constexpr int kClean = 0;
inline constexpr int kFailed = 1;         // a violation, a missed expectation, a divergence
inline constexpr int kUnusable = 2;       // usage, or a file that is refused
inline constexpr int kInterrupted = 130;  // by SIGINT or SIGTERM, as shells say it

// At once, so that a reader at the other end of a pipe sees it.
void print(std::FILE* to, const std::string& text);

// The program that was started, by the name of its file: others than kith-sim have its commands.
std::string_view program_name();

// For a shell, should the text hold anything unusual.
std::string shell_quoted(std::string_view text);

// A line on standard error that says who complains.
void complain(std::string_view text);

// `code`, or kUnusable after saying so if something printed on standard output was lost.
int ended(int code);

// Says why, and how it can be helped. Gives kUnusable.
int refuse(const Error& error);

}  // namespace kith::sim
