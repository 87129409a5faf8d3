#include "daemons.hpp"

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <random>
#include <stdexcept>
#include <thread>

namespace kigumi::bench {
namespace {

pid_t start(const std::vector<std::string>& words, const std::filesystem::path& log) {
    const pid_t child = fork();
    if (child != 0) return child;
    if (freopen(log.c_str(), "w", stderr) == nullptr) _exit(127);
    std::vector<char*> argv;
    for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
    argv.push_back(nullptr);
    execv(argv[0], argv.data());
    _exit(127);
}

bool started(const std::filesystem::path& log) {
    std::ifstream in(log);
    for (std::string line; std::getline(in, line);)
        if (line.find("node.started") != std::string::npos) return true;
    return false;
}

}  // namespace

Daemons::Daemons(unsigned count, const std::function<void(const std::filesystem::path&)>& prepare) {
    std::string root = (std::filesystem::temp_directory_path() / "kigumi-bench-XXXXXX").string();
    if (mkdtemp(root.data()) == nullptr)
        throw std::runtime_error("cannot make a directory in " + root);
    root_ = root;
    if (prepare) prepare(directory(0));
    const auto port = 20'000 + std::random_device{}() % 20'000;
    for (unsigned i = 0; i < count; ++i) {
        std::vector<std::string> words = {KIGUMID,    "--insecure",
                                          "--data",   directory(i).string(),
                                          "--listen", "127.0.0.1:" + std::to_string(port + i)};
        for (unsigned j = 0; j < i; ++j) {
            words.push_back("--peer");
            words.push_back("127.0.0.1:" + std::to_string(port + j));
        }
        const auto log = root_ / (std::to_string(i) + ".log");
        processes_.push_back(start(words, log));
        for (int wait = 0; !started(log); ++wait) {
            if (wait == 500)
                throw std::runtime_error("kigumid does not start; see " + log.string());
            std::this_thread::sleep_for(std::chrono::milliseconds(10));
        }
    }
}

Daemons::~Daemons() {
    for (const pid_t process : processes_) kill(process, SIGTERM);
    for (const pid_t process : processes_) waitpid(process, nullptr, 0);
    std::error_code ignored;
    std::filesystem::remove_all(root_, ignored);
}

std::filesystem::path Daemons::directory(unsigned node) const {
    return root_ / std::to_string(node);
}

std::uint64_t Daemons::anonymous_bytes(unsigned node) const {
    std::ifstream in("/proc/" + std::to_string(processes_[node]) + "/status");
    for (std::string line; std::getline(in, line);)
        if (line.starts_with("RssAnon:")) return std::stoull(line.substr(8)) * 1024;
    return 0;
}

}  // namespace kigumi::bench
