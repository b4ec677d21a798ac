#include "io/cli/qr.h"

#include <gtest/gtest.h>

#include <vector>

namespace kith::cli {
namespace {

// The modules of a drawing, true where dark: each character holds two, one above the other.
std::vector<std::vector<bool>> modules(const std::string& drawing);
bool is_finder(const std::vector<std::vector<bool>>& code, std::size_t x, std::size_t y);

TEST(Qr, the_three_finder_patterns_stand_in_a_quiet_zone) {
  const auto code = modules(draw_qr("zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong"));
  ASSERT_FALSE(code.empty());
  const std::size_t width = code.front().size();
  EXPECT_TRUE(is_finder(code, 4, 4));
  EXPECT_TRUE(is_finder(code, width - 11, 4));
  EXPECT_TRUE(is_finder(code, 4, width - 11));
  for (std::size_t i = 0; i < width; ++i) {
    for (std::size_t edge = 0; edge < 4; ++edge) {
      EXPECT_FALSE(code[edge][i]);
      EXPECT_FALSE(code[i][edge]);
      EXPECT_FALSE(code[i][width - 1 - edge]);
      EXPECT_FALSE(code[width - 1 - edge][i]);
    }
  }
}

TEST(Qr, other_words_are_another_code) { EXPECT_NE(draw_qr("zoo"), draw_qr("able")); }

TEST(Qr, what_is_too_long_gives_nothing) { EXPECT_EQ(draw_qr(std::string(5000, 'x')), ""); }

std::vector<std::vector<bool>> modules(const std::string& drawing) {
  std::vector<std::vector<bool>> rows;
  for (std::size_t at = 0; at < drawing.size();) {
    std::vector<bool> upper, lower;
    at = drawing.find('m', at) + 1;
    for (; drawing[at] != '\x1b';) {
      const std::string character = drawing[at] == ' ' ? " " : drawing.substr(at, 3);
      upper.push_back(character == "█" || character == "▀");
      lower.push_back(character == "█" || character == "▄");
      at += character.size();
    }
    at = drawing.find('\n', at) + 1;
    rows.push_back(upper);
    rows.push_back(lower);
  }
  return rows;
}

// ISO/IEC 18004: a dark ring of seven, a light one of five, a dark square of three.
bool is_finder(const std::vector<std::vector<bool>>& code, std::size_t x, std::size_t y) {
  for (std::size_t row = 0; row < 7; ++row) {
    for (std::size_t column = 0; column < 7; ++column) {
      const auto distance = [](std::size_t i) { return i > 3 ? i - 3 : 3 - i; };
      const std::size_t ring = std::max(distance(row), distance(column));
      if (code[y + row][x + column] != (ring != 2)) return false;
    }
  }
  return true;
}

}  // namespace
}  // namespace kith::cli
