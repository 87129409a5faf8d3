#include "command.hpp"
#include "kigumi/crdt/json.hpp"
#include "kigumi/replication/bundle.hpp"
#include "progress.hpp"
#include "text.hpp"

namespace kigumi::cli {
namespace {

std::string summary_json(const bundle::Summary& summary) {
    std::vector<std::string> buckets;
    for (const bundle::Cut& cut : summary.cuts)
        buckets.push_back(JsonObject()
                              .add("bucket", Value(cut.bucket))
                              .add("full", Value(cut.full()))
                              .raw("rows", std::to_string(cut.rows))
                              .raw("since", vector_json(cut.base))
                              .raw("version", vector_json(cut.version))
                              .text());
    return JsonObject()
        .add("file", Value(summary.file.string()))
        .add("source", Value(summary.source.hex()))
        .add("time", Value(iso_time(Hlc::at_ms(summary.time_ms))))
        .raw("rows", std::to_string(summary.rows))
        .raw("row_bytes", std::to_string(summary.row_bytes))
        .raw("file_bytes", std::to_string(summary.file_bytes))
        .raw("buckets", json_array(buckets))
        .text();
}

std::string summary_line(const bundle::Summary& summary) {
    return json_string(summary.file.string()) + ": " + std::to_string(summary.rows) + " rows, " +
           std::to_string(summary.file_bytes) + " bytes";
}

void answer(Session& session, const bundle::Summary& summary) {
    session.out.line(session.json ? summary_json(summary) : summary_line(summary));
}

bundle::Progress shown_on(ProgressBar& bar) {
    return [&bar](std::uint64_t done, std::uint64_t total) {
        bar.show(done, total, std::to_string(done >> 20) + " MiB");
    };
}

/// A version vector as `status --json` prints it.
Result<VersionVector> parse_vector(const std::string& text) {
    const auto wrong = [] {
        return fail(ErrorCode::kInvalidArgument,
                    "--since takes a bundle, or a version vector as status --json prints it, "
                    "such as {\"ID\":7}");
    };
    const auto parsed = from_json(text);
    const Object* const object = parsed ? parsed->get_if<Object>() : nullptr;
    if (object == nullptr) return wrong();
    VersionVector version;
    for (const auto& [name, value] : *object) {
        const auto origin = ReplicaId::from_hex(name);
        const auto* const counter = value.get_if<std::int64_t>();
        if (!origin || counter == nullptr || *counter < 0) return wrong();
        version.raise(*origin, static_cast<std::uint64_t>(*counter));
    }
    return version;
}

Result<bundle::Versions> parse_since(const Session& session, const std::string& text) {
    bundle::Versions since;
    if (text.starts_with('{')) {
        if (!session.bucket_given)
            return fail(ErrorCode::kInvalidArgument,
                        "a version vector is one bucket's; name it with --bucket");
        KIGUMI_TRY(since[session.bucket], parse_vector(text));
        return since;
    }
    KIGUMI_TRY(const bundle::Summary earlier, bundle::inspect(text));
    for (const bundle::Cut& cut : earlier.cuts) since.emplace(cut.bucket, cut.version);
    return since;
}

}  // namespace

Result<Answer> export_bundle(Session& session) {
    bundle::WriteOptions options;
    const auto& args = session.args;
    if (args.size() != 1 && (args.size() != 3 || args[1] != "--since"))
        return fail(ErrorCode::kInvalidArgument,
                    "usage: kigumi [OPTIONS] export FILE [--since VECTOR|FILE]");
    if (args.size() == 3) {
        KIGUMI_TRY(options.since, parse_since(session, args[2]));
    }
    if (session.bucket_given) options.bucket = session.bucket;
    ProgressBar bar;
    options.progress = shown_on(bar);
    KIGUMI_TRY(const bundle::Summary summary, bundle::write(*session.store, args[0], options));
    answer(session, summary);
    return Answer::kYes;
}

Result<Answer> import_bundles(Session& session) {
    ProgressBar bar;
    const std::vector<std::filesystem::path> files(session.args.begin(), session.args.end());
    KIGUMI_TRY(const auto joined, bundle::import(*session.store, files, shown_on(bar)));
    for (const bundle::Summary& summary : joined) answer(session, summary);
    return Answer::kYes;
}

Result<Answer> inspect_bundle(Session& session) {
    ProgressBar bar;
    KIGUMI_TRY(const bundle::Summary summary, bundle::inspect(session.args[0], shown_on(bar)));
    answer(session, summary);
    if (session.json) return Answer::kYes;
    session.out.line("source   " + summary.source.hex());
    session.out.line("time     " + iso_time(Hlc::at_ms(summary.time_ms)));
    session.out.line("size     " + std::to_string(summary.row_bytes) + " bytes of rows in " +
                     std::to_string(summary.file_bytes) + " of file");
    for (const bundle::Cut& cut : summary.cuts) {
        session.out.line("bucket   " + json_string(cut.bucket) + ", " + std::to_string(cut.rows) +
                         " rows, " + (cut.full() ? "full" : "incremental"));
        if (!cut.full()) session.out.line("since    " + vector_text(cut.base));
        session.out.line("version  " + vector_text(cut.version));
    }
    return Answer::kYes;
}

}  // namespace kigumi::cli
