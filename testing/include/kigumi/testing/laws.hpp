#pragma once

#include <string>

#include "kigumi/testing/history.hpp"

/// The laws that every replicated type has to keep, as properties for RapidCheck: over states that
/// random histories of three replicas reach. Include this in a test of a type of your own, describe
/// the type (`TypeUnderTest`), and hold it to all of them in one line:
///
///     int main() { return kigumi::laws::check<Carts>("carts") ? 0 : 1; }
///
/// or, with GoogleTest and after including <rapidcheck/gtest.h>, `KIGUMI_LAWS(Carts, Carts)`. What
/// fails is shrunk to a short history and shown with what it takes to run it again.
///
/// In what each law says, a, b, c are states, and a ≤ b means that a ⊔ b = b.
///
/// Types made of the views keep most of them by construction; their mistakes are in what reading
/// makes of rows, in rows that are written past the write rules, and in invariants. Sources:
/// Shapiro et al., "Conflict-free Replicated Data Types" (2011); Almeida, Shoker & Baquero, "Delta
/// State Replicated Data Types" (2018).
namespace kigumi::laws {

/// a ⊔ b = b ⊔ a.
template <TypeUnderTest T>
void join_is_commutative() {
    Replicas replicas;
    replicas.run<T>(*any_steps<T>());
    RC_CLASSIFY(replicas[0].version().concurrent(replicas[1].version()));
    RC_ASSERT(same(joined(replicas[0], replicas[1]), joined(replicas[1], replicas[0])));
}

/// (a ⊔ b) ⊔ c = a ⊔ (b ⊔ c).
template <TypeUnderTest T>
void join_is_associative() {
    Replicas replicas;
    replicas.run<T>(*any_steps<T>());
    RC_ASSERT(same(joined(joined(replicas[0], replicas[1]), replicas[2]),
                   joined(replicas[0], joined(replicas[1], replicas[2]))));
}

/// a ⊔ a = a; a repeated join changes nothing.
template <TypeUnderTest T>
void join_is_idempotent() {
    Replicas replicas;
    replicas.run<T>(*any_steps<T>());
    RC_ASSERT(same(joined(replicas[0], replicas[0]), replicas[0]));
    const MemoryRows both = joined(replicas[0], replicas[1]);
    RC_ASSERT(same(joined(both, replicas[1]), both));
    RC_ASSERT(same(joined(replicas[1], both), both));
}

/// a ≤ op(a): no write takes back what somebody may hold already.
template <TypeUnderTest T>
void writes_are_monotone() {
    const auto steps = *any_steps<T>();
    Replicas replicas;
    for (const auto& step : steps) {
        const MemoryRows before = replicas[step.at];
        replicas.run<T>(step);
        const MemoryRows& after = replicas[step.at];
        RC_ASSERT(after.version().covers(before.version()));
        RC_ASSERT(same(joined(before, after), after));
        RC_ASSERT(same(joined(after, before), after));
    }
}

/// Joining what is lacking does what joining the whole state does.
template <TypeUnderTest T>
void deltas_equal_states() {
    Replicas replicas;
    replicas.run<T>(*any_steps<T>());
    RC_ASSERT(same(joined_delta(replicas[0], replicas[1]), joined(replicas[0], replicas[1])));
    RC_ASSERT(same(joined_delta(replicas[2], joined(replicas[0], replicas[1])),
                   joined(joined(replicas[2], replicas[1]), replicas[0])));
}

/// States that arrive in any order, repeated, become one state.
template <TypeUnderTest T>
void any_delivery_order_converges() {
    Replicas replicas;
    replicas.run<T>(*any_steps<T>());
    const std::vector<MemoryRows> sent = replicas.all();
    // Drawn with repetition, then everything once in order: each state arrives at least once.
    auto order = *rc::gen::container<std::vector<unsigned>>(
        rc::gen::resize(100, rc::gen::inRange(0U, kReplicas * kReplicas)));
    for (unsigned all = 0; all < kReplicas * kReplicas; ++all) order.push_back(all);
    for (const unsigned each : order) {
        MemoryRows& into = replicas[each / kReplicas];
        const MemoryRows& from = sent[each % kReplicas];
        into.join(from.delta(into.version()), from.version());
    }
    for (MemoryRows& each : replicas.all()) {
        RC_ASSERT(same(each, replicas[0]));
        RC_ASSERT(T::read(each) == T::read(replicas[0]));
    }
}

/// A row shows the writes seen that no write seen has replaced.
template <TypeUnderTest T>
void rows_are_an_exact_cut() {
    using Kind = typename Step<typename T::Operation>::Kind;
    const auto steps = *any_steps<T>();
    Replicas replicas;
    History history;
    for (const auto& step : steps) {
        replicas.run<T>(step);
        if (step.kind == Kind::kWrite) {
            history.wrote(step.at, replicas[step.at]);
        } else {
            history.joined(step.at, step.from);
        }
        RC_ASSERT(history.expected(step.at) == shown(replicas[step.at]));
    }
}

/// Equal states read equal on every replica, and reading changes nothing.
template <TypeUnderTest T>
void readings_agree() {
    Replicas replicas;
    replicas.run<T>(*any_steps<T>());
    for (MemoryRows& each : replicas.all()) {
        const MemoryRows before = each;
        const auto read = T::read(each);
        RC_ASSERT(same(each, before));
        // The same state on a replica of another name, at another time.
        MemoryRows elsewhere(Replicas::id(kReplicas), [] { return std::uint64_t{5'000'000}; });
        elsewhere.join(each);
        RC_ASSERT(T::read(elsewhere) == read);
    }
}

/// `T::holds`, if there is one, is true on every replica at every moment.
template <TypeUnderTest T>
void invariant_holds() {
    if constexpr (requires(MemoryRows & rows) { T::holds(rows); }) {
        const auto steps = *any_steps<T>();
        Replicas replicas;
        for (const auto& step : steps) {
            replicas.run<T>(step);
            RC_ASSERT(T::holds(replicas[step.at]));
        }
    }
}

/// Checks all laws, each with `max_success` random histories (RC_PARAMS), and prints how it went.
/// Returns whether all hold.
template <TypeUnderTest T>
bool check(const std::string& name) {
    bool all = true;
    const auto law = [&](const char* what, void (*property)()) {
        all = rc::check(name + ": " + what, property) && all;
    };
    law("the join is commutative", join_is_commutative<T>);
    law("the join is associative", join_is_associative<T>);
    law("the join is idempotent", join_is_idempotent<T>);
    law("writes are monotone", writes_are_monotone<T>);
    law("deltas equal states", deltas_equal_states<T>);
    law("any delivery order converges", any_delivery_order_converges<T>);
    law("rows are an exact cut", rows_are_an_exact_cut<T>);
    law("readings agree", readings_agree<T>);
    law("the invariant holds", invariant_holds<T>);
    return all;
}

}  // namespace kigumi::laws

/// All laws as GoogleTest properties, in the suite `Name`Laws. Needs <rapidcheck/gtest.h>.
#define KIGUMI_LAWS(Name, T)                                                                       \
    RC_GTEST_PROP(Name##Laws, JoinIsCommutative, ()) { ::kigumi::laws::join_is_commutative<T>(); } \
    RC_GTEST_PROP(Name##Laws, JoinIsAssociative, ()) { ::kigumi::laws::join_is_associative<T>(); } \
    RC_GTEST_PROP(Name##Laws, JoinIsIdempotent, ()) { ::kigumi::laws::join_is_idempotent<T>(); }   \
    RC_GTEST_PROP(Name##Laws, WritesAreMonotone, ()) { ::kigumi::laws::writes_are_monotone<T>(); } \
    RC_GTEST_PROP(Name##Laws, DeltasEqualStates, ()) { ::kigumi::laws::deltas_equal_states<T>(); } \
    RC_GTEST_PROP(Name##Laws, AnyDeliveryOrderConverges, ()) {                                     \
        ::kigumi::laws::any_delivery_order_converges<T>();                                         \
    }                                                                                              \
    RC_GTEST_PROP(Name##Laws, RowsAreAnExactCut, ()) {                                             \
        ::kigumi::laws::rows_are_an_exact_cut<T>();                                                \
    }                                                                                              \
    RC_GTEST_PROP(Name##Laws, ReadingsAgree, ()) { ::kigumi::laws::readings_agree<T>(); }          \
    RC_GTEST_PROP(Name##Laws, InvariantHolds, ()) { ::kigumi::laws::invariant_holds<T>(); }
