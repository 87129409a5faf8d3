#include "kigumi/daemon/backup.hpp"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zstd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <functional>
#include <thread>
#include <vector>

#include "kigumi/daemon/restore.hpp"
#include "kigumi/replication/files.hpp"
#include "support/temp_directory.hpp"

/// A store of JSON-like values of 1 KiB is backed up and restored, in one run with what bounds
/// that: the disk (a file as large as the environment, written and synced, and read) and the codec
/// alone (the blocks of that very bundle, with as many threads). Speeds are in bytes of the
/// environment that a restore makes: the pages that a backup has to read and a restore to write.
/// They hold about 0.7 bytes of rows each, which is told beside. Then the same with a quarter of
/// the rows: memory must not depend on the size. Fails if it does.
namespace {

namespace fs = std::filesystem;
using kigumi::Object;
using kigumi::Store;
using kigumi::Value;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point begun) {
    return std::chrono::duration<double>(Clock::now() - begun).count();
}

/// What a phase tells the process that asked for it.
struct Measured {
    double seconds = 0;
    std::uint64_t rows = 0;
    std::uint64_t row_bytes = 0;
    std::uint64_t file_bytes = 0;  ///< of the bundle, or of the environment that was restored
    std::uint64_t memory = 0;      ///< most bytes beyond mapped files
};

std::uint64_t anonymous_bytes() {
    std::ifstream status("/proc/self/status");
    for (std::string line; std::getline(status, line);)
        if (line.starts_with("RssAnon:")) return std::stoull(line.substr(8)) << 10;
    return 0;
}

/// Runs a phase in a process of its own, so that its memory is its own.
Measured apart(const std::function<Measured()>& phase) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
    const pid_t child = fork();
    if (child == 0) {
        Measured found;
        try {
            std::atomic<std::uint64_t> most = 0;
            std::jthread watcher([&most](const std::stop_token& stop) {
                while (!stop.stop_requested()) {
                    most = std::max(most.load(), anonymous_bytes());
                    std::this_thread::sleep_for(std::chrono::milliseconds(5));
                }
            });
            found = phase();
            found.memory = std::max(most.load(), anonymous_bytes());
        } catch (const std::exception& error) {
            std::fprintf(stderr, "bench_backup: %s\n", error.what());
            _exit(1);
        }
        static_cast<void>(!write(ends[1], &found, sizeof found));
        _exit(0);
    }
    close(ends[1]);
    Measured found;
    const bool told = read(ends[0], &found, sizeof found) == sizeof found;
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (!told || status != 0) throw std::runtime_error("a phase failed");
    return found;
}

/// About 1 KiB that compresses as documents do.
Value document(std::uint64_t number) {
    static constexpr std::array kWords = {"oak",  "joint", "beam", "tenon",  "mortise", "dovetail",
                                          "pine", "plane", "saw",  "chisel", "wedge",   "scarf"};
    std::uint64_t noise = number * 0x9E3779B97F4A7C15U + 1;
    const auto next = [&noise] {
        noise ^= noise << 13;
        noise ^= noise >> 7;
        noise ^= noise << 17;
        return noise;
    };
    std::string note;
    while (note.size() < 800) {
        note += kWords[next() % kWords.size()];
        note += next() % 5 == 0 ? " " + std::to_string(next() % 100'000) + " " : " ";
    }
    Object object;
    object["id"] = Value(static_cast<std::int64_t>(number));
    object["price"] = Value(static_cast<double>(next() % 100'000) / 100);
    object["owner"] = Value(std::to_string(next()) + std::to_string(next()));
    object["note"] = Value(note);
    object["tags"] = Value(kigumi::Array{Value(kWords[next() % 12]), Value(kWords[next() % 12])});
    return Value(std::move(object));
}

void fill(const fs::path& directory, std::uint64_t rows) {
    const auto store = Store::open(directory).value();
    for (std::uint64_t at = 0; at < rows;) {
        auto tx = store->write().value();
        for (const std::uint64_t end = std::min(rows, at + 10'000); at < end; ++at)
            tx.reg("document-" + std::to_string(at)).assign(document(at)).value();
        tx.commit().value();
    }
}

double mb_s(std::uint64_t bytes, double seconds) {
    return static_cast<double>(bytes) / 1e6 / seconds;
}

struct Disk {
    double write_mb_s = 0;
    double read_mb_s = 0;
};

/// Writes and syncs a file of so many bytes, forgets it, and reads it. `behind`: lets the system
/// write and forget on the way (`files::write_behind`).
Disk measure_disk(const fs::path& file, std::uint64_t bytes, bool behind = false) {
    std::vector<char> block(1 << 20);
    for (std::size_t i = 0; i < block.size(); ++i)
        block[i] = static_cast<char>((i * 0x9E3779B97F4A7C15U) >> 56);
    Disk disk;
    const int out = open(file.c_str(), O_RDWR | O_CREAT | O_TRUNC, 0600);
    auto begun = Clock::now();
    for (std::uint64_t at = 0; at < bytes; at += block.size()) {
        if (write(out, block.data(), block.size()) != static_cast<ssize_t>(block.size()))
            throw std::runtime_error("the disk is full");
        if (behind && at % (4 * block.size()) == 0) kigumi::files::write_behind(out);
    }
    fsync(out);
    disk.write_mb_s = mb_s(bytes, seconds_since(begun));
    posix_fadvise(out, 0, 0, POSIX_FADV_DONTNEED);
    lseek(out, 0, SEEK_SET);
    begun = Clock::now();
    while (read(out, block.data(), block.size()) > 0) continue;
    disk.read_mb_s = mb_s(bytes, seconds_since(begun));
    close(out);
    fs::remove(file);
    return disk;
}

/// A block of a bundle (docs/format/bundle.md).
struct Block {
    std::uint64_t offset;
    std::uint32_t stored;
    std::uint32_t raw;
};

std::uint32_t read_u32(const unsigned char* bytes) {
    return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
           std::uint32_t{bytes[2]} << 8 | bytes[3];
}

std::vector<Block> blocks_of(int file) {
    std::vector<Block> blocks;
    std::array<unsigned char, 16> header{};
    for (std::uint64_t at = 8; pread(file, header.data(), header.size(), static_cast<off_t>(at)) ==
                               static_cast<ssize_t>(header.size());) {
        const Block block{at + header.size(), read_u32(header.data()), read_u32(&header[4])};
        blocks.push_back(block);
        at = block.offset + block.stored;
    }
    return blocks;
}

/// Decompresses all blocks with so many threads, and compresses them again if asked to.
double codec_seconds(int file, const std::vector<Block>& blocks, bool compress) {
    const auto begun = Clock::now();
    std::atomic<std::size_t> next = 0;
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < std::clamp(std::thread::hardware_concurrency(), 1U, 4U); ++i)
        threads.emplace_back([&] {
            std::string stored;
            std::string raw;
            std::string again;
            for (std::size_t at = next++; at < blocks.size(); at = next++) {
                const Block& block = blocks[at];
                stored.resize(block.stored);
                raw.resize(block.raw);
                again.resize(ZSTD_compressBound(block.raw));
                static_cast<void>(
                    !pread(file, stored.data(), stored.size(), static_cast<off_t>(block.offset)));
                ZSTD_decompress(raw.data(), raw.size(), stored.data(), stored.size());
                if (compress) ZSTD_compress(again.data(), again.size(), raw.data(), raw.size(), 1);
            }
        });
    threads.clear();
    return seconds_since(begun);
}

/// Most memory of a backup and of a restore.
std::uint64_t run(std::uint64_t rows) {
    const kigumi::TempDirectory scratch;
    const fs::path node = scratch.path() / "node";
    const fs::path target = scratch.path() / "target";
    apart([&] {
        fill(node, rows);
        return Measured();
    });
    // Before as well as after, and the better counts: memory that a virtual machine has not touched
    // yet costs whoever comes first.
    const Disk before = measure_disk(scratch.path() / "disk", fs::file_size(node / "data.mdb"));
    const Measured backed = apart([&] {
        const auto store = Store::open(node).value();
        kigumi::backup::Request request;
        request.target = target;
        const auto report = kigumi::backup::run(*store, request).value();
        return Measured{report.seconds, report.entry.rows, report.entry.row_bytes,
                        report.entry.bytes, 0};
    });
    const Measured restored = apart([&] {
        const auto report = kigumi::backup::restore({target, scratch.path() / "new", {}}).value();
        return Measured{report.seconds, report.rows, report.row_bytes,
                        fs::file_size(scratch.path() / "new" / "data.mdb"), 0};
    });
    fs::remove_all(scratch.path() / "new");
    const std::uint64_t bytes = restored.file_bytes;
    const Disk after = measure_disk(scratch.path() / "disk", bytes);
    const Disk behind = measure_disk(scratch.path() / "disk", bytes, true);
    const double write_mb_s = std::max(before.write_mb_s, after.write_mb_s);
    const double read_mb_s = std::max(before.read_mb_s, after.read_mb_s);
    const auto entry = kigumi::backup::read_manifest(target).value().entries.front();
    const int file = open((target / entry.file).c_str(), O_RDONLY);
    const auto blocks = blocks_of(file);
    std::uint64_t raw_bytes = 0;
    for (const Block& block : blocks) raw_bytes += block.raw;
    const double decompress_s = codec_seconds(file, blocks, false);
    const double compress_s = codec_seconds(file, blocks, true) - decompress_s;
    close(file);

    std::printf("%llu rows of %.2f GB, an environment of %.2f GB, a bundle of %.2f GB\n",
                static_cast<unsigned long long>(backed.rows),
                static_cast<double>(backed.row_bytes) / 1e9, static_cast<double>(bytes) / 1e9,
                static_cast<double>(backed.file_bytes) / 1e9);
    std::printf("disk     write %.0f MB/s (%.0f if written behind), read %.0f MB/s\n", write_mb_s,
                behind.write_mb_s, read_mb_s);
    std::printf("codec    compress %.0f MB/s, decompress %.0f MB/s\n", mb_s(raw_bytes, compress_s),
                mb_s(raw_bytes, decompress_s));
    const auto report = [bytes](const char* name, const Measured& took, double disk_mb_s,
                                double codec_mb_s) {
        const double own = mb_s(bytes, took.seconds);
        const double bound = std::min(disk_mb_s, codec_mb_s);
        std::printf(
            "%-8s %.0f MB/s (rows: %.0f) in %.2f s: %.2f of the lower of disk and codec; "
            "%.1f MiB\n",
            name, own, mb_s(took.row_bytes, took.seconds), took.seconds, own / bound,
            static_cast<double>(took.memory) / (1 << 20));
    };
    report("backup", backed, write_mb_s, mb_s(raw_bytes, compress_s));
    report("restore", restored, write_mb_s, mb_s(raw_bytes, decompress_s));
    return std::max(backed.memory, restored.memory);
}

}  // namespace

int main(int argc, char** argv) {
    double gigabytes = 0.25;
    CLI::App app("bench_backup: backs up and restores, beside what bounds that");
    app.add_option("GB", gigabytes, "size of the environment, about")->capture_default_str();
    CLI11_PARSE(app, argc, argv);
    try {
        const auto rows = static_cast<std::uint64_t>(gigabytes * 1e9 / 1'080);
        const std::uint64_t quarter = run(rows / 4);
        const std::uint64_t whole = run(rows);
        const bool constant = whole < quarter + (std::uint64_t{32} << 20);
        std::printf("most memory: %.1f MiB for a quarter, %.1f MiB for all: %s\n",
                    static_cast<double>(quarter) / (1 << 20),
                    static_cast<double>(whole) / (1 << 20), constant ? "ok" : "FAILED");
        return constant ? 0 : 1;
    } catch (const std::exception& error) {
        std::fprintf(stderr, "bench_backup: %s\n", error.what());
        return 1;
    }
}
