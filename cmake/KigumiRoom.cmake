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
# (clocks <- crdt <- replication <- daemon) is kept by the linker rather than by habit.
function(kigumi_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  set(target kigumi_${name})
  add_library(${target} STATIC ${ROOM_SOURCES})
  add_library(kigumi::${name} ALIAS ${target})
  target_compile_features(${target} PUBLIC cxx_std_20)
  target_include_directories(${target} PUBLIC $<BUILD_INTERFACE:${CMAKE_CURRENT_SOURCE_DIR}/include>
                                              $<INSTALL_INTERFACE:include>)
  target_link_libraries(${target} PUBLIC ${ROOM_PUBLIC} PRIVATE ${ROOM_PRIVATE}
                                                                $<BUILD_INTERFACE:kigumi_build>)
  set_target_properties(${target} PROPERTIES POSITION_INDEPENDENT_CODE ON)
endfunction()
