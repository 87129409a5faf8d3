#include "support/process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>
#include <sstream>
#include <thread>

namespace kigumi {

void sleep_for_ms(int ms) { std::this_thread::sleep_for(std::chrono::milliseconds(ms)); }

Process::Process(std::vector<std::string> command, std::filesystem::path output,
                 std::vector<std::string> environment)
    : output_(std::move(output)) {
    std::vector<char*> arguments;
    for (std::string& word : command) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    std::vector<char*> variables;
    for (std::string& variable : environment) variables.push_back(variable.data());
    for (char** variable = environ; *variable != nullptr; ++variable)
        variables.push_back(*variable);
    variables.push_back(nullptr);
    // Appended to: a daemon that is started again goes on in the same log.
    const int file = open(output_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    pid_ = fork();
    if (pid_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(file, STDOUT_FILENO);
        dup2(file, STDERR_FILENO);
        execve(arguments[0], arguments.data(), variables.data());
        _exit(127);
    }
    close(file);
}

Process::~Process() { kill(); }

void Process::signal(int number) const {
    if (!status_) ::kill(pid_, number);
}

void Process::kill() {
    signal(SIGKILL);
    static_cast<void>(wait_for(std::chrono::seconds(10)));
}

std::optional<int> Process::wait_for(std::chrono::milliseconds limit) {
    eventually(limit, [this] {
        int status = 0;
        if (!status_ && waitpid(pid_, &status, WNOHANG) == pid_)
            status_ = WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
        return status_.has_value();
    });
    return status_;
}

std::string Process::output() const {
    std::ostringstream text;
    text << std::ifstream(output_).rdbuf();
    return text.str();
}

std::string Process::wait_for_output(const std::string& mark) {
    std::string found;
    eventually(std::chrono::seconds(10), [&] {
        const std::string text = output();
        const auto at = text.rfind(mark);
        const auto end = text.find('\n', at);
        if (at != std::string::npos && end != std::string::npos)
            found = text.substr(at + mark.size(), end - at - mark.size());
        return !found.empty() || !running();
    });
    return found;
}

}  // namespace kigumi
