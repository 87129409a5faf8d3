#include <map>
#include <set>

#include "crdt/three_replicas.hpp"

namespace kigumi {
namespace {

class MapTest : public ThreeReplicas {
  protected:
    using Fields = std::vector<Map<MemoryRows>::Field>;
    static Fields fields(MemoryRows& rows) { return rows.map("m").fields().value(); }
};

TEST_F(MapTest, HoldsRegistersCountersAndSets) {
    auto map = a.map("m");
    map.reg("name").assign("kigumi").value();
    map.counter("visits").add(2).value();
    static_cast<void>(map.set("tags").add("x").value());
    static_cast<void>(map.set("tags").add("y").value());
    EXPECT_EQ(
        fields(a),
        (Fields{{"name", Type::kRegister}, {"tags", Type::kSet}, {"visits", Type::kCounter}}));
    EXPECT_EQ(map.reg("name").get().value(), Value("kigumi"));
    EXPECT_EQ(map.counter("visits").value().value(), 2);
    EXPECT_EQ(map.set("tags").size().value(), 2U);
}

TEST_F(MapTest, AFieldExistsWhileSomethingInItDoes) {
    auto map = a.map("m");
    static_cast<void>(map.set("tags").add("x").value());
    map.counter("n").add(1).value();
    map.counter("n").add(-1).value();
    EXPECT_EQ(fields(a), (Fields{{"n", Type::kCounter}, {"tags", Type::kSet}}))
        << "a counter at 0 exists";
    map.counter("n").reset().value();
    EXPECT_TRUE(map.set("tags").erase("x").value());
    EXPECT_TRUE(fields(a).empty());
}

TEST_F(MapTest, EraseRemovesAllThatTheFieldHolds) {
    auto map = a.map("m");
    map.reg("f").assign(1).value();
    map.counter("f").add(1).value();
    static_cast<void>(map.set("f").add(1).value());
    map.reg("g").assign(1).value();
    EXPECT_TRUE(map.erase("f").value());
    EXPECT_FALSE(map.erase("f").value());
    EXPECT_EQ(fields(a), (Fields{{"g", Type::kRegister}}));
    EXPECT_EQ(map.counter("f").value().value(), 0);
}

TEST_F(MapTest, EraseLeavesNeighboursAlone) {
    // Names whose encodings begin alike.
    const std::vector<std::string> names = {
        "", std::string("\0", 1), "a", std::string("a\0", 2), std::string("a\0b", 3), "ab"};
    for (const std::string& erased : names) {
        MemoryRows rows = one_replica();
        auto map = rows.map("m");
        for (const std::string& name : names) map.reg(name).assign(1).value();
        EXPECT_TRUE(map.erase(erased).value());
        EXPECT_EQ(fields(rows).size(), names.size() - 1) << json_string(erased);
        EXPECT_EQ(map.reg(erased).get().value(), std::nullopt);
    }
}

TEST_F(MapTest, EraseConcurrentWithUpdateKeepsTheUpdate) {
    auto map = a.map("m");
    map.counter("n").add(10).value();
    map.reg("r").assign("old").value();
    static_cast<void>(map.set("s").add("old").value());
    sync_all();
    for (const char* field : {"n", "r", "s"}) EXPECT_TRUE(a.map("m").erase(field).value());
    now_ms += 10;
    b.map("m").counter("n").add(1).value();
    b.map("m").reg("r").assign("new").value();
    static_cast<void>(b.map("m").set("s").add("new").value());
    sync_all();
    for (MemoryRows* rows : {&a, &b, &c}) {
        EXPECT_EQ(rows->map("m").counter("n").value().value(), 1);
        EXPECT_EQ(rows->map("m").reg("r").get().value(), Value("new"));
        EXPECT_EQ(rows->map("m").set("s").members().value(), std::vector<Value>{"new"});
        EXPECT_EQ(fields(*rows).size(), 3U);
    }
}

TEST_F(MapTest, ConcurrentFieldsOfTwoTypesStandSideBySide) {
    a.map("m").reg("f").assign(1).value();
    b.map("m").counter("f").add(5).value();
    sync_all();
    EXPECT_EQ(fields(c), (Fields{{"f", Type::kRegister}, {"f", Type::kCounter}}));
    EXPECT_TRUE(c.map("m").erase("f").value());
    sync_all();
    EXPECT_TRUE(fields(a).empty());
}

TEST_F(MapTest, ErasedAsAnObjectItIsEmpty) {
    a.map("m").reg("f").assign(1).value();
    a.map("m").counter("n").add(1).value();
    a.map("m2").reg("f").assign(1).value();
    EXPECT_TRUE(a.erase("m", Type::kMap).value());
    EXPECT_FALSE(a.erase("m", Type::kMap).value());
    EXPECT_TRUE(fields(a).empty());
    EXPECT_EQ(a.map("m2").fields().value().size(), 1U);
}

struct Op {
    int what;
    int field;
    int amount;
};

std::ostream& operator<<(std::ostream& out, const Op& op) {
    return out << "\nop " << op.what << " field " << op.field << " by " << op.amount;
}

RC_GTEST_PROP(MapModelLaws, AloneItIsMapsOfValues, ()) {
    MemoryRows rows = one_replica();
    auto map = rows.map("m");
    std::map<std::string, int> registers;
    std::map<std::string, std::int64_t> counters;
    std::map<std::string, std::set<int>> sets;
    std::set<std::string> counted;
    const std::array<std::string, 3> names = {"a", std::string("a\0", 2), "b"};
    for (const Op& op : *rc::gen::container<std::vector<Op>>(rc::gen::construct<Op>(
             rc::gen::resize(100, rc::gen::inRange(0, 7)),
             rc::gen::resize(100, rc::gen::inRange(0, 3)), rc::gen::inRange(1, 4)))) {
        const std::string& name = names[static_cast<std::size_t>(op.field)];
        switch (op.what) {
            case 0:
                map.reg(name).assign(op.amount).value();
                registers[name] = op.amount;
                break;
            case 1:
                RC_ASSERT(map.reg(name).erase().value() == (registers.erase(name) == 1));
                break;
            case 2:
                map.counter(name).add(op.amount).value();
                counters[name] += op.amount;
                counted.insert(name);
                break;
            case 3:
                map.counter(name).reset().value();
                counters[name] = 0;
                counted.erase(name);
                break;
            case 4:
                RC_ASSERT(map.set(name).add(op.amount).value() ==
                          sets[name].insert(op.amount).second);
                break;
            case 5:
                RC_ASSERT(map.set(name).erase(op.amount).value() ==
                          (sets[name].erase(op.amount) == 1));
                break;
            default: {
                const bool held =
                    registers.contains(name) || counted.contains(name) || !sets[name].empty();
                RC_ASSERT(map.erase(name).value() == held);
                registers.erase(name);
                counters[name] = 0;
                counted.erase(name);
                sets[name].clear();
            }
        }
        std::size_t fields = registers.size() + counted.size();
        for (const std::string& each : names) {
            fields += sets[each].empty() ? 0 : 1;
            const auto value = map.reg(each).get().value();
            RC_ASSERT(value.has_value() == registers.contains(each));
            if (value) RC_ASSERT(*value == Value(registers[each]));
            RC_ASSERT(map.counter(each).value().value() == counters[each]);
            RC_ASSERT(map.set(each).members().value() ==
                      std::vector<Value>(sets[each].begin(), sets[each].end()));
        }
        RC_ASSERT(map.fields().value().size() == fields);
    }
}

}  // namespace
}  // namespace kigumi
