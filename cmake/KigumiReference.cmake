# The target `reference`: the public headers as HTML, by Doxygen (`make reference` installs it).
# Every type, every function that is no member and every constant has to say what it is, and nothing
# in a comment may lead nowhere; members may speak by their names.
get_target_property(KIGUMI_REFERENCE_INPUT kigumi_cpp HEADER_DIRS)
list(APPEND KIGUMI_REFERENCE_INPUT ${PROJECT_SOURCE_DIR}/testing/include)
if(EXISTS ${PROJECT_SOURCE_DIR}/bindings/c/include)
  list(APPEND KIGUMI_REFERENCE_INPUT ${PROJECT_SOURCE_DIR}/bindings/c/include)
endif()
list(JOIN KIGUMI_REFERENCE_INPUT " " KIGUMI_REFERENCE_INPUT)
configure_file(${PROJECT_SOURCE_DIR}/docs/Doxyfile.in ${PROJECT_BINARY_DIR}/Doxyfile @ONLY)
add_custom_target(reference
  COMMAND ${CMAKE_COMMAND} -DBINARY_DIR=${PROJECT_BINARY_DIR}
          -P ${CMAKE_CURRENT_LIST_DIR}/MakeReference.cmake
  COMMENT "Writing the reference" VERBATIM)

# Where Doxygen is, a test that nothing public goes without a comment; it takes seconds.
find_program(KIGUMI_DOXYGEN doxygen)
mark_as_advanced(KIGUMI_DOXYGEN)
if(KIGUMI_TESTS AND KIGUMI_DOXYGEN)
  add_test(NAME reference COMMAND ${CMAKE_COMMAND} -DBINARY_DIR=${PROJECT_BINARY_DIR}
                                  -P ${CMAKE_CURRENT_LIST_DIR}/MakeReference.cmake)
  set_tests_properties(reference PROPERTIES LABELS unit TIMEOUT 120)
endif()
