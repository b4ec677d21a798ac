# ./dev lint [--tidy]
# shellcheck shell=bash
deps
if [[ ${1:-} == --tidy ]]; then
  configure clang
  cmake --build --preset clang --target kith_schemas
fi
.dev/lint.py --self-test
.dev/lint.py "$@"
