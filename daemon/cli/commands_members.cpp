#include <algorithm>

#include "command.hpp"
#include "kigumi/replication/members.hpp"
#include "opinions.hpp"
#include "text.hpp"

namespace kigumi::cli {
namespace {

using members::Standing;

struct Member {
    ReplicaId replica;
    std::string standing;
    const PeerRecord* peer = nullptr;  ///< what is known of its state; null if nothing is
    std::string opinion;               ///< what the daemon believes of it; empty: nothing
};

/// The members and everybody else whose events are here.
Result<std::vector<Member>> everybody(Session& session, const std::vector<PeerRecord>& peers) {
    KIGUMI_TRY(const auto list, members::list(*session.store));
    KIGUMI_TRY(const ReplicaId self, session.store->replica());
    KIGUMI_TRY(const auto believed, opinions(*session.store));
    KIGUMI_TRY(auto txn, session.store->read(session.bucket));
    std::map<ReplicaId, std::string> standings;
    for (const auto& [replica, contact] : believed) standings[replica] = "stranger";
    for (const auto& [origin, counter] : txn.version()) standings[origin] = "origin";
    for (const auto& [replica, standing] : list)
        standings[replica] = standing == Standing::kRetired ? "retired" : "member";
    standings[self] += standings[self].empty() ? "this node" : ", this node";
    std::vector<Member> all;
    for (const auto& [replica, standing] : standings) {
        const auto peer =
            std::find_if(peers.begin(), peers.end(),
                         [&, &who = replica](const auto& p) { return p.replica == who; });
        const auto opinion = believed.find(replica);
        all.push_back({replica, standing, peer == peers.end() ? nullptr : &*peer,
                       opinion == believed.end() ? "" : opinion->second.opinion});
    }
    return all;
}

std::string heard(const Member& member) {
    if (member.standing.find("this node") != std::string::npos) return "";
    const std::string opinion = member.opinion.empty() ? "" : ", " + member.opinion;
    if (member.peer == nullptr) return opinion.empty() ? ", never heard of" : opinion;
    std::string text = opinion;
    text += member.peer->connected ? ", connected" : ", not connected";
    if (member.peer->settled_ms != 0)
        text += ", confirmed until " + iso_time(Hlc::at_ms(member.peer->settled_ms));
    return text;
}

/// The replica that an argument names: its id, or the beginning of one that is known.
Result<ReplicaId> replica_argument(Session& session, const std::string& word) {
    if (const auto replica = ReplicaId::from_hex(word)) return *replica;
    KIGUMI_TRY(const auto all, everybody(session, {}));
    const ReplicaId* found = nullptr;
    for (const Member& member : all) {
        if (word.size() < 4 || !member.replica.hex().starts_with(word)) continue;
        if (found != nullptr)
            return fail(ErrorCode::kInvalidArgument,
                        "several replicas begin with " + word + "; give more digits");
        found = &member.replica;
    }
    if (found == nullptr)
        return fail(ErrorCode::kInvalidArgument,
                    "no replica begins with '" + word + "'; kigumi members lists them");
    return *found;
}

}  // namespace

Result<Answer> members(Session& session) {
    KIGUMI_TRY(const auto peers, session.store->peers(session.bucket));
    KIGUMI_TRY(const auto all, everybody(session, peers));
    std::vector<std::string> items;
    for (const Member& member : all) {
        if (!session.json) {
            session.out.line(member.replica.hex() + " " + member.standing + heard(member));
            continue;
        }
        JsonObject object;
        object.add("replica", Value(member.replica.hex()));
        object.add("standing", Value(member.standing.substr(0, member.standing.find(','))));
        object.add("connected", Value(member.peer != nullptr && member.peer->connected));
        object.add("opinion", member.opinion.empty() ? Value() : Value(member.opinion));
        const bool settled = member.peer != nullptr && member.peer->settled_ms != 0;
        object.add("confirmed_until",
                   settled ? Value(iso_time(Hlc::at_ms(member.peer->settled_ms))) : Value());
        items.push_back(object.text());
    }
    if (session.json) session.out.line(json_array(items));
    return Answer::kYes;
}

Result<Answer> member(Session& session) {
    const std::string& action = session.args[0];
    if (action != "retire" && action != "add")
        return fail(ErrorCode::kInvalidArgument,
                    "member takes 'add ID' or 'retire ID', not '" + action + "'");
    KIGUMI_TRY(const ReplicaId replica, replica_argument(session, session.args[1]));
    KIGUMI_TRY(const ReplicaId self, session.store->replica());
    if (action == "retire" && replica == self)
        return fail(ErrorCode::kInvalidArgument,
                    "that is this node itself; stop it, and retire it at another one");
    KIGUMI_CHECK(kigumi::members::put(*session.store, replica,
                                      action == "add" ? Standing::kMember : Standing::kRetired));
    return Answer::kYes;
}

}  // namespace kigumi::cli
