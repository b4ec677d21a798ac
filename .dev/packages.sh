#!/usr/bin/env bash
# Installs the Debian packages of the named group that are missing; asks for root only then.
#   packages.sh base|bench|coverage|avahi
set -euo pipefail

case $1 in
  base)
    packages=(
      # tools
      build-essential g++ clang libclang-rt-14-dev cmake ninja-build pkg-config git ccache python3
      clang-format clang-tidy b3sum doxygen
      # what building wolfSSL, ngtcp2 and BLAKE3 needs
      autoconf automake libtool dpkg-dev patch xz-utils
      # libraries
      libboost-dev libsodium-dev libflatbuffers-dev flatbuffers-compiler libsqlite3-dev
      libexpected-dev libcli11-dev nlohmann-json3-dev libfmt-dev libqrencode-dev
      # tests
      libgtest-dev libgmock-dev librapidcheck-dev libbenchmark-dev chromium iproute2
      python3-libtorrent
    )
    # Talking to iroh needs npm, which other builds of Node.js than Debian's bring with them.
    command -v npm >/dev/null || packages+=(nodejs npm)
    ;;
  bench) packages=(openssh-server openssh-client rsync socat iproute2 ethtool linux-perf) ;;
  coverage) packages=(llvm) ;;
  avahi) packages=(avahi-daemon avahi-utils dbus) ;;
  *)
    echo "packages: no group named '$1'" >&2
    exit 2
    ;;
esac

installed=$(dpkg-query --show --showformat '${db:Status-Status} ${Package}\n' "${packages[@]}" \
  2>/dev/null | sed -n 's/^installed //p' || true)
missing=()
for package in "${packages[@]}"; do
  grep -qxF "$package" <<<"$installed" || missing+=("$package")
done
((${#missing[@]})) || exit 0

as_root=()
if (($(id -u) != 0)); then
  if ! command -v sudo >/dev/null; then
    echo "packages: these are missing, and installing them needs root: ${missing[*]}" >&2
    exit 1
  fi
  as_root=(sudo)
fi
echo "packages: installing ${missing[*]}"
# A source that cannot be reached may not matter for what is missing.
"${as_root[@]}" apt-get update || echo "packages: apt-get update failed; going on" >&2
"${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=600 \
  install --yes --no-install-recommends "${missing[@]}"
