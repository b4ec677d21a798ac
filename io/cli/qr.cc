#include "io/cli/qr.h"

#include <qrencode.h>

#include <memory>

namespace kith::cli {
namespace {

constexpr int kQuietZone = 4;  // ISO/IEC 18004: four light modules on every side

constexpr std::string_view kBlackOnWhite = "\x1b[30;107m";
constexpr std::string_view kReset = "\x1b[0m";

struct FreeCode {
  void operator()(QRcode* code) const { QRcode_free(code); }
};
using Code = std::unique_ptr<QRcode, FreeCode>;

bool dark(const QRcode& code, int x, int y) {
  if (x < 0 || y < 0 || x >= code.width || y >= code.width) return false;
  return (code.data[y * code.width + x] & 1) != 0;
}

}  // namespace

std::string draw_qr(std::string_view text) {
  const Code code(QRcode_encodeString(std::string(text).c_str(), 0, QR_ECLEVEL_L, QR_MODE_8, 1));
  if (!code) return {};
  std::string drawing;
  for (int y = -kQuietZone; y < code->width + kQuietZone; y += 2) {
    drawing += kBlackOnWhite;
    for (int x = -kQuietZone; x < code->width + kQuietZone; ++x) {
      const bool upper = dark(*code, x, y), lower = dark(*code, x, y + 1);
      drawing += upper && lower ? "█" : upper ? "▀" : lower ? "▄" : " ";
    }
    drawing += kReset;
    drawing += '\n';
  }
  return drawing;
}

}  // namespace kith::cli
