# The library that is installed: the rooms that an application can use, in one file. Static, or
# shared with BUILD_SHARED_LIBS. `libkigumi` is the C library's name; this is `libkigumi-cpp`.
set(KIGUMI_LIBRARY_ROOMS kigumi::node kigumi::backup)

# Until 1.0 every minor version may change the interface, so it is part of the shared library's name.
set(KIGUMI_SOVERSION ${PROJECT_VERSION_MAJOR})
if(PROJECT_VERSION_MAJOR EQUAL 0)
  string(APPEND KIGUMI_SOVERSION .${PROJECT_VERSION_MINOR})
endif()

# Adds to the list `rooms` those that `room` links, and itself.
function(kigumi_collect_rooms room)
  if(NOT room MATCHES "^kigumi::")
    return()
  endif()
  get_target_property(links ${room} LINK_LIBRARIES)
  foreach(link ${links})
    kigumi_collect_rooms(${link})
  endforeach()
  list(APPEND rooms ${room})
  list(REMOVE_DUPLICATES rooms)
  set(rooms ${rooms} PARENT_SCOPE)
endfunction()

set(rooms)
foreach(room ${KIGUMI_LIBRARY_ROOMS})
  kigumi_collect_rooms(${room})
endforeach()

add_library(kigumi_cpp)
add_library(Kigumi::kigumi ALIAS kigumi_cpp)
foreach(room ${rooms})
  get_target_property(headers ${room} HEADER_SET)
  get_target_property(directories ${room} HEADER_DIRS)
  target_sources(kigumi_cpp PRIVATE $<TARGET_OBJECTS:${room}>
                 PUBLIC FILE_SET HEADERS BASE_DIRS ${directories} FILES ${headers})
endforeach()
target_compile_features(kigumi_cpp PUBLIC cxx_std_20)
# What the headers need is PUBLIC; the rest a consumer meets only when it links the static library.
target_link_libraries(kigumi_cpp
  PUBLIC Boost::headers tl::expected
  PRIVATE PkgConfig::LMDB PkgConfig::SODIUM PkgConfig::XXHASH PkgConfig::ZMQ PkgConfig::ZSTD
          Threads::Threads $<BUILD_INTERFACE:kigumi_build>)
if(NOT KIGUMI_SANITIZE)
  target_link_options(kigumi_cpp PRIVATE -Wl,--no-undefined)
endif()
set_target_properties(kigumi_cpp PROPERTIES
  OUTPUT_NAME kigumi-cpp EXPORT_NAME kigumi LINKER_LANGUAGE CXX
  VERSION ${PROJECT_VERSION} SOVERSION ${KIGUMI_SOVERSION})
