#pragma once

#include "crdt/group.hpp"

/// The laws of every type, over states that random histories reach. A new type gets all of them by
/// one line: `KIGUMI_LATTICE_LAWS(Name, workload<...>())`.
namespace kigumi::laws {

void join_is_commutative(const Workload& workload);
void join_is_associative(const Workload& workload);
void join_is_idempotent(const Workload& workload);
void delta_join_is_full_join(const Workload& workload);
void all_joined_all_are_equal(const Workload& workload);
void batches_round_trip(const Workload& workload);
/// The oracle: a replica's rows are exactly those writes of the history which it has seen and which
/// no write that it has seen has replaced.
void rows_are_an_exact_cut(const Workload& workload);

}  // namespace kigumi::laws

#define KIGUMI_LATTICE_LAWS(Name, each_workload)                 \
    RC_GTEST_PROP(Name##Laws, JoinIsCommutative, ()) {           \
        ::kigumi::laws::join_is_commutative(each_workload);      \
    }                                                            \
    RC_GTEST_PROP(Name##Laws, JoinIsAssociative, ()) {           \
        ::kigumi::laws::join_is_associative(each_workload);      \
    }                                                            \
    RC_GTEST_PROP(Name##Laws, JoinIsIdempotent, ()) {            \
        ::kigumi::laws::join_is_idempotent(each_workload);       \
    }                                                            \
    RC_GTEST_PROP(Name##Laws, DeltaJoinIsFullJoin, ()) {         \
        ::kigumi::laws::delta_join_is_full_join(each_workload);  \
    }                                                            \
    RC_GTEST_PROP(Name##Laws, AllJoinedAllAreEqual, ()) {        \
        ::kigumi::laws::all_joined_all_are_equal(each_workload); \
    }                                                            \
    RC_GTEST_PROP(Name##Laws, BatchesRoundTrip, ()) {            \
        ::kigumi::laws::batches_round_trip(each_workload);       \
    }                                                            \
    RC_GTEST_PROP(Name##Laws, RowsAreAnExactCut, ()) {           \
        ::kigumi::laws::rows_are_an_exact_cut(each_workload);    \
    }
