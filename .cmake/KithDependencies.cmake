# Finds everything kith links. wolfSSL, ngtcp2 and BLAKE3 come from the prefix that `./dev deps`
# built, or from the system when KITH_DEPS_PREFIX is empty or does not hold them.
if(NOT DEFINED KITH_DEPS_PREFIX)
  execute_process(
    COMMAND ${PROJECT_SOURCE_DIR}/.dev/libraries.sh --prefix
    OUTPUT_VARIABLE kith_default_prefix OUTPUT_STRIP_TRAILING_WHITESPACE)
endif()
set(KITH_DEPS_PREFIX "${kith_default_prefix}"
    CACHE PATH "Where wolfSSL, ngtcp2 and BLAKE3 were installed by ./dev deps")
list(PREPEND CMAKE_PREFIX_PATH ${KITH_DEPS_PREFIX})

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_package(fmt REQUIRED)
find_package(tl-expected REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(FlatBuffers NAMES flatbuffers FlatBuffers REQUIRED)
find_program(KITH_FLATC flatc REQUIRED)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(qrencode REQUIRED IMPORTED_TARGET libqrencode)

set(kith_prefix_hint "run ./dev deps, or set KITH_DEPS_PREFIX to a prefix that holds it")
foreach(module wolfssl>=5.7.2 libngtcp2>=1.11 libngtcp2_crypto_wolfssl>=1.11 libblake3)
  string(REGEX REPLACE ">=.*" "" name ${module})
  pkg_check_modules(${name} QUIET IMPORTED_TARGET ${module})
  if(NOT ${name}_FOUND)
    message(FATAL_ERROR "${module} was not found: ${kith_prefix_hint}")
  endif()
endforeach()

# A wolfSSL built otherwise compiles and links, and then fails every handshake or is not
# deterministic; say so here instead.
include(CheckCXXSourceCompiles)
function(kith_require_wolfssl macro meaning)
  set(CMAKE_REQUIRED_LIBRARIES PkgConfig::wolfssl)
  set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
  check_cxx_source_compiles("
    #include <wolfssl/options.h>
    #ifndef ${macro}
    #error missing
    #endif
    " kith_wolfssl_has_${macro})
  if(NOT kith_wolfssl_has_${macro})
    unset(kith_wolfssl_has_${macro} CACHE)
    message(FATAL_ERROR "The wolfSSL found in ${wolfssl_PREFIX} was built without ${meaning} "
                        "(${macro} is not defined): ${kith_prefix_hint}")
  endif()
endfunction()
kith_require_wolfssl(WOLFSSL_QUIC "QUIC")
kith_require_wolfssl(HAVE_RPK "raw public keys")
kith_require_wolfssl(CUSTOM_RAND_GENERATE_BLOCK "kith's randomness hook")
kith_require_wolfssl(USER_TICKS "kith's clock hook")
