#pragma once

/// Deliberate defects, to test the tests: `if (KIGUMI_DEFECT(kNoCausalGate)) …` marks a place where
/// a rule could be broken. In the product the condition is the constant false. `tests/mutants`
/// builds the library once more with KIGUMI_DEFECTS defined and shows that the simulator catches
/// each.
#ifdef KIGUMI_DEFECTS

namespace kigumi {

enum class Defect {
    kNone,
    kNoCausalGate,             ///< pushes are joined before what they depend on
    kGapAccepted,              ///< pushes are joined above a gap of their origin
    kPushDropsNothing,         ///< the join of a push does not know what its rows replace
    kHeldWithoutBound,         ///< waiting pushes are kept without end
    kPullAppliedInParts,       ///< V moves before all rows of a pull are joined
    kBaseTooHigh,              ///< a pull asks for less than is lacking
    kNoTopUp,                  ///< rows that changed while an answer was sent are not sent again
    kRunsMixed,                ///< parts of two runs of an answer make up one
    kLostPartAccepted,         ///< a missing part of an answer is not noticed
    kStagedJoinedTwice,        ///< an older form of a row is joined before the last one
    kNothingDropped,           ///< the join never drops what the other side no longer has
    kSiblingPruned,            ///< the join keeps two siblings at most
    kAssignKeepsSiblings,      ///< a write does not replace what it saw
    kResetDropsDots,           ///< a counter reset drops the contributions it saw
    kContributionRestarts,     ///< a contribution starts from 0 again
    kRemovalNotLogged,         ///< a removal has no log entry
    kLogDroppedTooEarly,       ///< a log entry goes while its write stays
    kAcknowledgedNotDurable,   ///< a crash takes back what was acknowledged and pushed
    kDotReusedAfterRestore,    ///< a restored store goes on under its old identity
    kClockFollowsAnybody,      ///< a remote clock moves the local one without bound
    kCollectedOneMemberEarly,  ///< a removal is collected before one member has seen it
    kCollectedBeforeSettled,   ///< … before what members wrote without seeing it has arrived
    kNoFloor,                  ///< a replica below the floor gets only what changed
    kFloorNotInherited,        ///< what a pull brings has no floor
    kPushBelowFloor,           ///< rows that were collected are missing in a push
    kBaseNotChecked,           ///< the answer to an older pull, from another base, is joined
    kReplacedListed,           ///< a push replaces only what its writes saw in their rows
    kHorizonForgotten,         ///< an increment begins before removals that were dropped here
    kHorizonNotInherited,      ///< … or that were dropped before they came here
    kRequestNotLookedUp,       ///< a retried request is executed again
    kRequestForgottenEarly,    ///< what was executed is forgotten before its time
    kRequestsShareOneQuota,    ///< … because another origin has many
    kCursorAheadOfRows,        ///< what is stored of a pull says more than its staged rows
    kStagedRowsMixed,          ///< rows that another answer had staged are joined with this one
    kAuditIntersects,          ///< an audit drops what one side lacks
    kAuditIgnoresVersions,     ///< … takes rows for different that differ because V does
    kAuditAdvances,            ///< … takes over the other side's V
    kOverlaidAtPresent,        ///< what a large pull brought is joined at the V that it led to
    kFoldedForgotten,          ///< a write to a row of a full pull does not say that it folded it
    kUnfoldedServed,           ///< what is not folded yet is missing in pushes and answers
    kTrimmedWordSettled,       ///< a word counts without its entries of unknown origins
    kProofNotChecked,          ///< a write in a signed bucket needs no sound proof
    kContributionsDropped,     ///< a peer that may not relay drops contributions of others
    kForeignFloorTaken,        ///< … raises G
    kHeadNotShown,             ///< a new link does not show the heads that are kept of its peer
    kHeadNotKept,              ///< V advances and the head that came with it is not kept
    kClaimRenewsIdentity,      ///< a claim without a head renews the identity
    kEnd,
};

extern Defect chosen_defect;

}  // namespace kigumi

#define KIGUMI_DEFECT(name) (::kigumi::chosen_defect == ::kigumi::Defect::name)
#else
#define KIGUMI_DEFECT(name) false
#endif
