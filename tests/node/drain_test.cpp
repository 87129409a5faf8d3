#include "drain.hpp"

#include <gtest/gtest.h>

namespace kigumi {
namespace {

ReplicaId replica(std::uint8_t byte) {
    ReplicaId::Bytes bytes{};
    bytes.fill(byte);
    return ReplicaId(bytes);
}

VersionVector upto(std::uint64_t counter) {
    VersionVector version;
    version.raise(replica(1), counter);
    return version;
}

/// A node that holds `held` events, with a linked peer that has confirmed so many.
ReplicatorStatus status(std::uint64_t held, std::uint64_t confirmed) {
    ReplicatorStatus status;
    status.links.resize(1);
    status.links[0].up = true;
    status.links[0].replica = replica(2);
    status.buckets.resize(1);
    status.buckets[0].name = "default";
    status.buckets[0].version = upto(held);
    BucketPeerStatus peer;
    peer.replica = replica(2);
    peer.acknowledged = upto(confirmed);
    status.buckets[0].peers = {peer};
    return status;
}

TEST(Drain, WaitsForWhatWasHeldWhenItBegan) {
    const Drain drain(status(5, 3));
    EXPECT_FALSE(drain.done(status(5, 4)));
    EXPECT_TRUE(drain.done(status(5, 5)));
    // What applications write meanwhile is not waited for: that might never end.
    EXPECT_TRUE(drain.done(status(9, 5)));
}

TEST(Drain, WaitsForALinkedPeerThatHasConfirmedNothing) {
    ReplicatorStatus silent = status(5, 0);
    silent.buckets[0].peers.clear();
    EXPECT_FALSE(Drain(silent).done(silent));
}

TEST(Drain, DoesNotWaitForThoseWhoAreNotLinked) {
    ReplicatorStatus gone = status(5, 0);
    gone.links[0].up = false;
    EXPECT_TRUE(Drain(gone).done(gone));
    gone.links.clear();
    EXPECT_TRUE(Drain(gone).done(gone));
    ReplicatorStatus empty = status(0, 0);
    empty.buckets[0].version = {};
    EXPECT_TRUE(Drain(empty).done(empty));
}

}  // namespace
}  // namespace kigumi
