#include "options.hpp"

namespace kigumi::config {
namespace {

template <auto Member>
using Detection = Place<&Config::node, &NodeOptions::membership, Member>;

template <auto Member>
using Neighbour = Place<&Config::node, &NodeOptions::neighbours, Member>;

constexpr Section detection{"membership", Reload::kRestart};

using M = MembershipOptions;
using N = NeighbourOptions;

}  // namespace

std::vector<Option> membership_options() {
    const auto ms = [](auto place, std::uint64_t least, std::uint64_t most) {
        return Number{place, least, most};
    };
    return {
        detection("probe_ms", "--probe-ms", "ms", ms(Detection<&M::probe_ms>(), 50, kHour),
                  "Probe a member so often, one after the other.",
                  "A killed node of three is found within three seconds.",
                  "Less finds failures sooner, for two small messages each time, and suspects "
                  "stalled nodes earlier."),
        detection("probe_timeout_ms", "--probe-timeout-ms", "ms",
                  ms(Detection<&M::probe_timeout_ms>(), 10, kHour),
                  "How long a direct answer may take at least; three times the 99th percentile of "
                  "the round trips if that is more.",
                  "A healthy node of a local network answers within some milliseconds.",
                  "Less asks others for help needlessly; more finds failures as much later."),
        detection("probe_timeout_max_ms", "--probe-timeout-max-ms", "ms",
                  ms(Detection<&M::probe_timeout_max_ms>(), 10, kHour),
                  "What that may grow to on slow networks.",
                  "No round trip on Earth is longer unless something is broken.",
                  "More tolerates slower networks, and finds failures there as much later."),
        detection("indirect_probes", "--indirect-probes", "nodes",
                  Number{Detection<&M::indirect_probes>(), 0, 64},
                  "How many others are asked to probe a member that did not answer.",
                  "Three other paths are rarely broken at the same time.",
                  "More tell better a broken path from a broken member, for two messages each."),
        detection("suspicion_factor", "--suspicion-factor", "",
                  Fraction{Detection<&M::suspicion_factor>(), 0.5, 100},
                  "A suspect is held for down after so many probe periods, times log10 of the "
                  "cluster's size, if enough others suspect it too.",
                  "With the probes before it, three seconds in a small cluster.",
                  "More gives a stalled member longer to deny it, and finds dead ones later."),
        detection("suspicion_max_factor", "--suspicion-max-factor", "",
                  Fraction{Detection<&M::suspicion_max_factor>(), 1, 100},
                  "So many times longer if nobody else suspects it.",
                  "Then the accuser itself may be what is broken.",
                  "More makes fewer mistakes, and finds later what only one node can see."),
        detection("confirmations", "--confirmations", "nodes",
                  Number{Detection<&M::confirmations>(), 1, 64},
                  "Independent suspicions that make that time its shortest.",
                  "As many as are asked to help with a probe.",
                  "Less believes accusers sooner; more waits longer in small clusters."),
        detection("health_max", "--health-max", "", Number{Detection<&M::health_max>(), 0, 64},
                  "How far a node that doubts itself stretches its own timeouts: times this plus "
                  "one at the most; 0: never.",
                  "An overloaded node then accuses others 50 times less.",
                  "More accuses even less, and notices failures later while it is overloaded."),
        detection("gossip_ms", "--gossip-ms", "ms", ms(Detection<&M::gossip_ms>(), 10, kHour),
                  "Tell news so often, as long as there are any.",
                  "A hundred nodes know of a failure within about a second.",
                  "Less spreads news faster, in more messages."),
        detection("gossip_fanout", "--gossip-fanout", "nodes",
                  Number{Detection<&M::gossip_fanout>(), 1, 64}, "Tell them to so many at a time.",
                  "As for gossip_ms.", "More spreads news faster, in more messages."),
        detection("retransmit_factor", "--retransmit-factor", "",
                  Number{Detection<&M::retransmit_factor>(), 1, 64},
                  "Tell each piece of news so many times, times log10 of the cluster's size.",
                  "Practically everybody hears it.",
                  "More makes that likelier; who did not hear learns it from a full exchange."),
        detection("news_per_message", "--news-per-message", "",
                  Number{Detection<&M::news_per_message>(), 1, 1'024},
                  "Pieces of news in one message.", "About two kilobytes.",
                  "More spreads many failures at once faster, in longer messages."),
        detection("exchange_ms", "--exchange-ms", "ms", ms(Detection<&M::exchange_ms>(), 100, kDay),
                  "Exchange all that is believed with some member so often.",
                  "What gossip did not reach is corrected within a minute.",
                  "Less corrects it sooner, for a message as long as the list of members."),
        detection("announce_ms", "--announce-ms", "ms", ms(Detection<&M::announce_ms>(), 100, kDay),
                  "Knock so often at a member that is down: partitions heal by it.",
                  "Both sides have found each other some seconds after the network is whole.",
                  "Less heals sooner, for one message to nobody each time."),
        detection("join_ms", "--join-ms", "ms", ms(Detection<&M::join_ms>(), 50, kHour),
                  "Try the addresses that were given so often while nobody is alive.",
                  "A node that starts before the others joins a second after them.",
                  "Less joins sooner, in more attempts."),
        detection("forget_ms", "--forget-ms", "ms",
                  ms(Detection<&M::forget_ms>(), 1'000, 365 * kDay),
                  "Forget members that are down or have left after so long.",
                  "Three days: over a weekend nobody has to be told again of who was away.",
                  "More knocks longer at addresses that may belong to somebody else by then."),
        detection("max_members", "--max-members", "nodes",
                  Number{Detection<&M::max_members>(), 8, 65'536},
                  "Members that are remembered; further ones are ignored.",
                  "Four times as many as are tested, at some hundred bytes each.",
                  "More lets those who lie make a node remember more."),
        detection("stall_ms", "--stall-ms", "ms", ms(Detection<&M::stall_ms>(), 10, kHour),
                  "A node whose own clock jumps so far between two turns has itself been stopped: "
                  "that time counts for nobody.",
                  "Longer than any turn of a healthy loop.",
                  "Less forgives more, and finds failures later; more accuses others after a "
                  "short stop."),
        detection("mesh_max", "--mesh-max", "nodes", Number{Neighbour<&N::mesh_max>(), 1, 1'024},
                  "Up to so many masters, each holds a link to every other.",
                  "One hop to everybody, and a few dozen links cost little.",
                  "More keeps single hops for longer, and sends more messages for each write."),
        detection("rings", "--rings", "", Number{Neighbour<&N::rings>(), 1, 16},
                  "Beyond that, masters stand in so many rings and hold links to both neighbours "
                  "in each.",
                  "Half of a thousand masters may die at once, and the rest is one piece.",
                  "More survive more failures before anything is detected, and cost digests."),
        detection("leaf_masters", "--leaf-masters", "nodes",
                  Number{Neighbour<&N::leaf_masters>(), 1, 16},
                  "Masters that an edge leaf holds links to.",
                  "One to work with, one to fall back on, and one in case both are gone at once.",
                  "More is cut off more rarely, and loads more masters with each leaf."),
        detection("linger_ms", "--linger-ms", "ms", ms(Neighbour<&N::linger_ms>(), 0, kDay),
                  "Keep a link for so long after it is no longer among those chosen.",
                  "Who comes and goes costs no links of others.",
                  "More keeps more links than were chosen; less rebuilds a cluster at the edge of "
                  "mesh_max more often."),
    };
}

}  // namespace kigumi::config
