#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "crash/writer.hpp"
#include "kigumi/replication/store.hpp"
#include "support/daemon.hpp"

namespace kigumi::crash {

/// A node: a data directory, a kigumid, and writers on the same environment. Those that died are
/// remembered for what they said.
class Node {
  public:
    explicit Node(std::filesystem::path data) : daemon_(std::move(data)) {}

    Daemon& daemon() { return daemon_; }
    const std::filesystem::path& data() const { return daemon_.data(); }

    Writer& start_writer(const std::vector<std::string>& environment = {});
    std::vector<Writer*> live_writers();
    /// The daemon and the writers that live.
    std::vector<Process*> live();
    /// How many writes its writers have said were acknowledged.
    std::uint64_t acknowledged() const;

    /// Opens the store and compares it with what the writers of this node said: what one of them
    /// called acknowledged is there, what it called an error is not, and of a dead one at most the
    /// transaction that was under way may be there besides. After the nodes `converged`, the same
    /// is true of the peer's writers. Throws a Violation.
    void check(Node& peer, bool converged);

  private:
    using Writes = std::map<std::string, std::set<std::int64_t>>;

    /// Takes in what the writers have said, and sees to it that no process ended by itself.
    void listen();
    /// The writes that are in the store, by writer; checks what holds for any store.
    Writes read_store() const;
    /// Compares with `writes`, and takes out of it, what this node's writers said.
    void account_for(Writes& writes);
    /// Takes this node's writers out of `writes`.
    void leave_out(Writes& writes) const;

    Daemon daemon_;
    std::deque<Writer> writers_;
};

/// Waits until both hold the same; nobody may write meanwhile. Throws a Violation.
void expect_converged(Node& a, Node& b);

}  // namespace kigumi::crash
