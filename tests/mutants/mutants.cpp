#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "kigumi/crdt/defect.hpp"
#include "simulation.hpp"

namespace kigumi {
Defect chosen_defect = Defect::kNone;
}

/// Tests the tester: switches on one deliberate defect after another and demands that the simulator
/// finds each within a bounded number of seeds. A mutant that survives is a bug in the tester.
namespace {

using kigumi::Defect;

constexpr std::pair<Defect, const char*> kDefects[] = {
    {Defect::kNoCausalGate, "pushes are joined before what they depend on"},
    {Defect::kGapAccepted, "pushes are joined above a gap of their origin"},
    {Defect::kPushDropsNothing, "the join of a push does not know what its rows replace"},
    {Defect::kHeldWithoutBound, "waiting pushes are kept without end"},
    {Defect::kPullAppliedInParts, "V moves before all rows of a pull are joined"},
    {Defect::kBaseTooHigh, "a pull asks for less than is lacking"},
    {Defect::kNoTopUp, "rows that changed while an answer was sent are not sent again"},
    {Defect::kRunsMixed, "parts of two runs of an answer make up one"},
    {Defect::kLostPartAccepted, "a missing part of an answer is not noticed"},
    {Defect::kStagedJoinedTwice, "an older form of a row is joined before the last one"},
    {Defect::kNothingDropped, "the join never drops what the other side no longer has"},
    {Defect::kSiblingPruned, "the join keeps two siblings at most"},
    {Defect::kAssignKeepsSiblings, "a write does not replace what it saw"},
    {Defect::kResetDropsDots, "a counter reset drops the contributions it saw"},
    {Defect::kContributionRestarts, "a contribution starts from 0 again"},
    {Defect::kRemovalNotLogged, "a removal has no log entry"},
    {Defect::kLogDroppedTooEarly, "a log entry goes while its write stays"},
    {Defect::kAcknowledgedNotDurable, "a crash takes back what was acknowledged and pushed"},
    {Defect::kDotReusedAfterRestore, "a restored store goes on under its old identity"},
    {Defect::kClockFollowsAnybody, "a remote clock moves the local one without bound"},
    {Defect::kCollectedOneMemberEarly, "a removal is collected before one member has seen it"},
    {Defect::kCollectedBeforeSettled, "… before what members wrote without seeing it has arrived"},
    {Defect::kNoFloor, "a replica below the floor gets only what changed"},
    {Defect::kFloorNotInherited, "what a pull brings has no floor"},
    {Defect::kPushBelowFloor, "rows that were collected are missing in a push"},
    {Defect::kBaseNotChecked, "the answer to an older pull, from another base, is joined"},
    {Defect::kReplacedListed, "a push replaces only what its writes saw in their rows"},
    {Defect::kHorizonForgotten, "a backup of changes begins before removals that were dropped"},
    {Defect::kHorizonNotInherited, "… or that were dropped before they came here"},
    {Defect::kRequestNotLookedUp, "a retried request is executed again"},
    {Defect::kRequestForgottenEarly, "what was executed is forgotten before its time"},
    {Defect::kRequestsShareOneQuota, "… because another origin has many requests"},
    {Defect::kCursorAheadOfRows, "what is stored of a pull says more than its staged rows"},
    {Defect::kStagedRowsMixed, "rows that another answer had staged are joined with this one"},
    {Defect::kAuditIntersects, "an audit drops what one side lacks"},
    {Defect::kAuditIgnoresVersions, "an audit mends what differs because V does"},
    {Defect::kAuditAdvances, "an audit takes over the other side's V"},
    {Defect::kOverlaidAtPresent, "what a large pull brought is joined at the V that it led to"},
    {Defect::kFoldedForgotten, "a write to a row of a full pull hides what was sent of it"},
    {Defect::kUnfoldedServed, "what is not folded in yet is missing in pushes and answers"},
    {Defect::kTrimmedWordSettled, "a word counts without its entries of unknown origins"},
    {Defect::kProofNotChecked, "a write in a signed bucket needs no sound proof"},
    {Defect::kContributionsDropped, "a peer that may not relay drops contributions of others"},
    {Defect::kForeignFloorTaken, "a peer that may not relay raises G"},
    {Defect::kHeadNotShown, "a new link does not show the heads that are kept of its peer"},
    {Defect::kHeadNotKept, "V advances and the head that came with it is not kept"},
    {Defect::kClaimRenewsIdentity, "a claim without a head renews the identity"},
};
static_assert(std::size(kDefects) + 1 == static_cast<std::size_t>(Defect::kEnd),
              "a defect is not listed");

/// What a seed stands for, with more of what few seeds have and the defect needs.
kigumi::sim::Options options_for(Defect defect, std::uint64_t seed) {
    kigumi::sim::Options options = kigumi::sim::options_for(seed);
    if (defect == Defect::kContributionsDropped || defect == Defect::kForeignFloorTaken) {
        options.topology = kigumi::sim::Topology::kMesh;
        options.replicas = 3;
        options.proofs = false;
        options.forgery = options.damage = options.joiners = options.in_place = 0;
        options.rollback = options.clone = options.retire = options.strangers = 0;
        options.tampering = 50;
    }
    if (defect == Defect::kFoldedForgotten) {
        options.overlay = true;
        options.large = false;
        options.joiners = 1;
        options.lull = 30;
    }
    return options;
}

bool finds(Defect defect, const kigumi::sim::Options& options) {
    kigumi::chosen_defect = defect;
    return !kigumi::sim::simulate(options).violation.empty();
}

/// The first seed that finds the defect, and nothing without it; 0 if there is none.
std::uint64_t caught_by(Defect defect, std::uint64_t seeds) {
    for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        const kigumi::sim::Options options = options_for(defect, seed);
        if (finds(defect, options) && (defect == Defect::kNone || !finds(Defect::kNone, options)))
            return seed;
    }
    return 0;
}

}  // namespace

int main(int argc, char** argv) {
    const std::uint64_t seeds = argc > 1 ? std::strtoull(argv[1], nullptr, 10) : 2'000;
    const std::string_view part = argc > 2 ? argv[2] : "";
    if (seeds == 0) {
        std::fprintf(stderr,
                     "usage: mutants [SEEDS [PART]]: at most so many seeds for each defect, only "
                     "those whose description has that part\n");
        return 2;
    }
    if (const std::uint64_t seed = caught_by(Defect::kNone, 30); seed != 0) {
        std::fprintf(stderr, "mutants: seed %llu fails without a defect\n",
                     static_cast<unsigned long long>(seed));
        return 1;
    }
    unsigned caught = 0;
    unsigned survived = 0;
    for (const auto& [defect, what] : kDefects) {
        if (std::string_view(what).find(part) == std::string_view::npos) continue;
        const std::uint64_t seed = caught_by(defect, seeds);
        ++(seed == 0 ? survived : caught);
        std::printf("%-66s %s", what, seed == 0 ? "SURVIVED\n" : "caught by seed ");
        if (seed != 0) std::printf("%llu\n", static_cast<unsigned long long>(seed));
        std::fflush(stdout);
    }
    std::printf("mutants: %u caught, %u survived\n", caught, survived);
    return survived == 0 ? 0 : 1;
}
