#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include "kigumi/replication/store.hpp"
#include "support/temp_directory.hpp"

/// How long a store takes to open after its writer was killed in the middle of a transaction: it
/// has nothing to replay, whatever its size. Each opening is that of a fresh process, with the
/// store's pages dropped from the page cache.
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kValueBytes = 1'000;
constexpr int kRuns = 9;

/// Writes registers until the file has that size, says so with one byte, and goes on in one
/// transaction without end.
[[noreturn]] void write_until_killed(const std::filesystem::path& directory, std::uint64_t bytes,
                                     int told) {
    const auto store = kigumi::Store::open(directory).value();
    const std::string value(kValueBytes, 'v');
    std::uint64_t number = 0;
    const auto write_some = [&](kigumi::WriteTransaction& tx) {
        for (int i = 0; i < 20'000; ++i)
            tx.reg("key-" + std::to_string(number++)).assign(value).value();
    };
    while (store->usage().value().file_bytes < bytes) {
        auto tx = store->write().value();
        write_some(tx);
        tx.commit().value();
    }
    auto tx = store->write().value();
    write_some(tx);
    if (write(told, "x", 1) != 1) _exit(1);
    for (;;) {
        // Overwriting what the transaction has written does not make it larger.
        tx.reg("key-0").assign(value + std::to_string(++number)).value();
    }
}

/// Builds the store and kills its writer.
void build(const std::filesystem::path& directory, std::uint64_t bytes) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("cannot make a pipe");
    const pid_t writer = fork();
    if (writer == 0) write_until_killed(directory, bytes, ends[1]);
    close(ends[1]);
    char said = 0;
    const bool built = read(ends[0], &said, 1) == 1;
    close(ends[0]);
    kill(writer, SIGKILL);
    waitpid(writer, nullptr, 0);
    if (!built) throw std::runtime_error("the store could not be built");
}

void drop_from_cache(const std::filesystem::path& file) {
    const int fd = open(file.c_str(), O_RDONLY | O_CLOEXEC);
    fsync(fd);
    posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
}

/// Milliseconds until a fresh process can read and write.
double open_in_new_process(const std::filesystem::path& directory) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("cannot make a pipe");
    const pid_t child = fork();
    if (child == 0) {
        const auto begun = Clock::now();
        const auto store = kigumi::Store::open(directory).value();
        if (!store->read().value().reg("key-1").get().value()) _exit(1);
        auto tx = store->write().value();
        const double ms = std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
        _exit(write(ends[1], &ms, sizeof ms) == sizeof ms ? 0 : 1);
    }
    close(ends[1]);
    double ms = 0;
    const bool opened = read(ends[0], &ms, sizeof ms) == sizeof ms;
    close(ends[0]);
    waitpid(child, nullptr, 0);
    if (!opened) throw std::runtime_error("the store could not be opened");
    return ms;
}

}  // namespace

int main(int argc, char** argv) {
    const double gigabytes = argc > 1 ? std::atof(argv[1]) : 0.25;
    if (gigabytes <= 0 || gigabytes > 1'000) {
        std::fprintf(stderr, "bench_open: the argument is a size in GB, for example 2\n");
        return 2;
    }
    try {
        const kigumi::TempDirectory scratch;
        const auto directory = scratch.path() / "store";
        build(directory, static_cast<std::uint64_t>(gigabytes * 1e9));
        const auto size = std::filesystem::file_size(directory / "data.mdb");
        std::vector<double> times;
        for (int run = 0; run < kRuns; ++run) {
            drop_from_cache(directory / "data.mdb");
            times.push_back(open_in_new_process(directory));
        }
        std::sort(times.begin(), times.end());
        std::printf(
            "%.2f GB, writer killed in a transaction: opened, read and ready to write after "
            "%.1f ms (of %d runs: %.1f to %.1f ms)\n",
            static_cast<double>(size) / 1e9, times[kRuns / 2], kRuns, times.front(), times.back());
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_open: %s\n", error.what());
        return 1;
    }
    return 0;
}
