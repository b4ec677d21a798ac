#!/usr/bin/env bash
# Usage: scenarios_test.sh KITH_SIM SCENARIOS. Every scenario that ships is clean under a seed.
set -euo pipefail
kith_sim=$1 scenarios=$2
for file in "$scenarios"/*.json; do
  "$kith_sim" run "$file" --seed 1 >/dev/null
done
echo "all scenarios are clean"
