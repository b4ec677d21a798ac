#!/usr/bin/env bash
# QUIC as a sans-IO library, with its helper for wolfSSL.
source "$(dirname "$0")/sources.sh"

fetch_source ngtcp2 ngtcp2_1.11.0.orig.tar.xz \
  382c15bf66b630f26021631b25b7eb1feac42c67c1d6826189d61091dfaa4d09

for patch in "$KITH_PATCHES"/ngtcp2-*.patch; do
  patch -d "$KITH_WORK/ngtcp2" -p1 --fuzz=0 <"$patch"
done

cd "$KITH_WORK/ngtcp2"
cmake -G Ninja -B build -DCMAKE_BUILD_TYPE=Release -DCMAKE_POSITION_INDEPENDENT_CODE=ON \
  -DCMAKE_C_FLAGS_RELEASE='-O2 -DNDEBUG' \
  -DCMAKE_INSTALL_PREFIX="$KITH_STAGE" -DCMAKE_INSTALL_LIBDIR=lib \
  -DCMAKE_PREFIX_PATH="$KITH_STAGE" \
  -DENABLE_LIB_ONLY=ON -DENABLE_OPENSSL=OFF -DENABLE_WOLFSSL=ON -DENABLE_SHARED_LIB=OFF
cmake --build build --target install
rm -rf "$KITH_STAGE"/{share,lib/cmake}
