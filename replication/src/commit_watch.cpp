#include "kigumi/replication/commit_watch.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <limits>

#include "commit_mark.hpp"

namespace kigumi {
namespace {

constexpr long kNanosecond = 1'000'000'000;
constexpr long kPoll = 20'000'000;

tl::unexpected<Error> cannot_watch(const Store& store) {
    return fail(ErrorCode::kIo, "cannot watch for commits in " + store.directory().string() + ": " +
                                    std::strerror(errno));
}

/// -1 if the system has no more watches to give.
files::Descriptor listen_for_notes(const std::filesystem::path& directory) {
    files::Descriptor notes(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
    const auto note = CommitMark::path_in(directory);
    if (notes.get() >= 0 && inotify_add_watch(notes.get(), note.c_str(), IN_MODIFY) >= 0)
        return notes;
    return files::Descriptor();
}

bool add(const files::Descriptor& wake, const files::Descriptor& other) {
    epoll_event readable{};
    readable.events = EPOLLIN;
    return epoll_ctl(wake.get(), EPOLL_CTL_ADD, other.get(), &readable) == 0;
}

void drain(const files::Descriptor& from) {
    std::array<char, 4096> bytes{};
    while (from.get() >= 0 && read(from.get(), bytes.data(), bytes.size()) > 0) {
    }
}

}  // namespace

Result<CommitWatch> CommitWatch::open(Store& store) {
    if (store.directory().empty())
        return fail(ErrorCode::kInvalidArgument, "a store in memory cannot be watched");
    CommitWatch watch;
    watch.wake_ = files::Descriptor(epoll_create1(EPOLL_CLOEXEC));
    watch.timer_ = files::Descriptor(timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC));
    if (watch.wake_.get() < 0 || watch.timer_.get() < 0 || !add(watch.wake_, watch.timer_))
        return cannot_watch(store);
    watch.notes_ = listen_for_notes(store.directory());
    if (watch.notes_.get() >= 0 && !add(watch.wake_, watch.notes_)) return cannot_watch(store);
    const long every = watch.notes_.get() >= 0 ? kNanosecond : kPoll;
    itimerspec spec{};
    spec.it_interval = {every / kNanosecond, every % kNanosecond};
    spec.it_value = spec.it_interval;
    if (timerfd_settime(watch.timer_.get(), 0, &spec, nullptr) != 0) return cannot_watch(store);
    return watch;
}

void CommitWatch::take() {
    drain(notes_);
    drain(timer_);
}

bool CommitWatch::wait(std::int64_t timeout_ms) const {
    using Clock = std::chrono::steady_clock;
    constexpr std::int64_t kLongest = std::numeric_limits<int>::max();
    const auto begun = Clock::now();
    for (;;) {
        const auto spent =
            std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begun).count();
        const std::int64_t left = std::clamp(timeout_ms - spent, std::int64_t{0}, kLongest);
        pollfd readable{wake_.get(), POLLIN, 0};
        const int ready = poll(&readable, 1, timeout_ms < 0 ? -1 : static_cast<int>(left));
        if (ready > 0) return true;
        const bool interrupted = ready < 0 && errno == EINTR;
        if (!interrupted && (ready < 0 || left < kLongest)) return false;
    }
}

}  // namespace kigumi
