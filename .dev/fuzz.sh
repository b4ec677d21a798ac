# ./dev fuzz [SECONDS]
# shellcheck shell=bash
seconds=${1:-30}
if [[ ! $seconds =~ ^[1-9][0-9]*$ ]]; then
  echo "dev fuzz: '$seconds' is not a number of seconds" >&2
  exit 2
fi
build fuzz kith_fuzz_targets

# fuzz_target PROGRAM SECONDS: what it finds beyond fuzz/corpus stays in build/fuzz/corpus.
fuzz_target() {
  local target=$1 seconds=$2 name=${1##*/fuzz_}
  local found=build/fuzz/corpus/$name crashes=build/fuzz/crashes/$name log=build/fuzz/$name.log
  mkdir -p "$found" "$crashes" "fuzz/corpus/$name"
  if "$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 \
    -artifact_prefix="$crashes/" "$found" "fuzz/corpus/$name" &>"$log"; then
    echo "$name: $(sed -n 's/^stat::number_of_executed_units: *//p' "$log") runs in $seconds s, $(
      grep -oE 'cov: [0-9]+' "$log" | tail -n 1)"
  else
    echo "$name: FAILED (log: $log)"
    tail -n 60 "$log"
    return 1
  fi
}
export -f fuzz_target

if ! printf '%s\0' build/fuzz/bin/fuzz/fuzz_* |
  xargs -0 -P "$(nproc)" -I{} bash -c "fuzz_target {} $seconds"; then
  echo "fuzz: failed; the inputs are in build/fuzz/crashes: keep each in fuzz/corpus with its fix"
  exit 1
fi
echo "fuzz: ok"
