#include <map>

#include "crdt/three_replicas.hpp"

namespace kigumi {
namespace {

class AwSet : public ThreeReplicas {
  protected:
    static std::vector<Value> members(MemoryRows& rows) { return rows.set("s").members().value(); }
};

TEST_F(AwSet, AddsAndRemoves) {
    auto set = a.set("s");
    EXPECT_TRUE(set.add("x").value());
    EXPECT_FALSE(set.add("x").value());
    EXPECT_TRUE(set.contains("x").value());
    EXPECT_TRUE(set.erase("x").value());
    EXPECT_FALSE(set.erase("x").value());
    EXPECT_FALSE(set.contains("x").value());
    EXPECT_TRUE(set.add("x").value()) << "new again";
}

TEST_F(AwSet, MembersAreAnyValuesInOrder) {
    const std::vector<Value> all = {
        Value(),           Value(true),     Value(-1),
        Value(1),          Value(1.0),      Value("1"),
        Value(Bytes{"1"}), Value(Array{1}), Value(Object{{"a", Value(1)}})};
    auto set = a.set("s");
    for (auto it = all.rbegin(); it != all.rend(); ++it) EXPECT_TRUE(set.add(*it).value());
    EXPECT_EQ(members(a), all);
    EXPECT_EQ(set.size().value(), all.size());
}

TEST_F(AwSet, EachStopsWhenTold) {
    for (int i = 0; i < 5; ++i) static_cast<void>(a.set("s").add(i).value());
    std::vector<Value> seen;
    a.set("s")
        .each([&seen](const Value& member) {
            seen.push_back(member);
            return seen.size() < 2;
        })
        .value();
    EXPECT_EQ(seen, (std::vector<Value>{0, 1}));
}

TEST_F(AwSet, AddWinsOverConcurrentRemove) {
    static_cast<void>(a.set("s").add("x").value());
    sync_all();
    EXPECT_TRUE(a.set("s").erase("x").value());
    EXPECT_FALSE(b.set("s").add("x").value());
    sync_all();
    for (MemoryRows* rows : {&a, &b, &c}) EXPECT_TRUE(rows->set("s").contains("x").value());
    EXPECT_TRUE(c.set("s").erase("x").value());
    sync_all();
    for (MemoryRows* rows : {&a, &b, &c}) EXPECT_FALSE(rows->set("s").contains("x").value());
}

TEST_F(AwSet, RemoveTakesBackEveryAddItSaw) {
    for (MemoryRows* rows : {&a, &b, &c}) static_cast<void>(rows->set("s").add("x").value());
    sync_all();
    EXPECT_TRUE(b.set("s").erase("x").value());
    sync_all();
    for (MemoryRows* rows : {&a, &b, &c}) EXPECT_TRUE(members(*rows).empty());
}

TEST_F(AwSet, RemoveDoesNotTakeBackWhatItDidNotSee) {
    static_cast<void>(a.set("s").add("x").value());
    EXPECT_FALSE(b.set("s").erase("x").value());
    sync_all();
    EXPECT_TRUE(c.set("s").contains("x").value());
}

TEST_F(AwSet, RefusesMembersThatMayNotBeWritten) {
    EXPECT_FALSE(a.set("s").add("\xFF"));
    EXPECT_FALSE(a.set("s").add(std::string(kMaxPathBytes + 1, 'x')));
    EXPECT_TRUE(a.rows().empty());
    EXPECT_EQ(a.version()[a.self()], 0U) << "a refused write takes no dot";
}

TEST_F(AwSet, SetsOfOneNameAndOtherTypesAreOtherObjects) {
    static_cast<void>(a.set("s").add("x").value());
    a.counter("s").add(1).value();
    a.reg("s").assign(1).value();
    EXPECT_TRUE(a.erase("s", Type::kSet).value());
    EXPECT_TRUE(members(a).empty());
    EXPECT_EQ(a.counter("s").value().value(), 1);
    EXPECT_EQ(a.reg("s").get().value(), Value(1));
}

RC_GTEST_PROP(SetModelLaws, AloneItIsAStdSet, ()) {
    MemoryRows rows = one_replica();
    auto set = rows.set("s");
    // Keyed by the encoding, whose order path_test checks.
    std::map<std::string, Value> model;
    const auto values = *rc::gen::container<std::vector<Value>>(5, generators::value(2));
    for (const auto& [adds, index] : *rc::gen::container<std::vector<std::pair<bool, std::size_t>>>(
             rc::gen::pair(rc::gen::arbitrary<bool>(), rc::gen::inRange<std::size_t>(0, 5)))) {
        const Value& value = values[index];
        std::string key;
        path::append(key, value);
        if (adds) {
            RC_ASSERT(set.add(value).value() == model.emplace(key, value).second);
        } else {
            RC_ASSERT(set.erase(value).value() == (model.erase(key) == 1));
        }
        std::vector<Value> expected;
        for (const auto& [unused, member] : model) expected.push_back(member);
        RC_ASSERT(set.members().value() == expected);
        RC_ASSERT(set.size().value() == expected.size());
        RC_ASSERT(set.contains(value).value() == adds);
    }
}

}  // namespace
}  // namespace kigumi
