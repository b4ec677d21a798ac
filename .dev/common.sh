# Sourced by ./dev, whose working directory is the top of the repository.
# shellcheck shell=bash

bin=build/release/bin

deps() {
  .dev/packages.sh base
  .dev/libraries.sh
}

# build PRESET [TARGET...]
build() {
  local preset=$1
  shift
  deps
  configure "$preset"
  if (($#)); then
    cmake --build --preset "$preset" --target "$@"
  else
    cmake --build --preset "$preset"
  fi
}

# CMake remembers where it found libraries, so a build directory configured with the libraries of
# another recipe starts afresh. One configured with somebody's own prefix is left alone.
configure() {
  local preset=$1 cached wanted
  cached=$(sed -n 's/^KITH_DEPS_PREFIX:PATH=//p' "build/$preset/CMakeCache.txt" 2>/dev/null || true)
  wanted=$(.dev/libraries.sh --prefix)
  if [[ ! -e build/$preset/build.ninja ]]; then
    cmake --preset "$preset"
  elif [[ $cached == */kith/deps/* && $cached != "$wanted" ]]; then
    cmake --fresh --preset "$preset"
  fi
}
