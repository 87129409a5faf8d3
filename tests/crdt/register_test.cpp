#include "crdt/three_replicas.hpp"

namespace kigumi {
namespace {

class LwwRegister : public ThreeReplicas {
  protected:
    static std::optional<Value> read(MemoryRows& rows) { return rows.reg("r").get().value(); }
    static std::vector<Sibling> siblings(MemoryRows& rows) {
        return rows.reg("r").siblings().value();
    }
};

TEST_F(LwwRegister, IsNothingUntilAssigned) {
    EXPECT_EQ(read(a), std::nullopt);
    EXPECT_TRUE(siblings(a).empty());
    EXPECT_FALSE(a.reg("r").erase().value());
    EXPECT_TRUE(a.rows().empty()) << "removing nothing writes nothing";
}

TEST_F(LwwRegister, NilIsAValue) {
    a.reg("r").assign(Value()).value();
    EXPECT_EQ(read(a), Value());
    EXPECT_TRUE(a.reg("r").erase().value());
    EXPECT_EQ(read(a), std::nullopt);
    EXPECT_FALSE(a.reg("r").erase().value());
}

TEST_F(LwwRegister, ConcurrentAssignsStaySideBySideAndTheLastWins) {
    a.reg("r").assign("from a").value();
    now_ms += 10;
    b.reg("r").assign("from b").value();
    sync_all();
    for (MemoryRows* rows : {&a, &b, &c}) {
        EXPECT_EQ(read(*rows), Value("from b"));
        ASSERT_EQ(siblings(*rows).size(), 2U);
        EXPECT_EQ(siblings(*rows)[0].value, Value("from b"));
        EXPECT_EQ(siblings(*rows)[1].value, Value("from a"));
    }
}

TEST_F(LwwRegister, SameTimeIsDecidedByTheReplica) {
    b.reg("r").assign("from b").value();
    a.reg("r").assign("from a").value();
    sync_all();
    for (MemoryRows* rows : {&a, &b, &c}) EXPECT_EQ(read(*rows), Value("from b"));
}

TEST_F(LwwRegister, AWriteThatSawBothResolvesThemEverywhere) {
    a.reg("r").assign(1).value();
    b.reg("r").assign(2).value();
    sync_all();
    c.reg("r").assign(3).value();
    EXPECT_EQ(siblings(c).size(), 1U);
    sync_all();
    for (MemoryRows* rows : {&a, &b, &c}) {
        EXPECT_EQ(read(*rows), Value(3));
        EXPECT_EQ(siblings(*rows).size(), 1U);
    }
}

TEST_F(LwwRegister, CausalityBeatsTheClock) {
    now_ms += 3'600'000;
    a.reg("r").assign("an hour ahead").value();
    now_ms -= 3'600'000;
    b.join(a);
    b.reg("r").assign("after it").value();
    sync_all();
    for (MemoryRows* rows : {&a, &b, &c}) EXPECT_EQ(read(*rows), Value("after it"));
}

TEST_F(LwwRegister, ConcurrentRemovalAndWriteAreBothKept) {
    a.reg("r").assign("old").value();
    sync_all();
    a.reg("r").assign("new").value();
    now_ms += 10;
    EXPECT_TRUE(b.reg("r").erase().value());
    sync_all();
    for (MemoryRows* rows : {&a, &b, &c}) {
        EXPECT_EQ(read(*rows), std::nullopt) << "the removal is the last write";
        ASSERT_EQ(siblings(*rows).size(), 2U);
        EXPECT_TRUE(siblings(*rows)[0].removed);
        EXPECT_EQ(siblings(*rows)[1].value, Value("new"));
    }
    a.reg("r").assign("again").value();
    sync_all();
    EXPECT_EQ(read(c), Value("again"));
    EXPECT_EQ(siblings(c).size(), 1U);
}

TEST_F(LwwRegister, RefusesWhatMayNotBeWrittenAndKeepsTheOld) {
    a.reg("r").assign(1).value();
    EXPECT_FALSE(a.reg("r").assign("\xFF"));
    EXPECT_FALSE(a.reg("r").assign(std::string(kMaxValueBytes, 'x')));
    EXPECT_FALSE(a.reg(std::string(kMaxKeyBytes + 1, 'k')).assign(1));
    EXPECT_EQ(read(a), Value(1));
    EXPECT_EQ(a.version()[a.self()], 1U) << "a refused write takes no dot";
}

RC_GTEST_PROP(RegisterModelLaws, AloneItIsAnOptional, ()) {
    MemoryRows rows = one_replica();
    std::optional<Value> model;
    const auto ops = rc::gen::container<std::vector<std::optional<Value>>>(rc::gen::map(
        rc::gen::pair(rc::gen::inRange(0, 4), generators::value(1)), [](std::pair<int, Value> op) {
            return op.first == 0 ? std::nullopt : std::optional(std::move(op.second));
        }));
    for (const std::optional<Value>& op : *rc::gen::noShrink(ops)) {
        if (op) {
            rows.reg("r").assign(*op).value();
        } else {
            RC_ASSERT(rows.reg("r").erase().value() == model.has_value());
        }
        model = op;
        RC_ASSERT(rows.reg("r").get().value() == model);
        RC_ASSERT(rows.reg("r").siblings().value().size() <= 1U);
    }
}

}  // namespace
}  // namespace kigumi
