# ./dev test [REGEX]
# shellcheck shell=bash
build release
# The same scenario must give the same trace hash in other builds: a test runs these.
build debug bin/kith-sim
build fuzz bin/kith-sim
export KITH_SIM_DEBUG=$PWD/build/debug/bin/kith-sim
export KITH_SIM_CLANG=$PWD/build/fuzz/bin/kith-sim
ctest --preset release --parallel "$(nproc)" ${1:+--tests-regex "$1"}

if ((! $#)); then
  ./dev fuzz 25
fi
