#include "proof_checker.hpp"

#include <exception>
#include <utility>

namespace kigumi {

ProofChecker::ProofChecker(Store& store, std::function<void()> ring)
    : store_(store), ring_(std::move(ring)), thread_([this] { run(); }) {}

ProofChecker::~ProofChecker() {
    {
        const std::lock_guard lock(mutex_);
        stop_ = true;
    }
    changed_.notify_one();
    thread_.join();
}

void ProofChecker::check(Effects::Check check) {
    {
        const std::lock_guard lock(mutex_);
        waiting_.push_back(std::move(check));
    }
    changed_.notify_one();
}

std::vector<ProofChecker::Outcome> ProofChecker::take() {
    const std::lock_guard lock(mutex_);
    return std::exchange(outcomes_, {});
}

void ProofChecker::run() {
    std::unique_lock lock(mutex_);
    for (;;) {
        changed_.wait(lock, [this] { return stop_ || !waiting_.empty(); });
        if (stop_) return;
        const Effects::Check check = std::move(waiting_.front());
        waiting_.pop_front();
        lock.unlock();
        Result<bool> checked = fail(ErrorCode::kIo, "proofs could not be checked");
        try {
            checked = store_.check_proofs(check.bucket, *check.rows);
        } catch (const std::exception& error) {
            // Want of memory says nothing of the proofs: the rows are asked for again.
            checked = fail(ErrorCode::kIo, error.what());
        }
        lock.lock();
        outcomes_.push_back({check.id, std::move(checked)});
        ring_();
    }
}

}  // namespace kigumi
