#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "crash/node.hpp"
#include "crash/tally.hpp"
#include "sim/random.hpp"

namespace kigumi::crash {

/// Two nodes whose processes die, again and again, at moments that the random numbers choose. All
/// that is promised is checked after every death, and that they converge after every few.
class Run {
  public:
    /// Makes both in `directory`. What happens is counted in `tally`.
    Run(const std::filesystem::path& directory, sim::Random& random, Tally& tally);

    /// Kills something some times, then lets the nodes meet. Returns how often it killed. Throws a
    /// Violation.
    unsigned stretch();
    /// How many writes were acknowledged.
    std::uint64_t acknowledged() const { return node_.acknowledged() + peer_.acknowledged(); }

  private:
    void start_what_is_missing();
    void start_daemon(Node& node, const std::vector<std::string>& environment = {});
    void kill_something();
    /// All of them at once, in any order, and whatever they are at.
    void kill(std::vector<Process*> processes, const std::string& kind);
    void kill_writer(Node& node, const std::string& kind);
    void fault_writer(const Fault& fault);
    void fault_daemon(const Fault& fault);
    void meet();
    void count(const std::string& kind) { ++tally_[kind]; }
    std::vector<std::string> fault_environment(const Fault& fault);
    /// The one that has happened least to `whom`.
    const Fault& rarest(std::span<const Fault> faults, const std::string& whom) const;

    sim::Random& random_;
    Tally& tally_;
    Node node_;
    Node peer_;
    unsigned kills_ = 0;
};

}  // namespace kigumi::crash
