# What `cmake --install` puts where. Components: runtime (shared libraries), dev (headers, static
# libraries, what find_package and pkg-config read), daemon, tools.
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)
set(KIGUMI_CMAKE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/Kigumi)

install(TARGETS kigumi_cpp EXPORT KigumiTargets
  LIBRARY COMPONENT runtime NAMELINK_COMPONENT dev
  ARCHIVE COMPONENT dev
  FILE_SET HEADERS COMPONENT dev)
# Only who asks for the testing component has to have RapidCheck.
install(TARGETS kigumi_testing EXPORT KigumiTestingTargets FILE_SET HEADERS COMPONENT dev)
install(EXPORT KigumiTestingTargets NAMESPACE Kigumi:: DESTINATION ${KIGUMI_CMAKE_DIR} COMPONENT dev)
install(EXPORT KigumiTargets NAMESPACE Kigumi:: DESTINATION ${KIGUMI_CMAKE_DIR} COMPONENT dev)

# The C library stands alone: what it is made of stays within it.
if(TARGET kigumi_c)
  install(TARGETS kigumi_c EXPORT KigumiTargets LIBRARY COMPONENT runtime NAMELINK_COMPONENT dev)
  set_target_properties(kigumi_c PROPERTIES EXPORT_NAME c)
  install(FILES ${PROJECT_SOURCE_DIR}/bindings/c/include/kigumi.h
          DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev)
endif()

get_target_property(type kigumi_cpp TYPE)
set(KIGUMI_IS_STATIC OFF)
set(KIGUMI_PC_REQUIRES "Requires.private:")
if(type STREQUAL STATIC_LIBRARY)
  set(KIGUMI_IS_STATIC ON)
  set(KIGUMI_PC_REQUIRES "Requires:")
endif()
configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/KigumiConfig.cmake.in KigumiConfig.cmake
                              INSTALL_DESTINATION ${KIGUMI_CMAKE_DIR})
# Until 1.0 every minor version may change the interface.
set(compatibility SameMajorVersion)
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(compatibility SameMinorVersion)
endif()
write_basic_package_version_file(KigumiConfigVersion.cmake COMPATIBILITY ${compatibility})
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/KigumiConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/KigumiConfigVersion.cmake
        DESTINATION ${KIGUMI_CMAKE_DIR} COMPONENT dev)

# The prefix is told from where the file lies, so that a prefix that was moved still works.
file(RELATIVE_PATH KIGUMI_PC_PREFIX /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
string(REGEX REPLACE "/$" "" KIGUMI_PC_PREFIX "${KIGUMI_PC_PREFIX}")
set(pc_files kigumi-cpp)
if(TARGET kigumi_c)
  list(APPEND pc_files kigumi)
endif()
foreach(name ${pc_files})
  configure_file(${CMAKE_CURRENT_LIST_DIR}/${name}.pc.in ${name}.pc @ONLY)
  install(FILES ${CMAKE_CURRENT_BINARY_DIR}/${name}.pc
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT dev)
endforeach()

install(TARGETS kigumid RUNTIME COMPONENT daemon)
install(TARGETS kigumi_cli RUNTIME COMPONENT tools)
install(FILES ${PROJECT_SOURCE_DIR}/daemon/kigumid/kigumid.service
        DESTINATION lib/systemd/system COMPONENT daemon)
install(FILES ${PROJECT_SOURCE_DIR}/daemon/kigumid/kigumid.sysusers
        DESTINATION lib/sysusers.d RENAME kigumid.conf COMPONENT daemon)
