#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <thread>

#include "kigumi/replication/store.hpp"

namespace kigumi::hostile {

/// What honest writers have been told to be durable, and so what all nodes have to show at the end.
struct Expected {
    std::int64_t total = 0;   ///< of the counter `total`
    std::int64_t sealed = 0;  ///< of the counter of the same name in the signed bucket
    std::int64_t orders = 0;  ///< requests executed, each of which adds 1 to `orders`
    std::set<std::string> members;

    void add(const Expected& other);
};

/// The writer at one node: a transaction every few milliseconds, with requests that are retried
/// and removals that have to be collected.
class Writer {
  public:
    Writer(std::string name, Store& store) : name_(std::move(name)), store_(store) {}
    ~Writer();

    void start();
    /// What was written in all; throws if something could not be.
    Expected stop();
    /// The number of its last transaction, which the register `beat-NAME` holds as well.
    std::int64_t beat() const { return beat_; }
    const std::string& name() const { return name_; }

  private:
    void write_until_stopped();
    void write_once(std::int64_t n);
    void execute(std::int64_t order, bool repeated);

    const std::string name_;
    Store& store_;
    std::atomic<bool> stopping_{false};
    std::atomic<std::int64_t> beat_{0};
    Expected expected_;
    std::string failure_;
    std::thread thread_;
};

/// The register that shows how far the writer at a node has come.
inline std::string beat_key(const std::string& writer) { return "beat-" + writer; }
/// How far that is in a store; 0 if nothing is there.
std::int64_t beat_in(Store& store, const std::string& writer);

/// Whether a row of an honest bucket is one of the load's.
bool is_honest(const RowKey& at);

}  // namespace kigumi::hostile
