#!/usr/bin/env bash
# What kith-sim writes: nothing that was there is lost, and nothing is lost without a word.
#   cli_files_test.sh KITH_SIM SCENARIO_DIRECTORY
set -euo pipefail

sim=$1
scenarios=$2
source "$(dirname "$0")/cli_scene.sh"

cp "$scenarios/pair-and-send.json" "$work/mine.json"
# Nobody pairs that soon.
sed -E 's/"within_s": [0-9.]+/"within_s": 0.5/' "$work/mine.json" >"$work/late.json"
same() { cmp -s "$1" "$2" || fail "$1 was changed"; }

# One file under two names is refused before anything runs.
ln "$work/mine.json" "$work/hard.json"
ln -s mine.json "$work/soft.json"
for report in mine.json hard.json soft.json ./../"$(basename "$work")"/mine.json; do
  expect 2 run "$work/mine.json" --seed 7 --report "$work/$report"
  says err "$report is the same file as the scenario."
  same "$work/mine.json" "$scenarios/pair-and-send.json"
done
ln -s new "$work/dangling"
expect 2 run "$work/late.json" --seed 7 --report "$work/dangling" --capsule "$work/new"
says err "--capsule $work/new is the same file as --report."
expect 2 run "$work/mine.json" --seed 7 --report "$work/new" --record-device alice "$work/./new"
says err "is the same file as --record-device."
expect 2 run "$work/mine.json" --seed 7 --report "$work/out"
says err "is the same file as standard output."
[[ ! -e $work/new && ! -s $work/out ]] || fail "it ran although two names were one file"

# A report is replaced when the new one is whole, and not before.
echo "an older page" >"$work/page.html"
ln -s page.html "$work/link.html"
cp "$work/page.html" "$work/older.html"
expect 2 run "$work/mine.json" --seed 7 --report "$work/page.html" --record-device nobody "$work/n"
same "$work/page.html" "$work/older.html"
(ulimit -f 1 && trap '' XFSZ &&
  expect 2 run "$work/mine.json" --seed 7 --report "$work/page.html" &&
  says err "--report: $work/page.html cannot be written: File too large.") || exit 1
same "$work/page.html" "$work/older.html"
expect 0 run "$work/mine.json" --seed 7 --report "$work/link.html"
[[ -L $work/link.html ]] || fail "a link was replaced"
grep -q "</html>" "$work/page.html" || fail "no whole page"
[[ $(ls "$work"/*.tmp 2>/dev/null) == "" ]] || fail "a temporary file stayed"
expect 2 run "$work/mine.json" --seed 7 --report "$work"
says err "cannot be written: Is a directory."
expect 2 run "$work/mine.json" --seed 7 --report "$work/no/such/page.html"
says err "cannot be written: No such file or directory."
[[ ! -s $work/out ]] || fail "it ran although its report could not be written"

# What is no regular file is written to as it is.
"$sim" run "$work/mine.json" --seed 7 --report /dev/stdout | grep "</html>" >/dev/null ||
  fail "no page in a pipe"
expect 2 run "$work/mine.json" --seed 7 --report /dev/full
says err "--report: /dev/full cannot be written: No space left on device."
[[ -c /dev/full ]] || fail "/dev/full was replaced"

# What can be read only once is.
expect 0 run /dev/stdin --seed 7 < <(cat "$work/mine.json")
expect 0 expand /dev/stdin --seed 7 < <(cat "$work/mine.json")

# A failure is told and kept, whatever becomes of the report.
expect 2 run "$work/late.json" --seed 7 --report /dev/full --capsule "$work/kept.capsule"
says err "failed: seed 7, commit "
says err "replay: kith-sim run $work/late.json --seed 7"
says err "capsule: $work/kept.capsule"
expect 0 replay "$work/kept.capsule"

# So is what is printed.
expect 0 run "$work/mine.json" --seed 7 --record-device alice "$work/alice.recording"
for printing in "run $work/mine.json --seed 7 --json" "run $work/late.json --seed 7" \
  "expand $work/mine.json --seed 7" "list" "list --json" "swarm --seeds 1-2 --devices 2 --json" \
  "replay $work/kept.capsule" "replay $work/alice.recording --redact" "--help"; do
  code=0
  # shellcheck disable=SC2086
  "$sim" $printing >/dev/full 2>"$work/err" || code=$?
  [[ $code == 2 ]] || fail "$printing exited with $code though nothing was printed"
  says err "Standard output could not be written"
done

echo "kith_sim_cli_files: ok"
