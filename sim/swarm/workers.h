#pragma once

// Work on numbers, spread over processes: worlds are of one thread each, and one that ends its
// process does not end the others.
//
//   parent --number--> child --line of text--> parent       a child that dies is replaced
//
// SIGINT and SIGTERM are for the parent: children end when it does.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "kith/result.h"

namespace kith::sim {

class Workers {
 public:
  // In a child: makes of a number one line of text, without its end.
  using Work = std::function<std::string(std::uint64_t number)>;
  // In the parent: what a number gave; nothing if its process died, and then `death` says how.
  using Done = std::function<void(std::uint64_t number, const std::optional<std::string>& line,
                                  const std::string& death)>;
  // In the parent: the next number; nothing when there is no more to do.
  using Next = std::function<std::optional<std::uint64_t>()>;

  // In the parent, several times a second: whether to end at once. What children are at then is
  // never done.
  using Stopped = std::function<bool()>;

  // Returns when all is done. io_error: no process could be started.
  static Result<void> run(unsigned processes, const Next& next, const Work& work, const Done& done,
                          const Stopped& stopped = {});
};

}  // namespace kith::sim
