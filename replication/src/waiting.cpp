#include <algorithm>
#include <set>
#include <thread>

#include "kigumi/crdt/json.hpp"
#include "kigumi/replication/commit_signal.hpp"
#include "kigumi/replication/members.hpp"
#include "kigumi/replication/store.hpp"

/// Consistency that was asked for: waiting until others hold something, or until it is here.
namespace kigumi {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// How often to look for commits. A look without one reads a few words of shared memory.
constexpr milliseconds kLookEvery{2};
/// How often to remind the node that somebody waits for what its peers confirm.
constexpr milliseconds kRemindEvery{200};

std::string counted(std::uint64_t number, const std::string& one) {
    return std::to_string(number) + " " + one + (number == 1 ? "" : "s");
}

/// Calls `holds` after each commit by anybody until it says yes (true) or time is up (false).
template <class Holds>
Result<bool> wait_for_commits(Store& store, milliseconds timeout, const Holds& holds) {
    const auto end = Clock::now() + timeout;
    std::optional<std::uint64_t> seen;
    while (true) {
        KIGUMI_TRY(const kv::Usage usage, store.usage());
        if (seen != usage.commits) {
            seen = usage.commits;
            KIGUMI_TRY(const bool yes, holds());
            if (yes) return true;
        }
        const auto now = Clock::now();
        if (now >= end) return false;
        std::this_thread::sleep_for(std::min<Clock::duration>(kLookEvery, end - now));
    }
}

}  // namespace

Result<std::size_t> Store::confirmed(std::string_view bucket, const VersionVector& version) {
    KIGUMI_TRY(const auto known, peers(bucket));
    KIGUMI_TRY(const auto list, members::list(*this));
    KIGUMI_TRY(const ReplicaId self, replica());
    // One peer can be many replicas, and say so of as many as it likes.
    std::set<std::string> confirmed;
    for (const PeerRecord& record : known) {
        const auto member = list.find(record.replica);
        const bool retired = member != list.end() && member->second == members::Standing::kRetired;
        if (record.replica == self || retired || !record.holds) continue;
        if (record.acknowledged.covers(version))
            confirmed.insert(record.peer.empty() ? record.replica.hex() : record.peer);
    }
    return confirmed.size();
}

Result<std::size_t> Store::wait_confirmed(std::string_view bucket, const VersionVector& version,
                                          std::size_t peers, milliseconds timeout) {
    std::size_t count = 0;
    const auto enough = [&]() -> Result<bool> {
        KIGUMI_TRY(count, confirmed(bucket, version));
        return count >= peers;
    };
    const auto end = Clock::now() + timeout;
    while (true) {
        // The node writes down what its peers confirm at its leisure, unless somebody waits for it.
        commit_signal::ask_for_confirmations(directory());
        const auto left = std::chrono::ceil<milliseconds>(end - Clock::now());
        KIGUMI_TRY(const bool reached,
                   wait_for_commits(*this, std::min(left, kRemindEvery), enough));
        if (reached) return count;
        if (Clock::now() >= end)
            return fail(ErrorCode::kNotYet,
                        std::to_string(count) + " of " + counted(peers, "peer") +
                            " confirmed within " + std::to_string(timeout.count()) +
                            " ms; what was written stays and goes on its way: wait again, or "
                            "look at the status for who is behind");
    }
}

Result<ReadTransaction> Store::read_at_least(const SessionToken& token, std::string_view bucket,
                                             milliseconds timeout) {
    const VersionVector& wanted = token.version(std::string(bucket));
    VersionVector here;
    std::optional<ReadTransaction> covering;
    const auto there_yet = [&]() -> Result<bool> {
        KIGUMI_TRY(ReadTransaction snapshot, read(bucket));
        here = snapshot.version();
        if (here.covers(wanted)) covering = std::move(snapshot);
        return covering.has_value();
    };
    KIGUMI_CHECK(wait_for_commits(*this, timeout, there_yet));
    if (covering) return std::move(*covering);
    const auto origins = std::count_if(wanted.begin(), wanted.end(), [&](const auto& entry) {
        return here[entry.first] < entry.second;
    });
    return fail(ErrorCode::kNotYet,
                "not yet: this node lacks " + counted(events_missing(here, wanted), "event") +
                    " by " + counted(static_cast<std::uint64_t>(origins), "replica") +
                    " that the session has seen in bucket " + json_string(bucket) + ", after " +
                    std::to_string(timeout.count()) +
                    " ms; try again later, or at the node where the session was before");
}

}  // namespace kigumi
