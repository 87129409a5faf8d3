# `cpack -G DEB`: four packages. Configure with -DCMAKE_INSTALL_PREFIX=/usr -DBUILD_SHARED_LIBS=ON
# (`make package` does). The daemon and the tools carry the library in them, so that they depend on
# no other package of ours; what else they link is found by dpkg-shlibdeps. No maintainer scripts.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME kigumi)
set(CPACK_PACKAGE_VENDOR Kigumi)
set(CPACK_PACKAGE_CONTACT "The Kigumi developers")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_COMPONENTS_ALL runtime dev daemon tools)
set(CPACK_COMPONENTS_GROUPING ONE_PER_GROUP)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_ENABLE_COMPONENT_DEPENDS OFF)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME libkigumi${KIGUMI_SOVERSION})
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION libs)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_GENERATE_SHLIBS ON)
# A trigger tells ldconfig, as in Debian's own packages. CPack writes scripts for that, unless it is
# given some of these names; files that do not exist it leaves out.
file(WRITE ${PROJECT_BINARY_DIR}/debian/triggers "activate-noawait ldconfig\n")
set(CPACK_DEBIAN_RUNTIME_PACKAGE_CONTROL_EXTRA ${PROJECT_BINARY_DIR}/debian/triggers
    ${PROJECT_BINARY_DIR}/debian/postinst ${PROJECT_BINARY_DIR}/debian/postrm)
set(CPACK_COMPONENT_RUNTIME_DESCRIPTION "${PROJECT_DESCRIPTION} (shared libraries)")

set(CPACK_DEBIAN_DEV_PACKAGE_NAME libkigumi-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_DEV_PACKAGE_SHLIBDEPS OFF)
set(CPACK_DEBIAN_DEV_PACKAGE_DEPENDS
    "libkigumi${KIGUMI_SOVERSION} (= ${PROJECT_VERSION}), libboost-container-dev, libexpected-dev")
set(CPACK_DEBIAN_DEV_PACKAGE_SUGGESTS librapidcheck-dev)
set(CPACK_COMPONENT_DEV_DESCRIPTION "${PROJECT_DESCRIPTION} (headers)")

set(CPACK_DEBIAN_DAEMON_PACKAGE_NAME kigumid)
set(CPACK_DEBIAN_DAEMON_PACKAGE_SECTION database)
set(CPACK_COMPONENT_DAEMON_DESCRIPTION "Keeps a node's Kigumi store in step with other masters")

set(CPACK_DEBIAN_TOOLS_PACKAGE_NAME kigumi-tools)
set(CPACK_DEBIAN_TOOLS_PACKAGE_SECTION database)
set(CPACK_COMPONENT_TOOLS_DESCRIPTION "Reads, writes, checks and backs up Kigumi stores")
include(CPack)
