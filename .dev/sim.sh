# ./dev sim [ARG...]
# shellcheck shell=bash
# Standard output is the simulator's alone.
build release bin/kith-sim >&2
if (($#)); then
  exec "$bin/kith-sim" "$@"
fi
for scenario in sim/scenarios/*.json; do
  "$bin/kith-sim" run "$scenario" --seed 7
done
