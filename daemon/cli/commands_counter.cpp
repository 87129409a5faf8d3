#include <limits>

#include "mutation.hpp"
#include "object_types.hpp"
#include "text.hpp"

namespace kigumi::cli {
namespace {

Result<Answer> add(Session& session, std::int64_t amount) {
    const std::string& key = session.args[0];
    return mutate(session, [&](WriteTransaction& txn) -> Result<Reply> {
        KIGUMI_CHECK(check_type(txn, key, Type::kCounter));
        auto counter = txn.counter(key);
        KIGUMI_CHECK(counter.add(amount));
        KIGUMI_TRY(const std::int64_t value, counter.value());
        return Reply{Answer::kYes, std::to_string(value)};
    });
}

Result<std::int64_t> amount_argument(const Session& session) {
    if (session.args.size() < 2) return std::int64_t{1};
    return integer_argument(session, 1);
}

}  // namespace

Result<Answer> incr(Session& session) {
    KIGUMI_TRY(const std::int64_t amount, amount_argument(session));
    return add(session, amount);
}

Result<Answer> decr(Session& session) {
    KIGUMI_TRY(const std::int64_t amount, amount_argument(session));
    if (amount == std::numeric_limits<std::int64_t>::min())
        return fail(ErrorCode::kInvalidArgument,
                    "the lowest integer has no negative; subtract less");
    return add(session, -amount);
}

Result<Answer> count(Session& session) {
    const std::string& key = session.args[0];
    KIGUMI_TRY(auto txn, session.store->read(session.bucket));
    KIGUMI_CHECK(check_type(txn, key, Type::kCounter));
    KIGUMI_TRY(const std::int64_t value, txn.counter(key).value());
    session.out.line(std::to_string(value));
    return Answer::kYes;
}

Result<Answer> reset(Session& session) {
    const std::string& key = session.args[0];
    return mutate(session, [&key](WriteTransaction& txn) -> Result<Reply> {
        KIGUMI_CHECK(check_type(txn, key, Type::kCounter));
        KIGUMI_TRY(const bool counted, txn.erase(key, Type::kCounter));
        return Reply{counted ? Answer::kYes : Answer::kNo, {}};
    });
}

}  // namespace kigumi::cli
