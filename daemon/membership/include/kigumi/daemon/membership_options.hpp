#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

namespace kigumi {

/// The parameters of failure detection. Times in milliseconds. Aggressive values are fine, because
/// an opinion only steers where messages go.
struct MembershipOptions {
    /// How often a member is probed, one after the other. Shorter finds failures sooner and costs
    /// two small messages each time.
    std::uint64_t probe_ms = 500;
    /// How long a direct answer may take at least; three times the 99th percentile of the measured
    /// round trips if that is more. Shorter asks others for help needlessly.
    std::uint64_t probe_timeout_ms = 200;
    /// What that may grow to on slow networks. Longer tolerates slower ones, and finds failures
    /// there as much later.
    std::uint64_t probe_timeout_max_ms = 2'000;
    /// How many others are asked to probe a member that did not answer. More tell better a broken
    /// path from a broken member, for two messages each.
    std::size_t indirect_probes = 3;
    /// A suspect is held for down after so many probe periods (times log10 of the cluster's size)
    /// if enough others suspect it too. More gives a stalled member longer to deny it.
    double suspicion_factor = 2.5;
    /// Nobody else suspects it: so many times longer. The accuser itself may be what is broken.
    double suspicion_max_factor = 6;
    /// Independent suspicions that make the timeout its shortest.
    std::size_t confirmations = 3;
    /// How far a node that has reasons to doubt itself stretches its own timeouts, at most by this
    /// plus one. More keeps an overloaded node from accusing others, and makes it slower to notice
    /// failures.
    std::uint64_t health_max = 8;
    /// How often news are told, and to how many. Shorter and more spread them faster.
    std::uint64_t gossip_ms = 200;
    std::size_t gossip_fanout = 3;
    /// Each piece of news is told this many times, times log10 of the cluster's size. More makes it
    /// likelier that everybody hears it; who did not learns it from a full exchange.
    std::size_t retransmit_factor = 4;
    /// Pieces of news in one message.
    std::size_t news_per_message = 32;
    /// How often all is exchanged with some member: what gossip did not reach is corrected then.
    std::uint64_t exchange_ms = 30'000;
    /// How often a member that is down is told of us: heals partitions whose two sides have given
    /// up each other. Shorter heals sooner, for one message to nobody each time.
    std::uint64_t announce_ms = 5'000;
    /// How often the addresses that were given at the start are tried while nobody is alive.
    std::uint64_t join_ms = 1'000;
    /// Members that are down or have left are forgotten after so long: three days.
    std::uint64_t forget_ms = 259'200'000;
    /// Members that are remembered; further ones are ignored.
    std::size_t max_members = 4'096;
    /// A node that was called so much later than it asked for has itself been stopped: that time
    /// counts for nobody.
    std::uint64_t stall_ms = 100;
    /// Lifeguard: doubting oneself, confirmed suspicions, telling the suspect. Without it this is
    /// plain SWIM, for comparison.
    bool lifeguard = true;
    /// Random numbers; must be set.
    std::function<std::uint64_t()> random;
};

}  // namespace kigumi
