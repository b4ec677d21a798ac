#!/usr/bin/env bash
# Swarms from the command line.
#   swarm_cli_test.sh KITH_SIM SCENARIOS
set -euo pipefail

sim=$1
scenarios=$2
source "$(dirname "$0")/cli_scene.sh"

for seeds in 2-1 -1 1-2-3 1- -  1.5 seven "1 2" 18446744073709551616 0-18446744073709551615; do
  expect 2 swarm --seeds="$seeds"
  says err "--seeds $seeds is no range such as 1-100."
done
expect 2 swarm
expect 2 swarm --seeds -1
for devices in 3 0 1 10002 many; do
  expect 2 swarm --seeds 1 --devices "$devices"
  says err "--devices $devices is no even number from 2 to 10000."
done
for jobs in 0 257 two; do
  expect 2 swarm --seeds 1 --jobs "$jobs"
  says err "--jobs $jobs is no number from 1 to 256."
done
expect 2 swarm --seeds 1 --time soon
says err "--time soon is not a number of seconds."

expect 2 swarm --seeds 1-5 --time 0
says out "0 seeds of 20 devices"
says err "--time 0 was over before the first seed."
expect 2 swarm --seeds 1-5 --time 0 --json
python3 - "$work/out" <<'PYTHON'
import json, sys
total = json.load(open(sys.argv[1]))
assert (total["seeds"], total["first_seed"], total["last_seed"]) == (0, None, None), total
PYTHON

# The last seeds there are.
expect 0 swarm --seeds 18446744073709551614-18446744073709551615 --devices 2 --jobs 3 --json
python3 - "$work/out" <<'PYTHON'
import json, sys
*seeds, total = map(json.loads, open(sys.argv[1]))
assert sorted(seed["seed"] for seed in seeds) == [2**64 - 2, 2**64 - 1], seeds
assert " ".join(total) == (
    "seeds first_seed last_seed interrupted failed scenario devices virtual_s wall_s cpu_s"
    " datagrams probes seeds_with never_fired"), total.keys()
assert (total["seeds"], total["first_seed"], total["last_seed"]) == (2, 2**64 - 2, 2**64 - 1), total
assert total["interrupted"] is False and total["cpu_s"] > 0, total
PYTHON
expect 0 swarm --seeds 7-9 --devices 2
says out "3 seeds (7-9) of 2 devices, 0 failed"

# One scenario under many seeds.
expect 0 swarm pair-and-send --seeds 3-5 --json
python3 - "$work/out" <<'PYTHON'
import json, sys
*seeds, total = map(json.loads, open(sys.argv[1]))
assert len({seed["trace_hash"] for seed in seeds}) == 3, seeds
assert total["scenario"].endswith("/pair-and-send.json") and total["devices"] == 2, total
PYTHON
sed 's/"within_s": [0-9.]*/"within_s": 0.001/' "$scenarios/pair-and-send.json" > "$work/hasty.json"
expect 1 swarm "$work/hasty.json" --seeds 7
says err "run $work/hasty.json --seed 7"
expect 2 swarm "$work/nowhere.json" --seeds 7
says err "nowhere.json"
echo '{' > "$work/broken.json"
expect 2 swarm "$work/broken.json" --seeds 7
says err "not JSON"
for option in "--devices 4" --must-hit; do
  # shellcheck disable=SC2086
  expect 2 swarm pair-and-send --seeds 7 $option
done

# No world of two devices has everything.
expect 1 swarm --seeds 1 --devices 2 --must-hit
says err "never fired: nat.drop.table_full"
says err "never fired: cell.mapping="
[[ ! -s $work/err || $(grep -vc "^never fired: " "$work/err") == 0 ]] || fail "$(cat "$work/err")"

echo "kith_sim_swarm: ok"
