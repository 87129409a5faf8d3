#include "kigumi/crdt/row_key.hpp"

#include "kigumi/crdt/path.hpp"
#include "support/value_generators.hpp"

namespace kigumi {
namespace {

std::string path_of(std::initializer_list<Value> elements) {
    std::string path;
    for (const Value& value : elements) path::append(path, value);
    return path;
}

std::string field(std::string_view name, Type leaf, std::string_view rest = {}) {
    std::string path;
    path::append(path, Value(name));
    path::append(path, leaf);
    return path + std::string(rest);
}

TEST(RowKey, LimitsKeyAndPath) {
    EXPECT_TRUE(check_row_key({std::string(kMaxKeyBytes, 'k'), Type::kRegister, {}}));
    EXPECT_FALSE(check_row_key({std::string(kMaxKeyBytes + 1, 'k'), Type::kRegister, {}}));
    EXPECT_TRUE(
        check_row_key({"k", Type::kSet, path_of({Value(std::string(kMaxPathBytes - 2, 'm'))})}));
    EXPECT_FALSE(
        check_row_key({"k", Type::kSet, path_of({Value(std::string(kMaxPathBytes - 1, 'm'))})}));
}

TEST(RowKey, PathsAreShapedByTheirType) {
    const std::string one = path_of({Value(1)});
    for (const Type type : {Type::kRegister, Type::kFlag, Type::kCounter}) {
        EXPECT_TRUE(check_row_key({"k", type, {}}));
        EXPECT_FALSE(check_row_key({"k", type, one}));
    }
    EXPECT_TRUE(check_row_key({"k", Type::kSet, one}));
    EXPECT_FALSE(check_row_key({"k", Type::kSet, {}}));
    EXPECT_FALSE(check_row_key({"k", Type::kSet, one + one}));
    EXPECT_TRUE(check_row_key({"k", Type::kMap, field("f", Type::kRegister)}));
    EXPECT_TRUE(check_row_key({"k", Type::kMap, field("f", Type::kCounter)}));
    EXPECT_TRUE(check_row_key({"k", Type::kMap, field("f", Type::kSet, one)}));
    EXPECT_FALSE(check_row_key({"k", Type::kMap, {}}));
    EXPECT_FALSE(check_row_key({"k", Type::kMap, path_of({Value("f")})}));
    EXPECT_FALSE(check_row_key({"k", Type::kMap, field("f", Type::kSet)}));
    EXPECT_FALSE(check_row_key({"k", Type::kMap, field("f", Type::kMap)}));
    EXPECT_FALSE(check_row_key({"k", Type::kMap, field("f", Type::kFlag)}));
    EXPECT_FALSE(check_row_key({"k", Type::kMap, field("f", Type::kRegister, one)}));
    EXPECT_FALSE(check_row_key({"k", Type::kMap, one + field("f", Type::kRegister).substr(3)}))
        << "a field's name is text";
}

TEST(RowKey, LeafTypeIsTheObjectsOrTheFields) {
    EXPECT_EQ(leaf_type({"k", Type::kCounter, {}}), Type::kCounter);
    EXPECT_EQ(leaf_type({"k", Type::kMap, field("f", Type::kCounter)}), Type::kCounter);
    EXPECT_EQ(leaf_type({"k", Type::kMap, field("f", Type::kSet, path_of({Value(1)}))}),
              Type::kSet);
}

TEST(RowKey, PathReadsAsJson) {
    EXPECT_EQ(path_json({"k", Type::kMap, field("tags", Type::kSet, path_of({Value("new")}))}),
              R"(["tags","set","new"])");
    EXPECT_EQ(path_json({"k", Type::kRegister, {}}), "[]");
}

TEST(RowKey, UnderIsTheSameObjectAndALongerPath) {
    const RowKey map{"k", Type::kMap, {}};
    const RowKey leaf{"k", Type::kMap, field("f", Type::kRegister)};
    EXPECT_TRUE(leaf.under(map));
    EXPECT_TRUE(leaf.under(leaf));
    EXPECT_FALSE(map.under(leaf));
    EXPECT_FALSE((RowKey{"k2", Type::kMap, leaf.path}.under(map)));
    EXPECT_FALSE((RowKey{"k", Type::kSet, leaf.path}.under(map)));
}

}  // namespace
}  // namespace kigumi
