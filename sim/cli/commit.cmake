# Writes the commit of the source tree into a header, and touches it only when that changed.
cmake_minimum_required(VERSION 3.22)
execute_process(
  COMMAND git describe --always --dirty --abbrev=12
  WORKING_DIRECTORY ${KITH_SOURCE} OUTPUT_VARIABLE commit ERROR_QUIET
  OUTPUT_STRIP_TRAILING_WHITESPACE)
if(NOT commit)
  set(commit unknown)
endif()
file(CONFIGURE OUTPUT ${KITH_HEADER} @ONLY CONTENT
"#pragma once
#define KITH_COMMIT \"@commit@\"
")
