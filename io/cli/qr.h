#pragma once

// A QR code (ISO/IEC 18004) drawn with half-block characters.

#include <string>
#include <string_view>

namespace kith::cli {

// Lines for a terminal, each ended by a line feed and coloured black on white, so that the code
// reads on any background. Empty if `text` is too long for a code.
std::string draw_qr(std::string_view text);

}  // namespace kith::cli
