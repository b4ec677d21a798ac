#pragma once

// Told around every effect by which a device leaves a trace outside its memory. An embedder may
// pass one in to end the process at a chosen effect; nobody else does, and this one does nothing.

#include <cstdint>

namespace kith::io {

// The kinds of effects that are told.
enum class EffectKind : std::uint8_t {
  store,    // one commit; several that share a transaction are announced before and after it
  send,     // one call, of one datagram or more of equal size
  receive,  // one batch of datagrams; after it the engine has handled it
};

// Commits are told on the thread of the store, the rest on the strand of the driver.
class EffectHook {
 public:
  virtual ~EffectHook() = default;
  // The effect is about to begin.
  virtual void before(EffectKind) {}
  // It is done, or has failed.
  virtual void after(EffectKind) {}
};

// The one that does nothing.
inline EffectHook no_effect_hook;

}  // namespace kith::io
