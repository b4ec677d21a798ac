#!/usr/bin/env bash
# Equal seeds give equal trace hashes: in two processes, unoptimised, and from another compiler.
#   trace_hash.sh KITH_SIM SCENARIO SEED...
# KITH_SIM_DEBUG and KITH_SIM_CLANG name the same program built otherwise. Where CI is set they must
# be there; elsewhere those that are not named are left out.
set -euo pipefail

sim=$1
scenario=$2
seeds=("${@:3}")
((${#seeds[@]})) || { echo "trace_hash: no seeds" >&2; exit 1; }

fail() {
  echo "trace_hash: $*" >&2
  exit 1
}

hash_of() {
  local line
  line=$("$1" run "$scenario" --seed "$2" --json) || fail "$1 failed with seed $2: $line"
  sed -n 's/.*"trace_hash":"\([0-9a-f]\{64\}\)".*/\1/p' <<<"$line"
}

others=()
for name in KITH_SIM_DEBUG KITH_SIM_CLANG; do
  if [[ -n ${!name:-} ]]; then
    [[ -x ${!name} ]] || fail "$name is ${!name}, which is no program"
    others+=("${!name}")
  elif [[ -n ${CI:-} ]]; then
    fail "$name is not set"
  else
    echo "trace_hash: $name is not set: not compared"
  fi
done

declare -A seen
for seed in "${seeds[@]}"; do
  hash=$(hash_of "$sim" "$seed")
  [[ ${#hash} == 64 ]] || fail "seed $seed printed no trace hash"
  [[ -z ${seen[$hash]:-} ]] || fail "seeds ${seen[$hash]} and $seed have one hash"
  seen[$hash]=$seed
  for program in "$sim" "${others[@]}"; do
    again=$(hash_of "$program" "$seed")
    [[ $again == "$hash" ]] || fail "seed $seed: $sim says $hash, $program says $again"
  done
  echo "trace_hash: seed $seed: $hash from 1 + $((1 + ${#others[@]})) runs"
done
