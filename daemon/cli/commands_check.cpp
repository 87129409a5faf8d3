#include "command.hpp"
#include "kigumi/crdt/json.hpp"
#include "kigumi/replication/bundle.hpp"
#include "kigumi/replication/check.hpp"
#include "progress.hpp"
#include "text.hpp"

namespace kigumi::cli {
namespace {

/// What is left to do about a problem.
std::string advice(const check::Problem& problem) {
    using check::Kind;
    if (problem.repaired) return "repaired";
    switch (problem.kind) {
        case Kind::kDamagedRecord:
        case Kind::kLostRow:
            return "needs a peer, whose audit mends it while kigumid runs, or a backup: "
                   "kigumi check --repair FILE";
        case Kind::kUncoveredWrite:
        case Kind::kWriteInTwoRows:
            return "no repair; restore this replica from a peer or a backup";
        default:
            return "can be mended: kigumi check --repair";
    }
}

std::string problem_json(const check::Problem& problem) {
    JsonObject object;
    object.add("bucket", Value(problem.bucket)).add("key", text_or_bytes(problem.at.key));
    object.add("type", Value(name_of(problem.at.type))).raw("path", path_json(problem.at));
    object.add("problem", Value(check::name_of(problem.kind)));
    object.add("dot", problem.dot ? Value(problem.dot->text()) : Value());
    return object.add("repaired", Value(problem.repaired)).text();
}

std::string problem_text(const check::Problem& problem) {
    // About the bucket, not a row of it.
    if (problem.kind == check::Kind::kFloorAboveVersion)
        return "bucket " + json_string(problem.bucket) + ": " + describe(problem) + "; " +
               advice(problem);
    const std::string path = path_json(problem.at);
    return "bucket " + json_string(problem.bucket) + " key " +
           to_json(text_or_bytes(problem.at.key)) + " " + std::string(name_of(problem.at.type)) +
           (path == "[]" ? "" : " " + path) + ": " + describe(problem) + "; " + advice(problem);
}

void print(Session& session, const check::Report& report, bool repairing) {
    Output& out = session.out;
    if (session.json) {
        std::vector<std::string> problems;
        for (const check::Problem& problem : report.problems)
            problems.push_back(problem_json(problem));
        JsonObject object;
        object.add("sound", Value(report.sound()));
        object.raw("looked_at", std::to_string(report.looked_at));
        object.raw("found", std::to_string(report.found));
        object.raw("repaired", std::to_string(report.repaired));
        out.line(object.raw("problems", json_array(problems)).text());
        return;
    }
    for (const check::Problem& problem : report.problems) out.line(problem_text(problem));
    if (report.found > report.problems.size())
        out.line("and " + std::to_string(report.found - report.problems.size()) + " more");
    out.line(std::to_string(report.looked_at) + " rows and index entries, " +
             std::to_string(report.found) + " problems" +
             (repairing ? ", " + std::to_string(report.repaired) + " repaired" : ""));
}

}  // namespace

Result<Answer> check(Session& session) {
    const bool repairing = !session.args.empty();
    if (repairing && session.args[0] != "--repair")
        return fail(ErrorCode::kInvalidArgument, "check takes no argument " +
                                                     json_string(session.args[0]) +
                                                     "; usage: kigumi check [--repair [FILE...]]");
    check::Options options;
    if (session.bucket_given) options.bucket = session.bucket;
    ProgressBar bar;
    options.progress = [&bar](std::uint64_t done, std::uint64_t total) {
        bar.show(done, total, std::to_string(done) + " of " + std::to_string(total));
    };
    std::vector<check::Rows> sources;
    for (std::size_t i = 1; i < session.args.size(); ++i) {
        const std::filesystem::path file = session.args[i];
        // Before anything is changed: a file that is damaged itself must not repair
        // anything.
        KIGUMI_CHECK(bundle::inspect(file));
        sources.push_back([file](std::string_view bucket, const auto& visit) {
            return bundle::each_row(file, bucket, visit);
        });
    }
    KIGUMI_TRY(const check::Report report, repairing
                                               ? check::repair(*session.store, sources, options)
                                               : check::run(*session.store, options));
    print(session, report, repairing);
    return report.sound() ? Answer::kYes : Answer::kNo;
}

}  // namespace kigumi::cli
