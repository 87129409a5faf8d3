#include "mutation.hpp"
#include "object_types.hpp"
#include "text.hpp"

namespace kigumi::cli {
namespace {

/// What one leaf of a field holds, as a value: a counter's is its sum, a set's are its members.
template <RowSource S>
Result<Value> leaf_value(const Map<S>& map, const std::string& field, Type leaf) {
    switch (leaf) {
        case Type::kCounter: {
            KIGUMI_TRY(const std::int64_t sum, map.counter(field).value());
            return Value(sum);
        }
        case Type::kSet: {
            KIGUMI_TRY(Array members, map.set(field).members());
            return Value(std::move(members));
        }
        default: {
            KIGUMI_TRY(auto value, map.reg(field).get());
            return value.value_or(Value());
        }
    }
}

/// What a field holds: its leaf, or if it has several an object of them by the names of their
/// types.
template <RowSource S>
Result<Value> field_value(const Map<S>& map, const std::string& field,
                          const std::vector<Type>& leaves) {
    if (leaves.size() == 1) return leaf_value(map, field, leaves[0]);
    Object by_type;
    for (const Type leaf : leaves) {
        KIGUMI_TRY(Value value, leaf_value(map, field, leaf));
        by_type.emplace(std::string(name_of(leaf)), std::move(value));
    }
    return Value(std::move(by_type));
}

}  // namespace

Result<Answer> hset(Session& session) {
    const std::string& key = session.args[0];
    if (session.args.size() % 2 == 0)
        return fail(ErrorCode::kInvalidArgument,
                    "the last field has no value; usage: kigumi hset KEY "
                    "FIELD VALUE [FIELD VALUE...]");
    return mutate(session, [&](WriteTransaction& txn) -> Result<Reply> {
        KIGUMI_CHECK(check_type(txn, key, Type::kMap));
        const auto map = txn.map(key);
        for (std::size_t i = 1; i < session.args.size(); i += 2) {
            const std::string& field = session.args[i];
            if (!is_utf8(field))
                return fail(
                    ErrorCode::kInvalidArgument,
                    "field " + json_string(field) + " is not UTF-8; a field's name has to be text");
            KIGUMI_TRY(Value value, value_argument(session, i + 1));
            KIGUMI_CHECK(check_field_type(txn, key, field, Type::kRegister));
            KIGUMI_CHECK(map.reg(field).assign(std::move(value)));
        }
        return Reply();
    });
}

Result<Answer> hget(Session& session) {
    const std::string& key = session.args[0];
    const std::string& field = session.args[1];
    KIGUMI_TRY(auto txn, session.store->read(session.bucket));
    KIGUMI_CHECK(check_type(txn, key, Type::kMap));
    KIGUMI_TRY(const auto leaves, field_types(txn, key, field));
    if (leaves.empty()) return Answer::kNo;
    KIGUMI_TRY(const Value value, field_value(txn.map(key), field, leaves));
    session.out.line(show(session, value));
    return Answer::kYes;
}

Result<Answer> hdel(Session& session) {
    const std::string& key = session.args[0];
    return mutate(session, [&](WriteTransaction& txn) -> Result<Reply> {
        KIGUMI_CHECK(check_type(txn, key, Type::kMap));
        auto map = txn.map(key);
        std::size_t removed = 0;
        for (std::size_t i = 1; i < session.args.size(); ++i) {
            KIGUMI_TRY(const bool was_there, map.erase(session.args[i]));
            if (was_there) ++removed;
        }
        return Reply{removed > 0 ? Answer::kYes : Answer::kNo, std::to_string(removed)};
    });
}

Result<Answer> hgetall(Session& session) {
    const std::string& key = session.args[0];
    KIGUMI_TRY(auto txn, session.store->read(session.bucket));
    KIGUMI_CHECK(check_type(txn, key, Type::kMap));
    const auto map = txn.map(key);
    KIGUMI_TRY(const auto fields, map.fields());
    JsonObject object;
    for (std::size_t i = 0; i < fields.size();) {
        const std::string& name = fields[i].name;
        std::vector<Type> leaves;
        for (; i < fields.size() && fields[i].name == name; ++i) leaves.push_back(fields[i].type);
        KIGUMI_TRY(const Value value, field_value(map, name, leaves));
        if (session.json) {
            object.add(name, value);
        } else {
            session.out.line(name + " " + show(session, value));
        }
    }
    if (session.json) session.out.line(object.text());
    return Answer::kYes;
}

}  // namespace kigumi::cli
