# Compiles every schemas/<name>.fbs into <build>/generated/<name>_generated.h, included as
# "generated/<name>_generated.h". The target kith_schemas makes them all.
file(GLOB kith_schema_files CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/schemas/*.fbs)

set(kith_schema_headers)
foreach(schema IN LISTS kith_schema_files)
  cmake_path(GET schema STEM name)
  set(header ${CMAKE_BINARY_DIR}/generated/${name}_generated.h)
  add_custom_command(
    OUTPUT ${header}
    COMMAND ${KITH_FLATC} --cpp --cpp-std c++17 --scoped-enums -o ${CMAKE_BINARY_DIR}/generated
            -I ${PROJECT_SOURCE_DIR}/schemas ${schema}
    # A schema may include another, so a change in any of them recompiles all: they are few.
    DEPENDS ${kith_schema_files}
    COMMENT "flatc ${name}.fbs"
    VERBATIM)
  list(APPEND kith_schema_headers ${header})
endforeach()

add_custom_target(kith_schemas DEPENDS ${kith_schema_headers})
