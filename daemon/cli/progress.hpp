#pragma once

#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>

namespace kigumi::cli {

/// How far a long work has come, on standard error, if a person is watching.
class ProgressBar {
  public:
    ProgressBar() : watched_(isatty(STDERR_FILENO) == 1) {}
    ~ProgressBar() {
        if (drawn_) std::fputs("\r\x1b[K", stderr);
    }
    ProgressBar(const ProgressBar&) = delete;
    ProgressBar& operator=(const ProgressBar&) = delete;

    /// `total`: 0 if it is not known.
    void show(std::uint64_t done, std::uint64_t total, const std::string& what) {
        if (!watched_) return;
        drawn_ = true;
        std::string bar;
        if (total > 0) {
            const auto filled = static_cast<std::size_t>(
                static_cast<double>(std::min(done, total)) * kWidth / static_cast<double>(total));
            bar = "[" + std::string(filled, '#') + std::string(kWidth - filled, ' ') + "] ";
        }
        std::fprintf(stderr, "\r\x1b[K%s%s", bar.c_str(), what.c_str());
    }

  private:
    static constexpr std::size_t kWidth = 40;

    const bool watched_;
    bool drawn_ = false;
};

}  // namespace kigumi::cli
