#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "explorer.hpp"
#include "kigumi/crdt/defect.hpp"

namespace kigumi {
Defect chosen_defect = Defect::kNone;
}

/// The search of small histories has to find these defects too. What it cannot meet is left to the
/// simulator: buffers that overflow, messages of a session that go astray singly, stores that go
/// back in time, clocks.
namespace {

using kigumi::Defect;

constexpr std::pair<Defect, const char*> kDefects[] = {
    {Defect::kNoCausalGate, "pushes are joined before what they depend on"},
    {Defect::kGapAccepted, "pushes are joined above a gap of their origin"},
    {Defect::kPushDropsNothing, "the join of a push does not know what its rows replace"},
    {Defect::kPullAppliedInParts, "V moves before all rows of a pull are joined"},
    {Defect::kBaseTooHigh, "a pull asks for less than is lacking"},
    {Defect::kNoTopUp, "rows that changed while an answer was sent are not sent again"},
    {Defect::kStagedJoinedTwice, "an older form of a row is joined before the last one"},
    {Defect::kNothingDropped, "the join never drops what the other side no longer has"},
    {Defect::kSiblingPruned, "the join keeps two siblings at most"},
    {Defect::kAssignKeepsSiblings, "a write does not replace what it saw"},
    {Defect::kResetDropsDots, "a counter reset drops the contributions it saw"},
    {Defect::kContributionRestarts, "a contribution starts from 0 again"},
    {Defect::kRemovalNotLogged, "a removal has no log entry"},
    {Defect::kLogDroppedTooEarly, "a log entry goes while its write stays"},
    {Defect::kCollectedOneMemberEarly, "a removal is collected before one member has seen it"},
    {Defect::kCollectedBeforeSettled, "… before what members wrote without seeing it has arrived"},
};

/// Runs the scopes until one finds the defect; says how, and each step if asked.
bool caught(Defect defect, bool trace) {
    kigumi::chosen_defect = defect;
    std::size_t states = 0;
    for (const auto& scope : kigumi::scope::default_scopes(true)) {
        const auto found = kigumi::scope::explore(scope);
        states += found.states;
        if (found.violation.empty()) continue;
        std::printf("caught in %zu steps after %zu states (%s)\n", found.steps.size(), states,
                    scope.text().c_str());
        for (const std::string& step : found.steps)
            if (trace) std::printf("    %s\n", step.c_str());
        if (trace) std::printf("  %s\n", found.violation.c_str());
        return true;
    }
    std::printf("SURVIVED %zu states\n", states);
    return false;
}

}  // namespace

int main(int argc, char** argv) {
    const bool trace = argc > 1 && std::string(argv[1]) == "--trace";
    unsigned survived = 0;
    for (const auto& [defect, what] : kDefects) {
        std::printf("%-66s ", what);
        if (!caught(defect, trace)) ++survived;
        std::fflush(stdout);
    }
    std::printf("scope_mutants: %zu caught, %u survived\n", std::size(kDefects) - survived,
                survived);
    return survived == 0 ? 0 : 1;
}
