#pragma once

// Files that a command line names. No two of them may be one file: writing the second would destroy
// the first.

#include <string>
#include <vector>

#include "kith/result.h"

namespace kith::sim {

struct NamedFile {
  std::string name;  // for people: "--report"
  std::string path;
};

// The path without symbolic links, also of a file that is not there yet.
std::string file_named(const std::string& path);

// Devices and pipes may be named twice. invalid_argument: an output is the same file as another one
// or as something that is there already.
Result<void> check_outputs(const std::vector<NamedFile>& outputs,
                           const std::vector<NamedFile>& others);

}  // namespace kith::sim
