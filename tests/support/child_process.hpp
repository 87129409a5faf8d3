#pragma once

#include <string>
#include <vector>

namespace kigumi {

/// A program started by a test: its output is collected, and it is gone when the object is.
class ChildProcess {
  public:
    /// `environment`: `NAME=value`, added to the test's own.
    ChildProcess(const std::vector<std::string>& command,
                 const std::vector<std::string>& environment = {});
    ~ChildProcess();
    ChildProcess(const ChildProcess&) = delete;
    ChildProcess& operator=(const ChildProcess&) = delete;

    /// The next line of its standard output; empty at the end.
    std::string line();
    /// Waits for the end; its exit status, or minus the signal that killed it.
    int wait();
    void kill();

  private:
    int process_ = -1;
    int output_ = -1;
    std::string pending_;
};

}  // namespace kigumi
