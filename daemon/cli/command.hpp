#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kigumi/replication/store.hpp"
#include "output.hpp"

namespace kigumi::cli {

/// What a command says by its exit status: `kNo` is "not found" or "false", which is no error.
enum class Answer { kYes = 0, kNo = 1 };
inline constexpr int kErrorStatus = 2;
/// What was waited for has not come in time; it may later.
inline constexpr int kNotYetStatus = 3;

/// One run of the tool: what to work on, with what, and where to write.
struct Session {
    Store* store;      ///< null for commands that take no data directory, or open it themselves
    std::string data;  ///< the data directory; empty if none was given
    std::string bucket;
    bool bucket_given;
    bool json;
    std::string command;
    std::optional<std::string> request;  ///< the id under which to execute it once
    std::optional<SessionToken> token;   ///< what its session has seen before
    std::vector<std::string> args;
    Output& out;
};

/// `kMutate`: writes one transaction, which may be executed under a request's id.
enum class Access { kNone, kRead, kWrite, kMutate };

inline constexpr std::size_t kAnyNumber = ~std::size_t{0};

/// A command by its name. `run` may count on `min_args <= args.size() <= max_args`.
struct Command {
    std::string_view name;
    std::string_view usage;
    std::string_view help;
    std::size_t min_args;
    std::size_t max_args;
    Access access;
    Result<Answer> (*run)(Session&);
};

/// All commands, in the order of the help text.
std::span<const Command> commands();

Result<Answer> set(Session& session);
Result<Answer> get(Session& session);
Result<Answer> siblings(Session& session);

Result<Answer> incr(Session& session);
Result<Answer> decr(Session& session);
Result<Answer> count(Session& session);
Result<Answer> reset(Session& session);

Result<Answer> sadd(Session& session);
Result<Answer> srem(Session& session);
Result<Answer> smembers(Session& session);
Result<Answer> scard(Session& session);
Result<Answer> sismember(Session& session);

Result<Answer> hset(Session& session);
Result<Answer> hget(Session& session);
Result<Answer> hdel(Session& session);
Result<Answer> hgetall(Session& session);

Result<Answer> enable(Session& session);
Result<Answer> disable(Session& session);
Result<Answer> test(Session& session);

Result<Answer> del(Session& session);
Result<Answer> exists(Session& session);
Result<Answer> type(Session& session);
Result<Answer> keys(Session& session);
Result<Answer> conflicts(Session& session);

Result<Answer> export_bundle(Session& session);
Result<Answer> import_bundles(Session& session);
Result<Answer> inspect_bundle(Session& session);

Result<Answer> back_up(Session& session);
Result<Answer> verify(Session& session);
Result<Answer> restore(Session& session);
Result<Answer> drill(Session& session);

Result<Answer> keygen(Session& session);

Result<Answer> check(Session& session);
Result<Answer> dump(Session& session);
Result<Answer> load(Session& session);
Result<Answer> members(Session& session);
Result<Answer> member(Session& session);
Result<Answer> sign(Session& session);
Result<Answer> status(Session& session);
Result<Answer> wait(Session& session);
Result<Answer> version(Session& session);

}  // namespace kigumi::cli
