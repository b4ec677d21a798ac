#!/usr/bin/env bash
# Capsules from the command line: written, run again, looked into, refused and shrunk.
#   capsule_cli_test.sh KITH_SIM
set -euo pipefail

sim=$1
source "$(dirname "$0")/cli_scene.sh"

# Nobody pairs that soon.
mkdir "$work/soon"
soon=$work/soon/pair-and-send.json
"$sim" expand pair-and-send --seed 7 | sed -E 's/"within_s": [0-9.]+/"within_s": 0.5/' >"$soon"
capsule=$work/short.capsule
expect 1 run "$soon" --seed 7 --until 0.5 --capsule "$capsule" --json
says err "capsule: $capsule"
hash=$(python3 -c 'import json, sys; print(json.load(sys.stdin)["trace_hash"])' <"$work/out")
[[ $(ls "$work"/*.tmp 2>/dev/null) == "" ]] || fail "a temporary file stayed"
expect 2 run "$soon" --seed 7 --until 0.5 --capsule "$capsule"
says err "short.capsule: File exists"
[[ ! -s $work/out ]] || fail "it ran although its capsule could not be written"
expect 2 run pair-and-send --seed 7 --capsule "$work/no/such/folder.capsule"

# A run that is well leaves none.
expect 0 run pair-and-send --seed 7 --capsule "$work/well.capsule"
[[ ! -e $work/well.capsule ]] || fail "a clean run wrote a capsule"

expect 0 replay "$capsule"
says out "failed again in the same way"
says out "trace hash $hash"
expect 0 replay "$capsule" --json
python3 - "$work/out" "$hash" <<'PYTHON'
import json, sys
line = json.load(open(sys.argv[1]))
assert line["same"] is True and line["differences"] == [], line
assert (line["scenario"], line["seed"]) == ("pair-and-send", 7), line
assert line["trace_hash"] == sys.argv[2], line
assert "paired" in [failure["name"] for failure in line["failures"]], line
PYTHON

expect 0 replay "$capsule" --until 0.2 --dump alice
says err "nothing was compared"
python3 - "$work/out" <<'PYTHON'
import json, sys
dump = json.load(open(sys.argv[1]))
keys = ["device", "index", "id", "at_s", "running", "paused", "lives", "addresses", "sockets",
        "effects", "next_wakeup", "counters", "devices", "store", "disk", "paired", "transfers",
        "messages", "datagrams_unheard"]
assert list(dump) == keys, list(dump)
assert (dump["device"], dump["at_s"], dump["running"]) == ("alice", 0.2, True), dump
assert dump["disk"]["outbox"]["recording/recording.bin"] == 8388608, dump["disk"]
PYTHON
expect 0 replay "$capsule" --dump 1 --json
python3 -c '
import json, sys
line = json.load(sys.stdin)
assert line["same"] is True and line["device"]["device"] == "bob", line' <"$work/out"

# The scenario in it is one like any other.
expect 2 run "$capsule" --seed 7
says err "short.capsule is a capsule: use replay."
expect 0 expand "$capsule"
says err "It was run with --seed 7 --until 0.500000000."
cp "$work/out" "$work/again.json"
expect 1 run "$work/again.json" --seed 7 --until 0.500000000
says out "trace hash $hash"
expect 2 expand "$work/again.json"
says err "--seed is required"

# What is no capsule, or not the whole of one.
expect 2 replay "$capsule" --dump nobody
says err "there is no nobody"
expect 2 replay "$capsule" --until soon
expect 2 replay "$capsule" --redact
head -c 100 "$capsule" >"$work/cut.capsule"
expect 2 replay "$work/cut.capsule"
says err "cut.capsule is damaged"
head -c 12 "$capsule" >"$work/stub.capsule"
expect 2 replay "$work/stub.capsule"
says err "stub.capsule is too short for a capsule"
expect 2 shrink "$work/stub.capsule"
expect 2 expand "$work/stub.capsule"
says err "stub.capsule is too short for a capsule"
echo "something else" >"$work/other"
expect 2 replay "$work/other"
expect 2 replay "$work/other" --dump alice
says err "is not a recording of kith"
expect 2 shrink "$work/other"
says err "other is"
expect 2 shrink "$work/missing"

# Recordings are replayed, stopped and looked into by the same command.
expect 0 run pair-and-send --seed 7 --record-device alice "$work/alice.recording"
expect 0 replay "$work/alice.recording"
expect 0 replay "$work/alice.recording" --until 0.5
says out "stopped before the end"
expect 0 replay "$work/alice.recording" --dump alice
python3 - "$work/out" <<'PYTHON'
import json, sys
dump = json.load(open(sys.argv[1]))
assert list(dump) == ["id", "next_wakeup", "counters", "devices"], list(dump)
assert [device["name"] for device in dump["devices"]] == ["bob"], dump
PYTHON
expect 0 replay "$work/alice.recording" --until 0.01 --dump 0 --json
python3 - "$work/out" <<'PYTHON'
import json, sys
line = json.load(open(sys.argv[1]))
assert line["end"] == "until" and 0 < line["span_s"] <= 0.01 and line["diverged"] is None, line
assert line["device"]["devices"] == [], line
PYTHON
expect 2 replay "$work/alice.recording" --dump bob
says err "there is no bob"
expect 2 replay "$work/alice.recording" --until soon
says err "is not a number of seconds"
expect 2 replay "$work/alice.recording" --redact --dump alice

expect 0 shrink "$capsule"
says out "written to $work/short.small.capsule"
expect 2 shrink "$capsule"
says err "File exists"
expect 0 shrink "$capsule" --out "$work/second.capsule" --time 0 --json
python3 - "$work/out" <<'PYTHON'
import json, sys
line = json.load(open(sys.argv[1]))
assert list(line) == ["failure", "before", "after", "runs", "finished", "capsule"], line
assert line["finished"] is False and line["runs"] == 1, line
assert line["before"] == line["after"], line
assert list(line["after"]) == ["devices", "faults", "steps", "virtual_s", "events"], line
PYTHON
expect 0 replay "$work/short.small.capsule"
says out "paired"

# A swarm that is well leaves none, and says where it cannot.
expect 0 swarm --seeds 1 --devices 2 --capsules "$work/swarm"
[[ -d $work/swarm && $(ls "$work/swarm") == "" ]] || fail "a clean swarm wrote a capsule"
expect 2 swarm --seeds 1 --devices 2 --capsules "$work/other"

echo "kith_sim_capsules: ok"
