# ./dev fuzz [SECONDS]
# shellcheck shell=bash
seconds=${1:-30}
if [[ ! $seconds =~ ^[1-9][0-9]*$ ]]; then
  echo "dev fuzz: '$seconds' is not a number of seconds" >&2
  exit 2
fi
build fuzz kith_fuzz_targets

failed=()
for target in build/fuzz/bin/fuzz/fuzz_*; do
  [[ -x $target ]] || continue
  name=${target##*/fuzz_}
  found=build/fuzz/corpus/$name crashes=build/fuzz/crashes/$name log=build/fuzz/$name.log
  mkdir -p "$found" "$crashes" "fuzz/corpus/$name"
  echo "== $name, $seconds s (log: $log)"
  if "$target" -max_total_time="$seconds" -timeout=10 -print_final_stats=1 \
    -artifact_prefix="$crashes/" "$found" "fuzz/corpus/$name" &>"$log"; then
    grep -E '^stat::(number_of_executed_units|average_exec_per_sec)' "$log"
  else
    tail -n 60 "$log"
    failed+=("$name")
  fi
done
if ((${#failed[@]})); then
  echo "fuzz: failed: ${failed[*]}"
  echo "fuzz: the inputs are in build/fuzz/crashes; keep each in fuzz/corpus with its fix"
  exit 1
fi
echo "fuzz: ok"
