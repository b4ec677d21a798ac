# Sourced by the recipes: fetches and unpacks Debian source packages of a newer suite through the
# machine's own package client, without touching the machine's configuration.
# shellcheck shell=bash
set -euo pipefail

suite=trixie
apt_dir=$KITH_WORK/apt

# The archive Debian itself comes from, as this machine's sources name it.
debian_archive() {
  apt-get indextargets --format '$(LABEL) $(REPO_URI)' 'Created-By: Packages' |
    awk '$1 == "Debian" { print $2; exit }'
}

# For a machine whose package lists are absent or older than its archive.
refresh_machine_lists() {
  if (($(id -u) == 0)); then
    apt-get update
  else
    sudo apt-get update
  fi
}

private_apt() {
  local command=$1
  shift
  "$command" -o Acquire::Retries=3 \
    -o Dir::Etc::SourceList="$apt_dir/sources.list" -o Dir::Etc::SourceParts=/dev/null \
    -o Dir::State::Lists="$apt_dir/lists" -o Dir::Cache="$apt_dir/cache" \
    -o APT::Sandbox::User="$(id -un)" "$@"
}

prepare_private_apt() {
  [[ ! -d $apt_dir/lists ]] || return 0
  local archive keyring=/usr/share/keyrings/debian-archive-keyring.gpg options=
  archive=$(debian_archive)
  if [[ -z $archive ]]; then
    refresh_machine_lists
    archive=$(debian_archive)
  fi
  if [[ -z $archive ]]; then
    echo "No Debian archive among this machine's package sources." >&2
    return 1
  fi
  [[ ! -e $keyring ]] || options="[signed-by=$keyring] "
  mkdir -p "$apt_dir/lists/partial" "$apt_dir/cache/archives/partial"
  echo "deb-src $options$archive $suite main" >"$apt_dir/sources.list"
  private_apt apt-get update
}

# fetch_source NAME ORIG_TARBALL SHA256: unpacks the pinned upstream tarball with Debian's patches
# into $KITH_WORK/NAME. The parts are fetched one by one because archives sometimes lack one.
fetch_source() {
  local name=$1 orig=$2 sha256=$3
  local downloads=$KITH_WORK/downloads/$name tree=$KITH_WORK/$name
  prepare_private_apt
  mkdir -p "$downloads" "$tree"
  (
    cd "$downloads"
    private_apt apt-get source --download-only --tar-only "$name"
    private_apt apt-get source --download-only --diff-only "$name" || true
    echo "$sha256  $orig" | sha256sum --check
  )
  tar -C "$tree" --strip-components=1 -xf "$downloads/$orig"

  local debian
  debian=$(find "$downloads" -name '*.debian.tar.*')
  if [[ -n $debian ]]; then
    tar -C "$tree" -xf "$debian"
    apply_series "$tree"
    note_version "$(basename "$debian" | sed 's/\.debian\.tar.*//; s/_/ /')"
  else
    note_version "$orig without Debian's patches: this archive does not have them"
  fi
}

apply_series() {
  local tree=$1 patch
  [[ -e $tree/debian/patches/series ]] || return 0
  sed 's/#.*//; /^[[:space:]]*$/d' "$tree/debian/patches/series" | while read -r patch _; do
    patch -d "$tree" -p1 <"$tree/debian/patches/$patch"
  done
}

note_version() {
  echo "$1" >>"$KITH_STAGE/VERSIONS"
}
