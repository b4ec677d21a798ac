#include "engine/base/sodium.h"

#include <sodium.h>

#include "engine/base/check.h"

namespace kith {

void ensure_sodium() {
  static const bool ready = sodium_init() >= 0;
  KITH_CHECK(ready);
}

}  // namespace kith
