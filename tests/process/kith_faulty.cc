// The program `kith`, except that it dies where the environment says: KITH_KILL_AT holds
// EFFECT:N:MOMENT, such as "store:2:before", and the process ends without a trace (SIGKILL) around
// its N-th store, send or receive. Without the variable it is `kith`.

#include <array>
#include <atomic>
#include <charconv>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>

#include "io/cli/program.h"

namespace {

using kith::io::EffectKind;

// A test that asks for a death which cannot come would prove nothing.
constexpr int kNotUnderstood = 99;

constexpr std::array<std::string_view, 3> kNames{"store", "send", "receive"};  // as EffectKind

struct Death {
  std::size_t kind = 0;
  std::uint64_t nth = 0;  // 0: never
  bool before = false;
};

class DeathHook final : public kith::io::EffectHook {
 public:
  explicit DeathHook(const Death& death) : death_(death) {}

  void before(EffectKind kind) override {
    if (meets(kind, begun_) && death_.before) die();
  }
  void after(EffectKind kind) override {
    if (meets(kind, done_) && !death_.before) die();
  }

 private:
  bool meets(EffectKind kind, std::atomic<std::uint64_t>& count) const {
    return static_cast<std::size_t>(kind) == death_.kind && ++count == death_.nth;
  }
  static void die() { std::raise(SIGKILL); }

  Death death_;
  // Of the kind that is waited for. Stores are told on a thread of their own.
  std::atomic<std::uint64_t> begun_{0};
  std::atomic<std::uint64_t> done_{0};
};

std::optional<Death> parse(std::string_view text) {
  const auto first = text.find(':');
  const auto second = text.find(':', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const std::string_view name = text.substr(0, first);
  const std::string_view number = text.substr(first + 1, second - first - 1);
  const std::string_view moment = text.substr(second + 1);
  Death death;
  while (death.kind < kNames.size() && kNames[death.kind] != name) ++death.kind;
  const auto end = number.data() + number.size();
  const bool counted = std::from_chars(number.data(), end, death.nth).ptr == end;
  death.before = moment == "before";
  if (death.kind == kNames.size() || !counted || death.nth == 0) return std::nullopt;
  if (!death.before && moment != "after") return std::nullopt;
  return death;
}

}  // namespace

int main(int argc, char** argv) {
  Death death;
  if (const char* wanted = std::getenv("KITH_KILL_AT")) {
    const auto parsed = parse(wanted);
    if (!parsed) {
      std::fprintf(stderr, "kith-faulty: KITH_KILL_AT must be EFFECT:N:before or EFFECT:N:after\n");
      return kNotUnderstood;
    }
    death = *parsed;
  }
  DeathHook hook(death);
  return kith::cli::run_program(argc, argv, hook);
}
