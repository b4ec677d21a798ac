# Sourced by the tests of the command line, which have set `sim`: a folder $work, and what kith-sim
# must do in it.
# shellcheck shell=bash

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() {
  echo "$(basename "$0"): $*" >&2
  exit 1
}

# Runs kith-sim, which must exit with the first argument.
expect() {
  local wanted=$1 code=0
  shift
  "$sim" "$@" >"$work/out" 2>"$work/err" || code=$?
  [[ $code == "$wanted" ]] || fail "$* exited with $code: $(cat "$work/out" "$work/err")"
}
says() { grep -qF -- "$2" "$work/$1" || fail "no \"$2\" in $1: $(cat "$work/$1")"; }
