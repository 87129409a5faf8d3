# Warnings and sanitizers of this project, private to it: nothing of this reaches consumers.
add_library(kigumi_build INTERFACE)
target_compile_options(kigumi_build INTERFACE -Wall -Wextra -Wpedantic -Wnon-virtual-dtor)
if(KIGUMI_WERROR)
  target_compile_options(kigumi_build INTERFACE -Werror)
endif()
if(KIGUMI_SANITIZE)
  target_compile_options(kigumi_build INTERFACE -fsanitize=${KIGUMI_SANITIZE} -fno-omit-frame-pointer
                                                -fno-sanitize-recover=all
                                                # GCC 12 warns of moves that cannot happen here.
                                                $<$<CXX_COMPILER_ID:GNU>:-Wno-maybe-uninitialized>)
  target_link_options(kigumi_build INTERFACE -fsanitize=${KIGUMI_SANITIZE})
endif()

# kigumi_room(<name> SOURCES ... PUBLIC ... PRIVATE ...): one room of the house, as the library
# kigumi::<name>. A room sees the headers of those it links and no others, so that the layering
# (clocks <- crdt <- replication <- daemon) is kept by the linker rather than by habit. All headers
# under include/ are public: they are installed if the room is part of the library
# (KigumiLibrary.cmake).
function(kigumi_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  set(target kigumi_${name})
  add_library(${target} STATIC ${ROOM_SOURCES})
  add_library(kigumi::${name} ALIAS ${target})
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/include/*.hpp)
  target_sources(${target} PUBLIC FILE_SET HEADERS BASE_DIRS include FILES ${headers})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_link_libraries(${target} PUBLIC ${ROOM_PUBLIC} PRIVATE ${ROOM_PRIVATE} kigumi_build)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON CXX_VISIBILITY_PRESET hidden
                                             VISIBILITY_INLINES_HIDDEN ON)
endfunction()
