#include <set>

#include "kigumi/replication/memory_env.hpp"
#include "kigumi/replication/store.hpp"
#include "replication/row_generators.hpp"
#include "support/temp_directory.hpp"

/// LMDB takes keys of 511 bytes. Longer names are shortened by a hash; nobody may notice.
namespace kigumi {
namespace {

class LongNames : public testing::Test {
  protected:
    TempDirectory directory;
    std::unique_ptr<Store> store = Store::open(directory.path()).value();
};

/// Names of that many bytes, alike in what a shortened key keeps, some with zeros around the cut.
std::vector<std::string> names_of(std::size_t size) {
    std::vector<std::string> all = {std::string(size, 'n'), std::string(size, '\0')};
    all.push_back(std::string(size - 1, 'n') + "m");
    all.push_back(std::string(size - 1, 'n') + '\0');
    for (std::size_t at = 60; at < 67 && at < size; ++at) {
        std::string name(size, 'n');
        name[at] = '\0';
        all.push_back(name);
        if (at + 1 < size) name[at + 1] = '\xFE';
        all.push_back(name);
        if (at + 1 < size) name[at + 1] = '\xFF';
        all.push_back(name);
    }
    return all;
}

TEST_F(LongNames, KeysRoundTripAndStayApart) {
    std::set<std::string> keys;
    for (const std::size_t size : {1U, 63U, 64U, 65U, 97U, 98U, 99U, 100U, 101U, 511U, 512U, 4096U})
        for (std::string& name : names_of(size)) keys.insert(std::move(name));
    {
        auto txn = store->write().value();
        for (const std::string& key : keys) {
            txn.reg(key).assign(Bytes{key}).value();
            for (int member = 0; member < 3; ++member)
                static_cast<void>(txn.set(key).add(member).value());
        }
        txn.commit().value();
    }
    auto txn = store->read().value();
    txn.check_log().value();
    for (const std::string& key : keys) {
        ASSERT_EQ(txn.reg(key).get().value(), Value(Bytes{key})) << json_string(key);
        ASSERT_EQ(txn.set(key).members().value(), (std::vector<Value>{0, 1, 2}));
    }
    std::multiset<std::string> objects;
    txn.each_object([&objects](const std::string& key, Type) {
           objects.insert(key);
           return true;
       })
        .value();
    EXPECT_EQ(objects.size(), 2 * keys.size());
    for (const std::string& key : keys) EXPECT_EQ(objects.count(key), 2U) << json_string(key);
}

TEST_F(LongNames, ObjectsStayTogetherInAScan) {
    {
        auto txn = store->write().value();
        for (const std::size_t size : {64U, 99U, 100U, 101U, 300U})
            for (const std::string& key : names_of(size))
                for (int member = 0; member < 3; ++member)
                    static_cast<void>(txn.set(key).add(member).value());
        txn.commit().value();
    }
    std::set<std::string> finished;
    std::string current;
    store->read()
        .value()
        .scan({},
              [&](const RowKey& at, const Row&) {
                  if (at.key != current) {
                      finished.insert(current);
                      current = at.key;
                      EXPECT_FALSE(finished.contains(current)) << json_string(current);
                  }
                  return true;
              })
        .value();
}

TEST_F(LongNames, MembersRoundTripAndStayApart) {
    std::vector<Value> members;
    for (const std::size_t size : {98U, 99U, 100U, 101U, 511U, 4096U, 30'000U}) {
        for (const std::string& name : names_of(size)) {
            members.emplace_back(Bytes{name});
            members.emplace_back(Array{Value(Bytes{name}), Value(1)});
            if (is_utf8(name)) members.emplace_back(name);
        }
    }
    members.emplace_back(std::string(60'000, 'n'));
    members.emplace_back(Array(500, Value(256)));
    members.emplace_back(Object{{std::string(200, 'n'), Value(std::string(200, '\0'))}});
    for (int round = 0; round < 2; ++round) {
        auto txn = store->write().value();
        for (const Value& member : members)
            ASSERT_EQ(txn.set("s").add(member).value(), round == 0) << member;
        txn.commit().value();
    }
    auto txn = store->read().value();
    txn.check_log().value();
    EXPECT_EQ(txn.count_rows().value(), members.size());
    std::set<std::string> expected;
    std::set<std::string> seen;
    for (const Value& member : members) {
        expected.insert(to_json(member));
        EXPECT_TRUE(txn.set("s").contains(member).value());
    }
    for (const Value& member : txn.set("s").members().value()) seen.insert(to_json(member));
    EXPECT_EQ(seen, expected);
}

TEST_F(LongNames, AMemberThatLooksLikeAShortenedOneIsAnother) {
    // Found by search: `fake` is what `real` is shortened to, hash and all.
    std::string path;
    Array real = {Value(), Value()};
    constexpr std::uint64_t kSign = std::uint64_t{1} << 63;
    constexpr auto kFiller = static_cast<std::int64_t>(0x0101010101010101 ^ kSign);
    for (int i = 0; i < 12; ++i)
        real.emplace_back(i == 5 ? static_cast<std::int64_t>(7'002'709 ^ kSign) : kFiller);
    path::append(path, Value(real));
    constexpr std::string_view kHash(
        "\x07\xba\xd6\xf5\x79\xe7\x05\x9d\x9a\x81\x79\xb8"
        "\x5c\xaf\xc0\x32\x77\x9e\x3c\xec\x71\x8e\x00\x00",
        24);
    const std::string shortened =
        path.substr(0, 64) + std::string("\0\xFE", 2) + std::string(kHash);
    std::string_view rest = shortened;
    const Value fake = path::take_value(rest).value();
    ASSERT_TRUE(rest.empty());
    auto txn = store->write().value();
    EXPECT_TRUE(txn.set("s").add(real).value());
    EXPECT_FALSE(txn.set("s").contains(fake).value());
    EXPECT_TRUE(txn.set("s").add(fake).value());
    EXPECT_EQ(txn.set("s").size().value(), 2U);
    EXPECT_TRUE(txn.set("s").erase(fake).value());
    EXPECT_TRUE(txn.set("s").contains(real).value());
}

TEST_F(LongNames, FieldsRoundTripAndAreErasedAlone) {
    std::set<std::string> names;
    for (const std::size_t size : {62U, 63U, 98U, 99U, 100U, 300U})
        for (const std::string& name : names_of(size))
            if (is_utf8(name)) names.insert(name);
    auto txn = store->write().value();
    for (const std::string& name : names) {
        txn.map("m").reg(name).assign(1).value();
        static_cast<void>(txn.map("m").set(name).add(std::string(150, 'x')).value());
    }
    EXPECT_EQ(txn.map("m").fields().value().size(), 2 * names.size());
    std::size_t left = names.size();
    for (const std::string& name : names) {
        ASSERT_TRUE(txn.map("m").erase(name).value());
        ASSERT_EQ(txn.map("m").fields().value().size(), 2 * --left) << json_string(name);
    }
}

TEST_F(LongNames, RefusesNamesBeyondTheLimits) {
    auto txn = store->write().value();
    EXPECT_FALSE(txn.reg("").assign(1));
    EXPECT_FALSE(txn.reg(std::string(kMaxKeyBytes + 1, 'k')).assign(1));
    EXPECT_FALSE(txn.set("s").add(std::string(kMaxPathBytes, 'm')));
    EXPECT_FALSE(txn.map("m").reg(std::string(kMaxPathBytes, 'f')).assign(1));
    txn.commit().value();
    EXPECT_EQ(store->read().value().count_rows().value(), 0U);
}

RC_GTEST_PROP(LongNamesLaws, AnyRowIsReadBackAsItWasJoined, ()) {
    const auto store = Store::over(std::make_shared<kv::MemoryEnv>()).value();
    auto rows = *generators::keyed_rows();
    for (KeyedRow& keyed : rows) {
        const auto repeated = *rc::gen::inRange<std::size_t>(1, 100);
        std::string key;
        for (std::size_t i = 0; i < repeated; ++i) key += keyed.at.key;
        keyed.at.key = key.substr(0, kMaxKeyBytes);
    }
    std::map<RowKey, Row> model;
    {
        auto txn = store->write().value();
        for (const KeyedRow& keyed : rows) {
            if (!model.emplace(keyed.at, keyed.row).second) continue;
            txn.put(keyed.at, Row(), keyed.row).value();
        }
        txn.commit().value();
    }
    auto txn = store->read().value();
    std::map<RowKey, Row> scanned;
    txn.scan({},
             [&scanned](const RowKey& at, const Row& row) {
                 RC_ASSERT(scanned.emplace(at, row).second);
                 return true;
             })
        .value();
    RC_ASSERT(scanned == model);
    for (const auto& [at, row] : model) RC_ASSERT(txn.get(at).value() == row);
}

}  // namespace
}  // namespace kigumi
