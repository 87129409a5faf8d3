# Fails unless the README holds the first example and its output exactly.
file(READ "${SOURCE_DIR}/README.md" readme)
foreach(part first_replica.cpp first_replica.txt)
  file(READ "${SOURCE_DIR}/examples/${part}" text)
  string(FIND "${readme}" "${text}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "README.md does not show examples/${part} as it is")
  endif()
endforeach()
