#!/usr/bin/env bash
# TLS 1.3 for QUIC with raw public keys and external PSKs; packet protection.
source "$(dirname "$0")/sources.sh"

fetch_source wolfssl wolfssl_5.7.2.orig.tar.gz \
  0f2ed82e345b833242705bbc4b08a2a2037a33f7bf9c610efae6464f6b10e305
for patch in "$KITH_PATCHES"/wolfssl-*.patch; do
  patch -d "$KITH_WORK/wolfssl" -p1 --fuzz=0 <"$patch"
done

case $(uname -m) in
  x86_64) assembly=--enable-intelasm ;;
  aarch64) assembly=--enable-armasm ;;
  *) assembly= ;;
esac

# Randomness and time come from functions that kith's engine defines at link time; see
# patches/wolfssl-declare-random-hook.patch for their signatures.
hooks=(
  -DCUSTOM_RAND_GENERATE_BLOCK=kith_rand_generate_block
  -DCUSTOM_RAND_GENERATE_SEED=kith_rand_generate_block
  -DUSER_TICKS
)

cd "$KITH_WORK/wolfssl"
autoreconf -i
./configure --prefix="$KITH_STAGE" --libdir="$KITH_STAGE/lib" \
  --enable-quic $assembly --enable-rpk --enable-ed25519 --enable-curve25519 --enable-certgen \
  --enable-keying-material --enable-cryptocb --enable-session-ticket \
  --enable-ticket-nonce-malloc --enable-earlydata --enable-psk --enable-altcertchains \
  --disable-hashdrbg --disable-examples --disable-crypttests \
  --enable-static --disable-shared --with-pic CPPFLAGS="${hooks[*]}" CFLAGS=-O2
make -j"$(nproc)"
make install
rm -rf "$KITH_STAGE"/{bin,share,lib/cmake,lib/*.la}
