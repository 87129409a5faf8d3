#pragma once

#include <sys/types.h>

#include <cstdio>
#include <string>

/// The Python process that does the same operations, one block at a time (bindings.py).
class PythonSide {
  public:
    /// `python`: what a shell runs, the script included.
    PythonSide(const std::string& python, const std::string& arguments);
    ~PythonSide();
    PythonSide(const PythonSide&) = delete;
    PythonSide& operator=(const PythonSide&) = delete;

    /// The microseconds that a block took it; negative if there is no such process.
    double block(const std::string& operation, int from, int to);

  private:
    pid_t child_ = -1;
    std::FILE* asks_ = nullptr;
    std::FILE* answers_ = nullptr;
};
