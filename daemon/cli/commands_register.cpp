#include "mutation.hpp"
#include "object_types.hpp"
#include "text.hpp"

namespace kigumi::cli {

Result<Answer> set(Session& session) {
    const std::string& key = session.args[0];
    KIGUMI_TRY(Value value, value_argument(session, 1));
    return mutate(session, [&](WriteTransaction& txn) -> Result<Reply> {
        KIGUMI_CHECK(check_type(txn, key, Type::kRegister));
        KIGUMI_CHECK(txn.reg(key).assign(std::move(value)));
        return Reply();
    });
}

Result<Answer> get(Session& session) {
    const std::string& key = session.args[0];
    KIGUMI_TRY(auto txn, session.store->read(session.bucket));
    KIGUMI_CHECK(check_type(txn, key, Type::kRegister));
    KIGUMI_TRY(const auto value, txn.reg(key).get());
    if (!value) return Answer::kNo;
    session.out.line(show(session, *value));
    return Answer::kYes;
}

Result<Answer> siblings(Session& session) {
    const std::string& key = session.args[0];
    KIGUMI_TRY(auto txn, session.store->read(session.bucket));
    KIGUMI_TRY(const Row row, txn.get({key, Type::kRegister, {}}));
    if (row.removed()) {
        // Values that lost against a removal are no object to get, but they are what this shows.
        KIGUMI_CHECK(check_type(txn, key, Type::kRegister));
        return Answer::kNo;
    }
    std::vector<std::string> lines;
    for (const Sibling& sibling : kigumi::siblings(row)) lines.push_back(show(session, sibling));
    if (session.json) lines = {json_array(lines)};
    for (const std::string& line : lines) session.out.line(line);
    return Answer::kYes;
}

}  // namespace kigumi::cli
