# Adds each named sub folder that has a CMakeLists.txt, in the order given: the order of the list is
# the order of the layers, lowest first.
function(kith_add_subdirectories)
  foreach(folder IN LISTS ARGN)
    if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt)
      add_subdirectory(${folder})
    endif()
  endforeach()
endfunction()

# A static library kith_<name> with the alias kith::<name>. Its folders add sources to it with
# target_sources(); kith_finish_library() must follow them.
function(kith_add_library name)
  add_library(kith_${name} STATIC)
  add_library(kith::${name} ALIAS kith_${name})
  set_target_properties(kith_${name} PROPERTIES EXPORT_NAME ${name})
  target_compile_features(kith_${name} PUBLIC cxx_std_20)
  target_include_directories(kith_${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
  # The public headers, where it has any; they alone are installed.
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/include)
    target_include_directories(kith_${name} PUBLIC
      $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:include>)
  endif()
  add_dependencies(kith_${name} kith_schemas)
endfunction()

# CMake refuses a library without sources, which is what a folder with nothing in it yet would give.
function(kith_finish_library name)
  get_target_property(sources kith_${name} SOURCES)
  if(NOT sources)
    set(empty ${CMAKE_CURRENT_BINARY_DIR}/empty.cc)
    file(CONFIGURE OUTPUT ${empty} CONTENT "")
    target_sources(kith_${name} PRIVATE ${empty})
  endif()
endfunction()
