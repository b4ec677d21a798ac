#!/usr/bin/env bash
# The command line of kith-sim: exit codes, and what is printed where.
#   cli_test.sh KITH_SIM SCENARIO_DIRECTORY
set -euo pipefail

sim=$1
scenarios=$2
source "$(dirname "$0")/cli_scene.sh"

expect 0 run "$scenarios/pair-and-send.json" --seed 7 --json
[[ $(wc -l <"$work/out") == 1 ]] || fail "--json printed more than a line"
[[ ! -s $work/err ]] || fail "a clean run wrote to standard error: $(cat "$work/err")"
python3 - "$work/out" <<'PYTHON'
import json, sys
line = json.load(open(sys.argv[1]))
keys = ["scenario", "seed", "devices", "virtual_s", "wall_s", "cpu_s", "peak_mib", "datagrams",
        "events", "trace_hash", "probes", "violations", "expectations"]
assert list(line) == keys, list(line)
assert (line["scenario"], line["seed"], line["devices"]) == ("pair-and-send", 7, 2), line
assert line["violations"] == [], line
assert 1 <= line["peak_mib"] < 1000, line
assert len(line["expectations"]) == 4, line
for expectation in line["expectations"]:
    assert set(expectation) == {"name", "ok", "value"} and expectation["ok"] is True, line
PYTHON

expect 0 run pair-and-send --seed 7
says out "trace hash"
expect 0 list
says out "pair-and-send"

# What need not be met yet is open.
expect 0 run pair-and-send --seed 7 --until 0.5
says out "expectation open   paired: never"
says out "expectation open   digest_equal: "
says out "expectation ok     no_violations: "
expect 0 run pair-and-send --seed 7 --until 0.5 --json
python3 -c 'import json, sys
verdicts = [each["ok"] for each in json.load(sys.stdin)["expectations"]]
assert verdicts.count(None) == 3 and verdicts.count(True) == 1, verdicts' <"$work/out"

# A failure says how to see it again.
sed -E 's/"within_s": [0-9.]+/"within_s": 0.5/' "$scenarios/pair-and-send.json" >"$work/soon.json"
expect 1 run "$work/soon.json" --seed 7 --until 0.5
says out "FAILED"
says err "seed 7, commit "
says err "replay: kith-sim run $work/soon.json --seed 7 --until 0.5"

# By the name of the program that can run it.
cp "$sim" "$work/greet sim"
code=0
"$work/greet sim" run "$work/soon.json" --seed 7 --until 0.5 >"$work/out" 2>"$work/err" ||
  code=$?
[[ $code == 1 ]] || fail "a copy exited with $code"
says err "replay: 'greet sim' run $work/soon.json --seed 7 --until 0.5"

expect 2
expect 2 run pair-and-send
expect 2 run pair-and-send --seed seven
expect 2 run pair-and-send --seed 18446744073709551616
expect 2 run pair-and-send --seed -1
expect 2 run pair-and-send --seed 1 --until never
expect 2 run pair-and-send --seed 1 --unknown
expect 2 run no-such-scenario.json --seed 1
says err "no-such-scenario.json"
says err "list names the scenarios that ship."
expect 2 bogus --seed 1
says err "unknown command bogus."
for name in swarm:3 swarm: swarm:0 swarm:many; do
  expect 2 run "$name" --seed 1
  says err "$name: the number of devices must be even, from 2 to 10000."
done
expect 0 --help

# What a gateway cannot be is refused by its place.
sed 's/"nat": "cgnat"/"nat": "moebius"/' "$scenarios/carrier-grade-nat.json" >"$work/nat.json"
expect 2 run "$work/nat.json" --seed 1
says err "nat.json: \$.topology."
sed 's/"within_s"/"within_seconds"/' "$scenarios/pair-and-send.json" >"$work/typo.json"
expect 2 run "$work/typo.json" --seed 1
says err "typo.json: \$.expectations[0]"
sed 's/"within_s": 0.5/"within_s": 0.0001/' "$work/soon.json" >"$work/late.json"
expect 1 run "$work/late.json" --seed 7
says out "later than 0.000 s"

sed 's/"loss_percent": 5/"loss_percent": -5/' "$scenarios/pair-and-send.json" >"$work/bad.json"
expect 2 run "$work/bad.json" --seed 1
says err "bad.json: \$.topology.links[0].loss_percent: must not be negative"
[[ ! -s $work/out ]] || fail "a refused scenario wrote to standard output"

echo "kith_sim_cli: ok"
