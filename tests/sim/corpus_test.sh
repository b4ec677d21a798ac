#!/usr/bin/env bash
# Usage: corpus_test.sh KITH_SIM CORPUS. Every world that once failed is clean.
set -euo pipefail
kith_sim=$1 corpus=$2
count=0
for file in "$corpus"/*.seed-*.json; do
  seed=${file##*.seed-}
  "$kith_sim" run "$file" --seed "${seed%.json}" >/dev/null
  count=$((count + 1))
done
[[ $count -gt 0 ]]
echo "$count worlds are clean"
