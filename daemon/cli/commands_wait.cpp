#include "command.hpp"
#include "kigumi/crdt/json.hpp"
#include "text.hpp"

namespace kigumi::cli {
namespace {

Result<std::uint64_t> natural_argument(const Session& session, std::size_t index) {
    KIGUMI_TRY(const std::int64_t number, integer_argument(session, index));
    if (number < 0)
        return fail(ErrorCode::kInvalidArgument,
                    "wait takes a number of peers and milliseconds, not " + session.args[index]);
    return static_cast<std::uint64_t>(number);
}

}  // namespace

Result<Answer> wait(Session& session) {
    KIGUMI_TRY(const std::uint64_t peers, natural_argument(session, 0));
    KIGUMI_TRY(const std::uint64_t timeout_ms, natural_argument(session, 1));
    // What the session has seen, or everything that this node has written.
    VersionVector version;
    if (session.token) version = session.token->version(session.bucket);
    if (!session.token) {
        KIGUMI_TRY(const ReplicaId self, session.store->replica());
        KIGUMI_TRY(const auto snapshot, session.store->read(session.bucket));
        if (const std::uint64_t own = snapshot.version()[self]; own > 0) version.raise(self, own);
    }
    constexpr std::uint64_t kLongestMs = 86'400'000;
    const auto confirmed =
        session.store->wait_confirmed(session.bucket, version, peers,
                                      std::chrono::milliseconds(std::min(timeout_ms, kLongestMs)));
    if (!confirmed) return tl::unexpected<Error>(confirmed.error());
    session.out.line(std::to_string(*confirmed));
    return Answer::kYes;
}

}  // namespace kigumi::cli
