# Compiler settings for kith's own code. Dependencies are imported targets, whose headers are
# system headers and therefore outside these warnings.
find_program(KITH_CCACHE ccache)
if(KITH_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${KITH_CCACHE})
endif()

# -g1 keeps function names and lines for backtraces and profiles at a small cost in size.
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -g1 -DNDEBUG")

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion)
if(KITH_WERROR)
  add_compile_options(-Werror)
endif()

# Compilers may fuse a*b+c on some processors, which would give them different trace hashes.
add_compile_options(-ffp-contract=off)

if(KITH_SANITIZE)
  add_compile_options(-fsanitize=${KITH_SANITIZE} -fno-sanitize-recover=all
                      -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${KITH_SANITIZE})
  # With sanitizers gcc 12 takes members of std::variant for uninitialized where they are not.
  add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
endif()
if(KITH_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
