#pragma once

// How an error ends the program, as scripts see it.

#include "kith/result.h"

namespace kith::cli {

enum ExitCode : int {
  kOk = 0,
  kFailed = 1,
  kUsage = 2,        // the command line cannot work
  kRefused = 3,      // the other side, or a person, said no
  kUnreachable = 4,  // before any data
  kLost = 5,         // afterwards, or nothing happened for too long
  kInterrupted = 130,
};

// Where an error arose. The same code means another thing there: damaged words were refused, a
// damaged database is a failure of this device.
enum class Origin { words, device, peer };

ExitCode exit_code(ErrorCode code, Origin origin);

}  // namespace kith::cli
