#!/usr/bin/env bash
# Builds the three libraries that Debian 12 does not ship in the form kith needs, into
#   <cache>/kith/deps/<revision>/   (<revision> names this recipe, system and processor)
# and points <cache>/kith/deps/current at it. Does nothing when that prefix exists.
#   libraries.sh           build if needed
#   libraries.sh --prefix  only print the prefix
set -euo pipefail
export LC_ALL=C

here=$(dirname "$(readlink -f "$0")")
deps=${XDG_CACHE_HOME:-$HOME/.cache}/kith/deps

revision() {
  (
    cd "$here"
    cat libraries.sh recipe/* patches/* /etc/os-release
    uname -m
  ) | sha256sum | cut -c1-16
}

prefix=$deps/$(revision)
if [[ ${1:-} == --prefix ]]; then
  echo "$prefix"
  exit
fi

build_all() {
  local work=$1
  mkdir -p "$work/stage"
  export KITH_WORK=$work KITH_STAGE=$work/stage KITH_PATCHES=$here/patches
  local library
  for library in wolfssl ngtcp2 blake3; do
    echo "deps: building $library (log: $work/$library.log)"
    if ! "$here/recipe/$library.sh" >"$work/$library.log" 2>&1; then
      tail -n 40 "$work/$library.log" >&2
      echo "deps: $library did not build; the whole log is $work/$library.log" >&2
      return 1
    fi
  done
  # The prefix is moved into place when complete, so nothing in it may name where it was built.
  sed -i 's|^prefix=.*|prefix=${pcfiledir}/../..|' "$KITH_STAGE"/lib/pkgconfig/*.pc
  sed -i "s|$KITH_STAGE|\${prefix}|g" "$KITH_STAGE"/lib/pkgconfig/*.pc
}

mkdir -p "$deps"
if [[ ! -d $prefix ]]; then
  exec 9>"$deps/lock"
  if ! flock --nonblock 9; then
    echo "deps: another build of them is under way; waiting for it"
    flock 9
  fi
fi
# Whoever held the lock before may have built it.
if [[ ! -d $prefix ]]; then
  work=$deps/building.$(basename "$prefix")
  rm -rf "$work"
  build_all "$work"
  mv "$work/stage" "$prefix"
  rm -rf "$work"
fi
if [[ $(readlink "$deps/current" || true) != "$prefix" ]]; then
  ln -sfn "$prefix" "$deps/current"
fi
echo "deps: $prefix"
sed 's/^/deps: /' "$prefix/VERSIONS"
