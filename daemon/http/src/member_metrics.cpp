#include "metrics.hpp"

namespace kigumi::http {
namespace {

using Kind = Exposition::Kind;
using membership::Liveness;

}  // namespace

void member_metrics(Exposition& out, const MembershipStatus& status) {
    out.family("kigumi_self_doubt", Kind::kGauge,
               "How far this node doubts itself, 0 if it is sound: it waits so many times longer "
               "before it accuses others.");
    out.sample(static_cast<double>(status.self_doubt));
    out.family("kigumi_ignored_claims_total", Kind::kCounter,
               "What peers told of other nodes and was not believed: they may not gossip, or the "
               "node that it is about has no key that is listed.");
    out.sample(static_cast<double>(status.ignored_claims));
    out.family("kigumi_dropped_control_messages_total", Kind::kCounter,
               "Messages of the failure detector that were thrown away unread: their sender sent "
               "too many, or is ever new replicas.");
    out.sample(static_cast<double>(status.dropped_messages));
    out.family("kigumi_peer_state", Kind::kGauge,
               "1 for what is believed of the node at present, 0 for the rest. An opinion: nothing "
               "is decided by it.");
    for (const membership::Member& member : status.members)
        for (const Liveness state :
             {Liveness::kAlive, Liveness::kSuspect, Liveness::kDown, Liveness::kLeft})
            out.sample(member.liveness == state ? 1 : 0, {{"peer", member.contact.replica.hex()},
                                                          {"address", member.contact.address},
                                                          {"state", std::string(name_of(state))}});
    out.family("kigumi_peer_state_since_seconds", Kind::kGauge,
               "When that opinion came up, seconds since 1970.");
    for (const membership::Member& member : status.members)
        out.sample(static_cast<double>(member.changed_ms) / 1'000,
                   {{"peer", member.contact.replica.hex()}, {"address", member.contact.address}});
}

}  // namespace kigumi::http
