#include "command.hpp"
#include "kigumi/crdt/json.hpp"

namespace kigumi::cli {

Result<Answer> sign(Session& session) {
    KIGUMI_TRY(const ReplicaId before, session.store->replica());
    KIGUMI_CHECK(session.store->sign_bucket(session.bucket));
    KIGUMI_TRY(const ReplicaId after, session.store->replica());
    if (session.json) {
        session.out.line(JsonObject()
                             .add("bucket", Value(session.bucket))
                             .add("signed", Value(true))
                             .add("replica", Value(after.hex()))
                             .text());
        return Answer::kYes;
    }
    session.out.line("bucket " + json_string(session.bucket) + " is signed");
    if (after != before)
        session.out.line("the node had no key and goes on as replica " + after.hex() + "; retire " +
                         before.hex());
    return Answer::kYes;
}

}  // namespace kigumi::cli
