#pragma once

// One line that shows how far a transfer is, and the quantities in it as people write them.

#include <cstddef>
#include <cstdint>
#include <string>

#include "kith/event.h"
#include "kith/time.h"

namespace kith::cli {

std::string format_bytes(std::uint64_t bytes);  // "999 B", "1.5 kB", "256 MB": decimal units
std::string format_rate(std::uint64_t bytes_per_second);
std::string format_duration(Duration duration);  // "0.42 s", "12 s", "3:07", "2:03:07"

// Bytes per second of something that took `elapsed`.
std::uint64_t mean_rate(std::uint64_t bytes, Duration elapsed);

// "[#####-----]  45 %  512 MB of 1.1 GB  823 MB/s  0:12 left", never wider than `width`: what does
// not fit is left out, the bar first.
std::string draw_progress(const TransferProgress& progress, std::size_t width);

}  // namespace kith::cli
