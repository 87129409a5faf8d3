#include "mutation.hpp"
#include "object_types.hpp"
#include "text.hpp"

namespace kigumi::cli {
namespace {

Result<std::vector<Value>> member_arguments(const Session& session) {
    std::vector<Value> members;
    for (std::size_t i = 1; i < session.args.size(); ++i) {
        KIGUMI_TRY(Value member, value_argument(session, i));
        members.push_back(std::move(member));
    }
    return members;
}

/// Changes each member by `change`, which says whether it made a difference; answers how many did.
/// `none` is the answer if no one did.
template <class Change>
Result<Answer> change_members(Session& session, Answer none, Change&& change) {
    KIGUMI_TRY(const auto members, member_arguments(session));
    return mutate(session, [&](WriteTransaction& txn) -> Result<Reply> {
        KIGUMI_CHECK(check_type(txn, session.args[0], Type::kSet));
        auto set = txn.set(session.args[0]);
        std::size_t changed = 0;
        for (const Value& member : members) {
            KIGUMI_TRY(const bool made_difference, change(set, member));
            if (made_difference) ++changed;
        }
        return Reply{changed > 0 ? Answer::kYes : none, std::to_string(changed)};
    });
}

}  // namespace

Result<Answer> sadd(Session& session) {
    return change_members(session, Answer::kYes,
                          [](auto& set, const Value& member) { return set.add(member); });
}

Result<Answer> srem(Session& session) {
    return change_members(session, Answer::kNo,
                          [](auto& set, const Value& member) { return set.erase(member); });
}

Result<Answer> smembers(Session& session) {
    const std::string& key = session.args[0];
    KIGUMI_TRY(auto txn, session.store->read(session.bucket));
    KIGUMI_CHECK(check_type(txn, key, Type::kSet));
    KIGUMI_TRY(Array members, txn.set(key).members());
    if (session.json) {
        session.out.line(show(session, Value(std::move(members))));
        return Answer::kYes;
    }
    for (const Value& member : members) session.out.line(show(session, member));
    return Answer::kYes;
}

Result<Answer> scard(Session& session) {
    const std::string& key = session.args[0];
    KIGUMI_TRY(auto txn, session.store->read(session.bucket));
    KIGUMI_CHECK(check_type(txn, key, Type::kSet));
    KIGUMI_TRY(const std::size_t size, txn.set(key).size());
    session.out.line(std::to_string(size));
    return Answer::kYes;
}

Result<Answer> sismember(Session& session) {
    const std::string& key = session.args[0];
    KIGUMI_TRY(const Value member, value_argument(session, 1));
    KIGUMI_TRY(auto txn, session.store->read(session.bucket));
    KIGUMI_CHECK(check_type(txn, key, Type::kSet));
    KIGUMI_TRY(const bool found, txn.set(key).contains(member));
    session.out.line(found ? "true" : "false");
    return found ? Answer::kYes : Answer::kNo;
}

}  // namespace kigumi::cli
