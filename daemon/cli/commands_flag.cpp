#include "mutation.hpp"
#include "object_types.hpp"

namespace kigumi::cli {
namespace {

Result<Answer> write_flag(Session& session, bool enabled) {
    const std::string& key = session.args[0];
    return mutate(session, [&](WriteTransaction& txn) -> Result<Reply> {
        KIGUMI_CHECK(check_type(txn, key, Type::kFlag));
        auto flag = txn.flag(key);
        KIGUMI_CHECK(enabled ? flag.enable() : flag.disable());
        return Reply();
    });
}

}  // namespace

Result<Answer> enable(Session& session) { return write_flag(session, true); }
Result<Answer> disable(Session& session) { return write_flag(session, false); }

Result<Answer> test(Session& session) {
    const std::string& key = session.args[0];
    KIGUMI_TRY(auto txn, session.store->read(session.bucket));
    KIGUMI_CHECK(check_type(txn, key, Type::kFlag));
    KIGUMI_TRY(const bool enabled, txn.flag(key).enabled());
    session.out.line(enabled ? "true" : "false");
    return enabled ? Answer::kYes : Answer::kNo;
}

}  // namespace kigumi::cli
