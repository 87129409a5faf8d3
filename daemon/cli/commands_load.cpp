#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>

#include "command.hpp"
#include "kigumi/crdt/json.hpp"
#include "load.hpp"

namespace kigumi::cli {
namespace {

/// How far a load has come, on standard error, if a person is watching.
class ProgressBar {
  public:
    /// `total_bytes`: 0 if the length of the input is not known.
    explicit ProgressBar(std::uint64_t total_bytes)
        : total_bytes_(total_bytes), watched_(isatty(STDERR_FILENO) == 1) {}
    ~ProgressBar() {
        if (drawn_) std::fputs("\r\x1b[K", stderr);
    }
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    void show(const LoadProgress& progress) {
        if (!watched_) return;
        drawn_ = true;
        std::string bar;
        if (total_bytes_ > 0) {
            const auto filled = static_cast<std::size_t>(std::min(progress.bytes, total_bytes_) *
                                                         kWidth / total_bytes_);
            bar = "[" + std::string(filled, '#') + std::string(kWidth - filled, ' ') + "] ";
        }
        std::fprintf(stderr, "\r\x1b[K%s%llu lines", bar.c_str(),
                     static_cast<unsigned long long>(progress.lines));
    }

  private:
    static constexpr std::size_t kWidth = 40;

    const std::uint64_t total_bytes_;
    const bool watched_;
    bool drawn_ = false;
};

Result<Answer> load_from(Session& session, std::istream& in, std::uint64_t total_bytes) {
    ProgressBar bar(total_bytes);
    KIGUMI_TRY(const std::uint64_t lines,
               load_lines(*session.store, session.bucket, in,
                          [&bar](const LoadProgress& progress) { bar.show(progress); }));
    session.out.line(std::to_string(lines));
    return Answer::kYes;
}

}  // namespace

Result<Answer> load(Session& session) {
    const std::string& path = session.args[0];
    if (path == "-") {
        std::ios::sync_with_stdio(false);
        return load_from(session, std::cin, 0);
    }
    std::ifstream file(path, std::ios::binary);
    if (!file)
        return fail(ErrorCode::kNotFound,
                    "cannot open " + json_string(path) + ": " + std::strerror(errno) +
                        "; name a file of JSON lines, or - for the standard input");
    std::error_code unknown;
    const std::uint64_t size = std::filesystem::file_size(path, unknown);
    return load_from(session, file, unknown ? 0 : size);
}

}  // namespace kigumi::cli
