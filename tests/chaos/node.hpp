#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "kigumi/replication/store.hpp"
#include "support/process.hpp"

namespace kigumi::chaos {

/// The members that a client added and removed, as far as its commits returned.
struct Acknowledged {
    std::set<std::int64_t> present;
    std::set<std::int64_t> removed;
    std::int64_t increments = 0;
};

inline constexpr const char* kLog = "log";      ///< a set of what every client wrote
inline constexpr const char* kCount = "count";  ///< how often, as a counter

/// A node: a data directory, a kigumid on it that comes and goes, and a client that writes to the
/// directory all the time.
class Node {
  public:
    /// `command` runs kigumid on this node.
    Node(std::string name, const std::filesystem::path& data, std::vector<std::string> command);
    ~Node();
    Node(const Node&) = delete;
    Node& operator=(const Node&) = delete;

    void start_daemon();
    /// Nothing if it does not run.
    Process* daemon() { return daemon_.get(); }
    void stop_daemon(int signal);
    /// Memory of the daemon that is its own, bytes; 0 if it does not run.
    std::uint64_t daemon_bytes() const;
    std::string daemon_log() const;

    void start_client();
    /// Ends the client, and gives what was acknowledged to it.
    Acknowledged stop_client();
    const std::string& name() const { return name_; }
    Store& store() { return *store_; }

  private:
    void write_until_stopped();

    const std::string name_;
    const std::filesystem::path log_;
    const std::vector<std::string> command_;
    std::unique_ptr<Store> store_;
    std::unique_ptr<Process> daemon_;
    unsigned starts_ = 0;
    std::atomic<bool> stopping_ = false;
    std::string failure_;
    Acknowledged acknowledged_;
    std::thread client_;
};

/// What the client of that name writes as its n-th member.
Value member(const std::string& name, std::int64_t n);

}  // namespace kigumi::chaos
