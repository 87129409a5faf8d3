#pragma once

#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <string>

#include "chaos/network.hpp"
#include "chaos/node.hpp"
#include "sim/random.hpp"

namespace kigumi::chaos {

/// Five nodes under faults while their clients write; then peace, in which all must come to the
/// same rows with nothing missing that was acknowledged and nothing back that was removed.
class Run {
  public:
    /// Without namespaces nobody is cut off.
    Run(const std::filesystem::path& directory, std::uint64_t seed, bool namespaces);

    /// Throws what was violated.
    void go(std::chrono::seconds how_long);

    /// What happened, and how often.
    const std::map<std::string, std::uint64_t>& tally() const { return tally_; }

  private:
    void do_something();
    void kill(unsigned at);
    void freeze(unsigned at);
    void restart(unsigned at);
    void cut_off();
    void heal_what_is_due();
    void check_memory();
    void make_peace();
    void expect_converged();
    void expect_nothing_lost();

    sim::Random random_;
    std::unique_ptr<Network> network_;
    std::deque<Node> nodes_;
    using Clock = std::chrono::steady_clock;
    std::map<unsigned, Clock::time_point> down_until_;
    std::map<unsigned, Clock::time_point> frozen_until_;
    Clock::time_point cut_until_{};
    std::map<std::string, std::uint64_t> tally_;
};

}  // namespace kigumi::chaos
