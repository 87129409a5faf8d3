#pragma once

#include <string>

#include "command.hpp"

namespace kigumi::cli {

/// What a command that writes answers.
struct Reply {
    Answer answer = Answer::kYes;
    std::string line;  ///< printed unless empty
};

/// A reply as the outcome of a request, and back. A request that was executed by another command is
/// an error: its id was meant for something else.
Value outcome_of(const Session& session, const Reply& reply);
Result<Reply> reply_of(const Session& session, const Value& outcome);

/// Says on standard error that the request was executed before.
void report_repetition(const Session& session);

/// One transaction of a command: `work(txn)` writes and returns its Result<Reply>. Under a
/// request's id it is executed once; a repetition answers as the first time and writes nothing.
template <class Work>
Result<Answer> mutate(Session& session, Work&& work) {
    KIGUMI_TRY(auto txn, session.store->write(session.bucket));
    Reply reply;
    if (session.request) {
        KIGUMI_TRY(const auto execution, txn.request(*session.request).once([&]() -> Result<Value> {
            KIGUMI_TRY(const Reply made, work(txn));
            return outcome_of(session, made);
        }));
        KIGUMI_TRY(reply, reply_of(session, execution.outcome));
        if (execution.repeated) report_repetition(session);
    } else {
        KIGUMI_TRY(reply, work(txn));
    }
    KIGUMI_CHECK(txn.commit());
    if (!reply.line.empty()) session.out.line(reply.line);
    return reply.answer;
}

}  // namespace kigumi::cli
