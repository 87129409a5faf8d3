#include "mutation.hpp"

#include <cstdio>

#include "kigumi/crdt/json.hpp"

namespace kigumi::cli {
namespace {

tl::unexpected<Error> taken(const Session& session, const std::string& by) {
    return fail(ErrorCode::kInvalidArgument, "request " + json_string(*session.request) +
                                                 " was executed before, by " + by +
                                                 "; give each request an id of its own");
}

}  // namespace

Value outcome_of(const Session& session, const Reply& reply) {
    return Array{Value(session.command), Value(static_cast<std::int64_t>(reply.answer)),
                 Value(reply.line)};
}

Result<Reply> reply_of(const Session& session, const Value& outcome) {
    const auto* parts = outcome.get_if<Array>();
    const auto* command =
        parts != nullptr && parts->size() == 3 ? (*parts)[0].get_if<std::string>() : nullptr;
    const auto* answer = command != nullptr ? (*parts)[1].get_if<std::int64_t>() : nullptr;
    const auto* line = answer != nullptr ? (*parts)[2].get_if<std::string>() : nullptr;
    if (line == nullptr) return taken(session, "an application");
    if (*command != session.command) return taken(session, "`kigumi " + *command + "`");
    return Reply{*answer == 0 ? Answer::kYes : Answer::kNo, *line};
}

void report_repetition(const Session& session) {
    static_cast<void>(std::fprintf(stderr, "kigumi: request %s was executed before (repeated)\n",
                                   json_string(*session.request).c_str()));
}

}  // namespace kigumi::cli
