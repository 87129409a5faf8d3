#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "kigumi/replication/replicator.hpp"

namespace kigumi {

/// Checks proofs of writes on a thread of its own, one batch after the other, so that the node's
/// loop does not wait for them. How much waits here is bounded by whoever asks.
class ProofChecker {
  public:
    struct Outcome {
        std::uint64_t id;
        Result<bool> checked;
    };

    /// `ring` is called on the checker's thread when there are outcomes. The store must outlive
    /// this object.
    ProofChecker(Store& store, std::function<void()> ring);
    ~ProofChecker();
    ProofChecker(const ProofChecker&) = delete;
    ProofChecker& operator=(const ProofChecker&) = delete;

    void check(Effects::Check check);
    /// What has come of the checks since the last call, in order.
    std::vector<Outcome> take();

  private:
    void run();

    Store& store_;
    const std::function<void()> ring_;
    std::mutex mutex_;
    std::condition_variable changed_;
    std::deque<Effects::Check> waiting_;
    std::vector<Outcome> outcomes_;
    bool stop_ = false;
    std::thread thread_;
};

}  // namespace kigumi
