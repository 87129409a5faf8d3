#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace kigumi {

/// A program that a test runs beside itself. All its output goes to a file. It is killed with its
/// object, or with the test.
class Process {
  public:
    /// `command[0]` is a path. `environment`: `NAME=value`, added to the test's own.
    Process(std::vector<std::string> command, std::filesystem::path output,
            std::vector<std::string> environment = {});
    ~Process();
    Process(const Process&) = delete;
    Process& operator=(const Process&) = delete;

    pid_t pid() const { return pid_; }
    bool running() { return !wait_for(std::chrono::milliseconds(0)); }
    void signal(int number) const;
    /// SIGKILL, and waits until it is gone.
    void kill();
    /// The exit status, or minus the signal that ended it; nothing if it still runs by then.
    std::optional<int> wait_for(std::chrono::milliseconds limit);
    /// What it has put out so far.
    std::string output() const;
    /// The rest of the line behind the first `mark` in the output; empty if it does not come.
    std::string wait_for_output(const std::string& mark);

  private:
    pid_t pid_ = -1;
    std::optional<int> status_;
    std::filesystem::path output_;
};

/// Calls `condition` every few milliseconds until it is true or the time is over.
template <class Condition>
bool eventually(std::chrono::milliseconds limit, Condition&& condition);

void sleep_for_ms(int ms);

template <class Condition>
bool eventually(std::chrono::milliseconds limit, Condition&& condition) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > end) return false;
        sleep_for_ms(2);
    }
    return true;
}

}  // namespace kigumi
