#include "kigumi/replication/bundle.hpp"

#include "handles.hpp"
#include "options.hpp"

using namespace kigumi;

namespace {

void fill_summary(const bundle::Summary& summary, kigumi_bundle_summary* out) {
    kigumi_bundle_summary told{};
    told.source = c::replica_of(summary.source);
    told.time_ms = summary.time_ms;
    told.rows = summary.rows;
    told.row_bytes = summary.row_bytes;
    told.file_bytes = summary.file_bytes;
    c::fill(out, told);
}

Result<bundle::WriteOptions> write_options(const kigumi_bundle_options& chosen) {
    bundle::WriteOptions options;
    if (chosen.bucket != nullptr) options.bucket = chosen.bucket;
    if (chosen.progress != nullptr)
        options.progress = [hear = chosen.progress, context = chosen.progress_context](
                               std::uint64_t done, std::uint64_t total) {
            hear(context, done, total);
        };
    if (chosen.since_bundle == nullptr) return options;
    KIGUMI_TRY(const bundle::Summary earlier, bundle::inspect(chosen.since_bundle));
    for (const bundle::Cut& cut : earlier.cuts) options.since.emplace(cut.bucket, cut.version);
    return options;
}

}  // namespace

kigumi_status kigumi_bundle_export(kigumi_store* store, const char* file,
                                   const kigumi_bundle_options* options,
                                   kigumi_bundle_summary* summary) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(store));
        KIGUMI_TRY(const char* const path, c::required(file, "file"));
        KIGUMI_TRY(const kigumi_bundle_options chosen, c::options_of(options));
        if (summary != nullptr) KIGUMI_CHECK(c::check_struct_size(*summary));
        KIGUMI_TRY(const bundle::WriteOptions wanted, write_options(chosen));
        KIGUMI_TRY(const bundle::Summary written, bundle::write(*store->store, path, wanted));
        if (summary != nullptr) fill_summary(written, summary);
        return {};
    });
}

kigumi_status kigumi_bundle_import(kigumi_store* store, const char* const* files, size_t file_count,
                                   uint64_t* rows) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_CHECK(c::check(store));
        if (files == nullptr || file_count == 0)
            return fail(ErrorCode::kInvalidArgument, "there are no files to import; name some");
        std::vector<std::filesystem::path> paths;
        for (std::size_t i = 0; i < file_count; ++i) {
            KIGUMI_TRY(const char* const path, c::required(files[i], "a file"));
            paths.emplace_back(path);
        }
        KIGUMI_TRY(const auto joined, bundle::import(*store->store, paths));
        std::uint64_t total = 0;
        for (const bundle::Summary& summary : joined) total += summary.rows;
        if (rows != nullptr) *rows = total;
        return {};
    });
}

kigumi_status kigumi_bundle_inspect(const char* file, kigumi_bundle_summary* summary) {
    return c::guard([&]() -> Result<void> {
        KIGUMI_TRY(const char* const path, c::required(file, "file"));
        KIGUMI_CHECK(c::require(summary, "summary"));
        KIGUMI_CHECK(c::check_struct_size(*summary));
        KIGUMI_TRY(const bundle::Summary found, bundle::inspect(path));
        fill_summary(found, summary);
        return {};
    });
}
