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
#include <utility>

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
int listen_for_notes(const std::filesystem::path& directory) {
    const int notes = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (notes < 0) return -1;
    if (inotify_add_watch(notes, CommitMark::path_in(directory).c_str(), IN_MODIFY) >= 0)
        return notes;
    ::close(notes);
    return -1;
}

bool add(int wake, int descriptor) {
    epoll_event readable{};
    readable.events = EPOLLIN;
    return epoll_ctl(wake, EPOLL_CTL_ADD, descriptor, &readable) == 0;
}

void drain(int descriptor) {
    std::array<char, 4096> bytes{};
    while (descriptor >= 0 && read(descriptor, bytes.data(), bytes.size()) > 0) {
    }
}

}  // namespace

Result<CommitWatch> CommitWatch::open(Store& store) {
    if (store.directory().empty())
        return fail(ErrorCode::kInvalidArgument, "a store in memory cannot be watched");
    CommitWatch watch;
    watch.wake_ = epoll_create1(EPOLL_CLOEXEC);
    watch.timer_ = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (watch.wake_ < 0 || watch.timer_ < 0 || !add(watch.wake_, watch.timer_))
        return cannot_watch(store);
    watch.notes_ = listen_for_notes(store.directory());
    if (watch.notes_ >= 0 && !add(watch.wake_, watch.notes_)) return cannot_watch(store);
    const long every = watch.notes_ >= 0 ? kNanosecond : kPoll;
    itimerspec spec{};
    spec.it_interval = {every / kNanosecond, every % kNanosecond};
    spec.it_value = spec.it_interval;
    if (timerfd_settime(watch.timer_, 0, &spec, nullptr) != 0) return cannot_watch(store);
    return watch;
}

CommitWatch::~CommitWatch() {
    for (const int descriptor : {wake_, notes_, timer_})
        if (descriptor >= 0) ::close(descriptor);
}

CommitWatch::CommitWatch(CommitWatch&& other) noexcept
    : wake_(std::exchange(other.wake_, -1)),
      notes_(std::exchange(other.notes_, -1)),
      timer_(std::exchange(other.timer_, -1)) {}

CommitWatch& CommitWatch::operator=(CommitWatch&& other) noexcept {
    std::swap(wake_, other.wake_);
    std::swap(notes_, other.notes_);
    std::swap(timer_, other.timer_);
    return *this;
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
        pollfd readable{wake_, POLLIN, 0};
        const int ready = poll(&readable, 1, timeout_ms < 0 ? -1 : static_cast<int>(left));
        if (ready > 0) return true;
        const bool interrupted = ready < 0 && errno == EINTR;
        if (!interrupted && (ready < 0 || left < kLongest)) return false;
    }
}

}  // namespace kigumi
