#include "io/home/home.h"

#include <sys/stat.h>

#include <cerrno>
#include <filesystem>

#include "io/base/private_file.h"
#include "io/base/system_error.h"
#include "io/home/device_name.h"
#include "io/home/key_file.h"

namespace kith::io {

Result<std::string> ensure_home(const std::string& directory) {
  if (directory.empty()) {
    return failure(ErrorCode::invalid_argument, "The home has an empty name.",
                   "Name a directory for this device's key and records.");
  }
  std::error_code error;
  auto path = std::filesystem::absolute(directory, error).lexically_normal();
  if (error) return system_failure(error.value(), "find", directory);
  if (!path.has_filename()) path = path.parent_path();
  std::filesystem::create_directories(path.parent_path(), error);
  if (error) return system_failure(error.value(), "create", path.parent_path().string());

  if (::mkdir(path.c_str(), 0700) == 0) {
    const auto synced = sync_directory(path.parent_path().string());
    if (!synced) return tl::unexpected(synced.error());
  } else if (errno != EEXIST) {
    return system_failure(errno, "create", path.string());
  }
  struct stat info;
  if (::stat(path.c_str(), &info) != 0) return system_failure(errno, "open", path.string());
  if (!S_ISDIR(info.st_mode)) return system_failure(ENOTDIR, "use the home", path.string());
  return path.string();
}

Result<Home> open_home(const std::string& directory, const std::string& wanted_device_name) {
  auto absolute = ensure_home(directory);
  if (!absolute) return tl::unexpected(absolute.error());
  auto key = load_or_create_key(*absolute);
  if (!key) return tl::unexpected(key.error());
  auto name = load_or_store_device_name(*absolute, wanted_device_name);
  if (!name) return tl::unexpected(name.error());
  return Home{std::move(*absolute), *key, std::move(*name)};
}

}  // namespace kith::io
