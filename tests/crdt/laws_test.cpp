#include "kigumi/testing/laws.hpp"

#include "crdt/workloads.hpp"

/// The laws find what is wrong. Each type here has one mistake.
namespace kigumi {
namespace {

using workloads::Op;
using workloads::read_register;

struct Right : workloads::AnyOperation {
    static void apply(MemoryRows& rows, const Op& op) {
        rows.reg("r").assign(Value(op.amount)).value();
    }
    static std::string read(MemoryRows& rows) { return read_register(rows.reg("r")); }
};

struct NamesItself : Right {
    static std::string read(MemoryRows& rows) { return Right::read(rows) + rows.self().hex(); }
};

struct ReadsTheClock : Right {
    static std::uint64_t read(MemoryRows& rows) { return rows.now().ms(); }
};

struct WritesWhenRead : Right {
    static int read(MemoryRows& rows) { return apply(rows, {}), 0; }
};

struct Throws : Right {
    static int read(MemoryRows&) { return Result<int>(fail(ErrorCode::kIo, "no")).value(); }
};

/// Past the write rules: a removal without a write of its own.
struct Forgets : Right {
    static void apply(MemoryRows& rows, const Op& op) {
        if (op.what % 2 == 0) return Right::apply(rows, op);
        const RowKey at{"r", Type::kRegister, {}};
        rows.put(at, rows.get(at).value(), Row()).value();
    }
};

/// … a write that does not replace what it saw.
struct Hoards : Right {
    static void apply(MemoryRows& rows, const Op& op) {
        const RowKey at{"r", Type::kRegister, {}};
        const Row before = rows.get(at).value();
        Row after = before;
        after.insert({rows.next_dot(), rows.now(), Value(op.amount)});
        rows.put(at, before, std::move(after)).value();
    }
};

/// … a write that changes without a new name.
struct Alters : Right {
    static void apply(MemoryRows& rows, const Op& op) {
        const RowKey at{"r", Type::kRegister, {}};
        const Row before = rows.get(at).value();
        if (before.empty()) return Right::apply(rows, op);
        Row after = before;
        const Write first = *before.begin();
        after.insert({first.dot, first.time, Value(op.amount)});
        rows.put(at, before, std::move(after)).value();
    }
};

struct Promises : Right {
    static bool holds(MemoryRows& rows) { return rows.reg("r").siblings().value().size() < 2; }
};

/// Whether the law finds something wrong; what it says of it is not for the test's output.
bool finds(void (*law)()) {
    testing::internal::CaptureStderr();
    const bool kept = rc::check(law);
    testing::internal::GetCapturedStderr();
    return !kept;
}

TEST(LawsOfTypes, KeptByARegister) { EXPECT_TRUE(laws::check<Right>("register")); }

TEST(LawsOfTypes, AReadingTakesNothingFromOutsideTheRows) {
    EXPECT_TRUE(finds(laws::readings_agree<NamesItself>));
    EXPECT_TRUE(finds(laws::readings_agree<ReadsTheClock>));
    EXPECT_TRUE(finds(laws::any_delivery_order_converges<NamesItself>));
}

TEST(LawsOfTypes, AReadingWritesNothingAndDoesNotFail) {
    EXPECT_TRUE(finds(laws::readings_agree<WritesWhenRead>));
    EXPECT_TRUE(finds(laws::readings_agree<Throws>));
}

TEST(LawsOfTypes, AWriteTakesNothingBack) {
    EXPECT_TRUE(finds(laws::writes_are_monotone<Forgets>));
    EXPECT_TRUE(finds(laws::rows_are_an_exact_cut<Forgets>));
}

TEST(LawsOfTypes, AWriteReplacesWhatItSaw) {
    EXPECT_TRUE(finds(laws::rows_are_an_exact_cut<Hoards>));
}

TEST(LawsOfTypes, AWriteHasOneMeaning) {
    EXPECT_TRUE(finds(laws::join_is_commutative<Alters>));
    EXPECT_TRUE(finds(laws::any_delivery_order_converges<Alters>));
}

TEST(LawsOfTypes, AnInvariantHoldsOnEveryReplicaAtEveryMoment) {
    EXPECT_TRUE(finds(laws::invariant_holds<Promises>));
    EXPECT_FALSE(finds(laws::invariant_holds<Right>)) << "there is none";
}

}  // namespace
}  // namespace kigumi
