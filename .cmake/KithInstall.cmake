# What `cmake --install` copies: the programs, the scenarios that kith-sim knows by name, and all
# that find_package(kith) needs to link kith::engine, kith::io and kith::sim. The prefix may move.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

install(TARGETS kith kith-echo kith-sim RUNTIME)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/sim/scenarios DESTINATION ${CMAKE_INSTALL_DATADIR}/kith)
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})
# What kith-sim refers to when it refuses a file.
install(FILES ${PROJECT_SOURCE_DIR}/sim/README.md DESTINATION ${CMAKE_INSTALL_DOCDIR}/sim)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/schemas DESTINATION ${CMAKE_INSTALL_DOCDIR}
  FILES_MATCHING PATTERN "*.md")

install(TARGETS kith_engine kith_io EXPORT kithTargets ARCHIVE)
foreach(library engine io)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${library}/include/ TYPE INCLUDE
          FILES_MATCHING PATTERN *.h)
endforeach()

# Who writes workloads and checkers of her own sees what the simulator itself is made of, so its
# headers and those of the engine's parts stand apart from the public ones.
install(TARGETS kith_sim EXPORT kithSimTargets ARCHIVE INCLUDES DESTINATION include/kith-sim)
foreach(library engine sim)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${library} DESTINATION include/kith-sim
          FILES_MATCHING PATTERN *.h PATTERN include EXCLUDE)
endforeach()
# The only foreign header that they include and no package of the system has.
find_file(kith_blake3_header blake3.h PATHS ${libblake3_INCLUDE_DIRS} REQUIRED)
install(FILES ${kith_blake3_header} DESTINATION include/kith-sim)

# Archives of libraries that are built for kith alone come along, in a folder of their own where no
# -l finds them by accident. One that the system provides instead is looked up there again.
set(kith_archives)
set(kith_modules libsodium)
foreach(module libngtcp2_crypto_wolfssl libngtcp2 wolfssl libblake3)
  list(GET ${module}_LINK_LIBRARIES 0 file)
  cmake_path(GET file FILENAME name)
  if(name MATCHES "\\.a$")
    list(APPEND kith_archives ${name})
    install(FILES ${file} DESTINATION ${CMAKE_INSTALL_LIBDIR}/kith)
  else()
    list(APPEND kith_modules ${module})
  endif()
endforeach()

set(kith_cmake_folder ${CMAKE_INSTALL_LIBDIR}/cmake/kith)
set(kith_archive_folder ${CMAKE_INSTALL_LIBDIR}/kith)
configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/kithConfig.cmake.in ${PROJECT_BINARY_DIR}/kithConfig.cmake
  INSTALL_DESTINATION ${kith_cmake_folder} PATH_VARS kith_archive_folder)
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/kithConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/kithConfig.cmake ${PROJECT_BINARY_DIR}/kithConfigVersion.cmake
        DESTINATION ${kith_cmake_folder})
install(EXPORT kithTargets NAMESPACE kith:: DESTINATION ${kith_cmake_folder})
install(EXPORT kithSimTargets NAMESPACE kith:: DESTINATION ${kith_cmake_folder})
