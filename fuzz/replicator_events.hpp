#pragma once

#include <cstdint>

namespace kigumi::fuzz {

/// What may happen to the replicator under test: the first byte of each event in an input. The
/// bytes behind it are read by `ReplicatorWorld`.
enum Event : std::uint8_t {
    kLinkUp,
    kLinkDown,
    kRawMessage,
    kHello,
    kDigest,
    kPush,
    kPull,
    kChunk,
    kCredit,
    kDone,
    kCancel,
    kWhoOrBye,
    kTick,
    kFlush,
    kLocalCommit,
    kDamagedMessage,
    kCommitFails,
    kPrune,
    kHearsay,
    kAudit,
    kAuditAnswer,
    kAuditRows,
    kHeads,
    kEvents
};

/// The ways in which a vector is built, its first byte. All but the first two stand on one of these
/// and may raise an entry.
enum VectorKind : std::uint8_t { kFree, kNothing, kOurs, kOursRaised, kPromised, kVectorKinds };

}  // namespace kigumi::fuzz
