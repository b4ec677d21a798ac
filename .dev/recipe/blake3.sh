#!/usr/bin/env bash
# BLAKE3's C library with its SIMD code. Debian ships it inside the source of the Rust crate, which
# this unpacks without installing it. blake3_impl.h is installed too: the engine hashes subtrees.
source "$(dirname "$0")/sources.sh"

# Of the C files below, in name order: the package itself differs between processors.
sha256=ee1c3037cf4c203f4e1eb8d59b841df7111f9a5bf8e0bb28729b2e31e3886011

mkdir -p "$KITH_WORK/blake3"
cd "$KITH_WORK/blake3"
download() {
  apt-get -o APT::Sandbox::User="$(id -un)" -o Acquire::Retries=3 download librust-blake3-dev
}
download || { refresh_machine_lists && download; }
dpkg -x librust-blake3-dev_*.deb .
note_version "$(basename librust-blake3-dev_*.deb | cut -d_ -f1,2 | tr _ ' ')"

cd usr/share/cargo/registry/blake3-*/c
echo "$sha256  -" >sum
cat blake3.c blake3.h blake3_*_x86-64_unix.S blake3_dispatch.c blake3_impl.h blake3_neon.c \
  blake3_portable.c | sha256sum --check sum

sources=(blake3.c blake3_dispatch.c blake3_portable.c)
flags=()
case $(uname -m) in
  x86_64) sources+=(blake3_{sse2,sse41,avx2,avx512}_x86-64_unix.S) ;;
  aarch64)
    sources+=(blake3_neon.c)
    flags+=(-DBLAKE3_USE_NEON=1)
    ;;
esac
gcc -O2 -fPIC "${flags[@]}" -c "${sources[@]}"
ar rcs libblake3.a ./*.o

install -D -m 644 -t "$KITH_STAGE/lib" libblake3.a
install -D -m 644 -t "$KITH_STAGE/include" blake3.h blake3_impl.h
version=$(sed -n 's/^#define BLAKE3_VERSION_STRING "\(.*\)"/\1/p' blake3.h)
cat >"$KITH_STAGE/lib/pkgconfig/libblake3.pc" <<END
prefix=$KITH_STAGE
Name: libblake3
Description: BLAKE3 hash, with the internal header for hashing subtrees
Version: $version
Cflags: -I\${prefix}/include
Libs: -L\${prefix}/lib -lblake3
END
