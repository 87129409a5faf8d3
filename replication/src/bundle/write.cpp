#include <algorithm>

#include "../stored_rows.hpp"
#include "fold_in.hpp"
#include "stream.hpp"

namespace kigumi::bundle {
namespace {

/// A snapshot whose tables are what it shows: what a large pull brought is folded in first.
Result<ReadTransaction> folded(Store& store, const std::string& bucket) {
    for (;;) {
        {
            KIGUMI_TRY(ReadTransaction snapshot, store.read(bucket));
            if (!snapshot.folding()) return snapshot;
        }
        KIGUMI_CHECK(fold_in(store, bucket));
    }
}

Result<Format> format_for(Store& store) {
    KIGUMI_TRY(ReadTransaction snapshot, store.read());
    KIGUMI_TRY(const bool proven, StoredRows(snapshot).may_bear_proofs());
    return proven ? Format::kProven : Format::kPlain;
}

std::string origin_and_counter(const ReplicaId& origin, std::uint64_t counter) {
    return Dot{origin, counter}.text();
}

/// Why a bundle cannot start from `base`; empty if it can.
std::string objection(const ReadTransaction& snapshot, const VersionVector& base) {
    for (const auto& [origin, counter] : base)
        if (snapshot.version()[origin] < counter)
            return "this store has not got as far as " + origin_and_counter(origin, counter);
    for (const auto& [origin, counter] : snapshot.horizon())
        if (base[origin] < counter)
            return "removals up to " + origin_and_counter(origin, counter) +
                   " have been dropped since";
    return {};
}

/// Tells how many bytes of rows were read, against what the file of the store holds.
class Meter {
  public:
    Meter(const Progress& progress, std::uint64_t total) : progress_(progress), total_(total) {}
    void add(std::uint64_t bytes) {
        done_ += bytes;
        if (!progress_ || done_ < told_) return;
        progress_(std::min(done_, total_), total_);
        told_ = done_ + total_ / 200;
    }

  private:
    const Progress& progress_;
    const std::uint64_t total_;
    std::uint64_t done_ = 0;
    std::uint64_t told_ = 0;
};

Result<void> write_bucket(Store& store, const std::string& bucket, const WriteOptions& options,
                          StreamWriter& out, Meter& meter) {
    KIGUMI_TRY(ReadTransaction snapshot, folded(store, bucket));
    const auto since = options.since.find(bucket);
    Cut cut{bucket, {}, snapshot.version(), snapshot.floor(), 0};
    if (since != options.since.end()) cut.base = since->second;
    const std::string reason = cut.full() ? std::string() : objection(snapshot, cut.base);
    if (!reason.empty())
        return fail(ErrorCode::kInvalidArgument, "bucket " + bucket + " cannot be written from " +
                                                     "there: " + reason + "; write it in full");
    const StoredRows stored(snapshot);
    KIGUMI_CHECK(out.bucket(cut, Origins(stored.origins())));
    const auto add = [&](std::string_view place, std::string_view record) -> Result<void> {
        if (options.stop.stop_requested())
            return fail(ErrorCode::kBusy, "writing the bundle was stopped; begin it again");
        meter.add(place.size() + record.size());
        return out.row(place, record);
    };
    if (!cut.full()) return stored.each_after(cut.base, add);
    KIGUMI_CHECK(stored.each(add));
    return stored.each_log_entry(
        [&](std::uint32_t origin, std::uint64_t counter, std::string_view place) {
            return out.log_entry(origin, counter, place);
        });
}

}  // namespace

Result<Versions> reachable(Store& store, const Versions& since) {
    Versions from;
    for (const auto& [bucket, base] : since) {
        KIGUMI_TRY(const ReadTransaction snapshot, store.read(bucket));
        if (objection(snapshot, base).empty()) from.emplace(bucket, base);
    }
    return from;
}

Result<Summary> write(Store& store, const std::filesystem::path& file,
                      const WriteOptions& options) {
    KIGUMI_TRY(std::vector<std::string> buckets, store.buckets());
    if (options.bucket) {
        if (std::find(buckets.begin(), buckets.end(), *options.bucket) == buckets.end())
            return fail(ErrorCode::kNotFound, "there is no bucket " + *options.bucket);
        buckets = {*options.bucket};
    }
    KIGUMI_TRY(const ReplicaId source, store.replica());
    KIGUMI_TRY(const kv::Usage usage, store.usage());
    KIGUMI_TRY(const Format format, format_for(store));
    KIGUMI_TRY(StreamWriter out, StreamWriter::create(file, source, store.wall_ms(), format));
    Meter meter(options.progress, usage.file_bytes);
    for (const std::string& bucket : buckets)
        KIGUMI_CHECK(write_bucket(store, bucket, options, out, meter));
    KIGUMI_TRY(Summary summary, out.finish());
    if (options.progress) options.progress(usage.file_bytes, usage.file_bytes);
    return summary;
}

}  // namespace kigumi::bundle
