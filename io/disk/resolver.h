#pragma once

// Finds the file a FilePath names without ever leaving its base.
//
// The base is trusted and resolved as usual. What lies beneath may have been chosen by a stranger,
// and another program may exchange directories for symbolic links meanwhile. So every step is taken
// from an open directory: by the kernel in one call where it has openat2, or component by component
// where it has not.

#include <sys/types.h>

#include <string>
#include <string_view>

#include "io/base/unique_fd.h"
#include "kith/file.h"
#include "kith/result.h"

namespace kith::io {

enum class Resolution {
  kernel,        // openat2 with RESOLVE_BENEATH, Linux 5.6
  by_component,  // openat with O_NOFOLLOW for each component
};

class Resolver {
 public:
  // Falls back to by_component by itself where openat2 is missing or forbidden.
  explicit Resolver(Resolution wanted = Resolution::kernel);

  Resolution resolution() const { return resolution_; }

  // Opens a regular file without following a link at its end. Errors: permission_denied for a path
  // that leaves its base, leads through a link or names something else; otherwise what the system
  // says. `action` is a verb for the message.
  Result<UniqueFd> open_regular(const FilePath& path, int flags, mode_t mode,
                                std::string_view action) const;

  // Opens a directory. A base itself may be a link to it.
  Result<UniqueFd> open_directory(const FilePath& path, int flags, std::string_view action) const;

  // The directory that holds the last component of a path, and that component. The entry need not
  // exist.
  struct Entry {
    UniqueFd directory;
    std::string name;
  };
  Result<Entry> find(const FilePath& path, std::string_view action) const;

 private:
  Result<UniqueFd> open_directory_beneath(int base, const std::string& relative, int flags,
                                          const FilePath& path, std::string_view action) const;

  Resolution resolution_;
};

// What a person knows the path as; bytes.
std::string full_path(const FilePath& path);

}  // namespace kith::io
