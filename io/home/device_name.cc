#include "io/home/device_name.h"

#include <unistd.h>

#include <array>

#include "io/base/private_file.h"

namespace kith::io {
namespace {

// The engine shows 64 bytes; a longer line is somebody's mistake, not a name.
constexpr std::size_t kMaxNameFileBytes = 1024;

// The first label: the domain says nothing about which of a person's devices it is.
std::string host_name() {
  std::array<char, 256> buffer{};
  if (::gethostname(buffer.data(), buffer.size() - 1) != 0) return "device";
  const std::string name(buffer.data());
  const std::string label = name.substr(0, name.find('.'));
  return label.empty() ? "device" : label;
}

std::string first_line(ByteView bytes) {
  const std::string_view text = as_text(bytes);
  return std::string(text.substr(0, text.find_first_of("\r\n")));
}

}  // namespace

Result<std::string> load_or_store_device_name(const std::string& home, const std::string& wanted) {
  const auto file = read_private_file(home + "/name", kMaxNameFileBytes);
  if (!file) return tl::unexpected(file.error());
  const std::string stored = *file ? first_line((*file)->bytes) : std::string();
  std::string name = !wanted.empty()   ? first_line(as_byte_view(wanted))
                     : !stored.empty() ? stored
                                       : host_name();
  if (name != stored) {
    const auto written =
        write_private_file(home, "name", as_byte_view(name + "\n"), IfPresent::replace);
    if (!written) return tl::unexpected(written.error());
  }
  return name;
}

}  // namespace kith::io
