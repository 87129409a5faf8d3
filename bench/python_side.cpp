#include "python_side.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

PythonSide::PythonSide(const std::string& python, const std::string& arguments) {
    int down[2];
    int up[2];
    if (pipe(down) != 0 || pipe(up) != 0) return;
    // One that cannot run is told by its missing answer.
    std::signal(SIGPIPE, SIG_IGN);
    const std::string command = "exec env " + python + " " + arguments;
    child_ = fork();
    if (child_ == 0) {
        dup2(down[0], STDIN_FILENO);
        dup2(up[1], STDOUT_FILENO);
        for (const int end : {down[0], down[1], up[0], up[1]}) close(end);
        execl("/bin/sh", "sh", "-c", command.c_str(), static_cast<char*>(nullptr));
        _exit(127);
    }
    close(down[0]);
    close(up[1]);
    asks_ = fdopen(down[1], "w");
    answers_ = fdopen(up[0], "r");
}

PythonSide::~PythonSide() {
    if (asks_ != nullptr) std::fclose(asks_);
    if (answers_ != nullptr) std::fclose(answers_);
    if (child_ > 0) waitpid(child_, nullptr, 0);
}

double PythonSide::block(const std::string& operation, int from, int to) {
    double spent = -1;
    if (asks_ == nullptr || answers_ == nullptr) return spent;
    std::fprintf(asks_, "%s %d %d\n", operation.c_str(), from, to);
    std::fflush(asks_);
    return std::fscanf(answers_, "%lf", &spent) == 1 ? spent : -1;
}
