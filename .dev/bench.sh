# ./dev bench
# shellcheck shell=bash
.dev/packages.sh bench
build release
export KITH_BIN=$PWD/$bin
if [[ -x $bin/kith-bench ]]; then
  "$bin/kith-bench"
fi
if [[ -x $bin/dht_town ]]; then
  "$bin/dht_town"
fi
# Whole-program measurements are executable scripts in bench/.
for script in bench/*.sh bench/*.py bench/*/run.py; do
  if [[ -x $script ]]; then
    echo "== $script"
    "$script"
  fi
done
